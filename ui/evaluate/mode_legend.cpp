#include "ui/evaluate/mode_legend.h"

#include <algorithm>

#include <QPainter>

#include "ui/evaluate/evaluation_look.h"
#include "ui/shell/theme.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kHeight = 28;
constexpr int kLeft = 48;
constexpr int kRight = 24;
constexpr double kMark = 9;

} // namespace

ModeLegend::ModeLegend(QWidget* parent)
    : QWidget(parent)
{
    setFixedHeight(kHeight);
    setAccessibleName(tr("Circle: mode none. Square: codes. Triangle: cases. Crosses are 95 % intervals."));
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void ModeLegend::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::instance();
    QPainter painter(this);
    painter.fillRect(rect(), theme.color(Role::surface));
    painter.setPen(theme.color(Role::secondary));
    QFont strong = secondaryFont();
    strong.setWeight(QFont::DemiBold);
    painter.setFont(strong);
    int x = kLeft;
    painter.drawText(QRect(x, 0, width(), kHeight), Qt::AlignVCenter, tr("mode"));
    x += painter.fontMetrics().horizontalAdvance(tr("mode")) + 16;
    painter.setFont(secondaryFont());
    for (const Mode mode : {Mode::none, Mode::codes, Mode::cases}) {
        paintModeMark(painter, QPointF(x + kMark / 2, kHeight / 2.0 + 0.5), kMark, mode, theme.color(Role::secondary));
        const QString name = QString::fromLatin1(toString(mode));
        x += static_cast<int>(kMark) + 6;
        painter.drawText(QRect(x, 0, width(), kHeight), Qt::AlignVCenter, name);
        x += painter.fontMetrics().horizontalAdvance(name) + 16;
    }
    const QRect rest = rect().adjusted(x, 0, -kRight, 0);
    painter.drawText(rest, Qt::AlignVCenter | Qt::AlignRight,
        painter.fontMetrics().elidedText(tr("crosses are 95 % intervals"), Qt::ElideRight, std::max(0, rest.width())));
}

} // namespace precedent::ui
