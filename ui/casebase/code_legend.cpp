#include "ui/casebase/code_legend.h"

#include <QPainter>

#include "ui/shell/disposition_look.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kHeight = 36;
constexpr int kSwatch = 8;
constexpr int kLeft = 16;
constexpr int kGap = 12;

} // namespace

CodeLegend::CodeLegend(QWidget* parent)
    : QWidget(parent)
{
    setFixedHeight(kHeight);
    setAccessibleName(tr("Bars: comply, safe-complete, refuse"));
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void CodeLegend::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::instance();
    QPainter painter(this);
    painter.fillRect(QRect(0, 0, width(), 1), theme.color(Role::border));
    painter.setFont(secondaryFont());
    int x = kLeft;
    for (const Disposition d : {Disposition::comply, Disposition::safeComplete, Disposition::refuse}) {
        const DispositionLook look = lookOf(d);
        painter.fillRect(QRect(x, (height() - kSwatch) / 2, kSwatch, kSwatch), theme.color(look.role));
        x += kSwatch + 4;
        painter.setPen(theme.color(Role::secondary));
        painter.drawText(QRect(x, 0, width() - x, height()), Qt::AlignVCenter, look.word);
        x += painter.fontMetrics().horizontalAdvance(look.word) + kGap;
    }
}

} // namespace precedent::ui
