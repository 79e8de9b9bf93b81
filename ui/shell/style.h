#pragma once

#include <QProxyStyle>

namespace precedent::ui {

// The grid (px at scale 1).
inline constexpr int kRowHeight = 28;
inline constexpr int kControlHeight = 28;
inline constexpr int kPrimaryHeight = 32; ///< a page's primary button: setProperty("primary", true)
inline constexpr int kBarHeight = 44;
inline constexpr int kRadius = 6;
inline constexpr int kMarkWidth = 3; ///< of the selected row and place

/// Fusion with our measures and colours: flat fields and buttons, thin scroll bars, rows with an accent mark. Colours
/// come from Theme at each painting. Buttons know two dynamic properties: `primary` (accent ground) and `plain` (no
/// frame until hovered).
class Style final : public QProxyStyle {
    Q_OBJECT
public:
    Style();

    int pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const override;
    int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget, QStyleHintReturn* data) const override;
    QSize sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size, const QWidget* widget) const override;
    QRect subElementRect(SubElement element, const QStyleOption* option, const QWidget* widget) const override;
    QRect subControlRect(ComplexControl control, const QStyleOptionComplex* option, SubControl part, const QWidget* widget) const override;
    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const override;
    void drawControl(ControlElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const override;
    void drawComplexControl(
        ComplexControl control, const QStyleOptionComplex* option, QPainter* painter, const QWidget* widget) const override;
    void polish(QWidget* widget) override;
    using QProxyStyle::polish;
};

} // namespace precedent::ui
