#pragma once

#include <functional>

#include <QColor>
#include <QVector>
#include <QWidget>

class QCPItemLine;
class QCPItemText;
class QCustomPlot;

namespace precedent::ui {

/// Two rates against each other, both better near zero: a mark a model, its intervals as a cross, a label beside it that lies on no
/// other. A click on a mark picks it.
class RateChart final : public QWidget {
    Q_OBJECT
public:
    enum class Shape { circle, square, triangle };
    /// Values in per cent.
    struct Point {
        double x, xLow, xHigh;
        double y, yLow, yHigh;
        QString label;
        Shape shape = Shape::circle;
        std::function<QColor()> color; ///< asked at each change of theme
        int id = 0; ///< given back by pointClicked()
    };
    explicit RateChart(QWidget* parent = nullptr);

    void setPoints(QVector<Point> points, const QString& xTitle, const QString& yTitle);
    void setCurrent(int id); ///< its label is strong
    /// What stands in the corner near zero and at the far right.
    void setCorners(const QString& good, const QString& bad);
    [[nodiscard]] int pointCount() const { return static_cast<int>(m_points.size()); }
    [[nodiscard]] QString yTitle() const;
    /// Where the labels lie, in px of the plot; null for one that found no room.
    [[nodiscard]] QVector<QRectF> labelRects() const { return m_labelRects; }

Q_SIGNALS:
    void pointClicked(int id);

private:
    void rebuild();
    void restyle();
    void placeLabels();

    QVector<Point> m_points;
    int m_current = -1;
    QCustomPlot* m_plot;
    QCPItemText* m_good;
    QCPItemText* m_bad;
    QVector<QCPItemText*> m_labels;
    QVector<QCPItemLine*> m_leaders;
    QVector<QRectF> m_labelRects;
};

} // namespace precedent::ui
