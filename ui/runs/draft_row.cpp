#include "ui/runs/draft_row.h"

#include <QPainter>

#include "ui/shell/icons.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kHeight = 44; ///< as a run's row

} // namespace

DraftRow::DraftRow(QWidget* parent)
    : QWidget(parent)
{
    setObjectName(QStringLiteral("draftRow"));
    setFixedHeight(kHeight);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void DraftRow::setWhat(const QString& what)
{
    m_what = tr("%1, not started").arg(what);
    setAccessibleName(tr("New run: %1").arg(m_what));
    setToolTip(m_what);
    update();
}

void DraftRow::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::instance();
    QPainter painter(this);
    painter.fillRect(rect(), theme.color(Role::selection));
    painter.fillRect(QRect(0, 0, kMarkWidth, height()), theme.color(Role::accent));
    paintIcon(painter, QRectF(12, 6, 16, 16), QStringLiteral("pencil"), theme.color(Role::text));
    const QRect lines = rect().adjusted(36, 5, -12, -5);
    painter.setPen(theme.color(Role::text));
    painter.setFont(secondaryFont());
    painter.drawText(lines, Qt::AlignTop | Qt::AlignRight, tr("now"));
    painter.drawText(lines, Qt::AlignBottom | Qt::AlignLeft, painter.fontMetrics().elidedText(m_what, Qt::ElideRight, lines.width()));
    QFont name = bodyFont();
    name.setWeight(QFont::DemiBold);
    painter.setFont(name);
    painter.drawText(lines, Qt::AlignTop | Qt::AlignLeft, tr("New run"));
}

} // namespace precedent::ui
