#include "ui/runs/run_delegate.h"

#include <QPainter>

#include "ui/runs/run_list_model.h"
#include "ui/shell/icons.h"
#include "ui/shell/short_time.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kRow = 44;

} // namespace

StateLook lookOfState(const QString& state)
{
    if (state == QLatin1String("running"))
        return {QStringLiteral("runs"), RunDelegate::tr("running"), Role::accent};
    if (state == QLatin1String("paused"))
        return {QStringLiteral("pause"), RunDelegate::tr("paused"), Role::secondary};
    if (state == QLatin1String("stopping"))
        return {QStringLiteral("stop"), RunDelegate::tr("stopping"), Role::secondary};
    if (state == QLatin1String("finished"))
        return {QStringLiteral("comply"), RunDelegate::tr("finished"), Role::comply};
    if (state == QLatin1String("failed"))
        return {QStringLiteral("error"), RunDelegate::tr("failed"), Role::harm};
    return {QStringLiteral("stop"), RunDelegate::tr("stopped"), Role::secondary};
}

void RunDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    paintGround(*painter, option, index);
    const Theme& theme = Theme::instance();
    const bool selected = (option.state & QStyle::State_Selected) != 0;
    const StateLook look = lookOfState(index.data(RunListModel::stateRole).toString());
    painter->save();
    paintIcon(*painter, QRectF(option.rect.left() + 12, option.rect.top() + 6, 16, 16), look.icon, theme.color(look.role));
    const QRect lines = option.rect.adjusted(36, 5, -12, -5);
    painter->setFont(secondaryFont());
    painter->setPen(theme.color(selected ? Role::text : Role::secondary));
    const QString when = shortTime(index.data(RunListModel::whenRole).toDateTime());
    painter->drawText(lines, Qt::AlignTop | Qt::AlignRight, when);
    const int timeWidth = painter->fontMetrics().horizontalAdvance(when) + 8;
    painter->drawText(
        lines, Qt::AlignBottom | Qt::AlignLeft, QStringLiteral("%1, %2").arg(look.word, index.data(RunListModel::detailRole).toString()));
    QFont name = bodyFont();
    name.setWeight(QFont::Medium);
    painter->setFont(name);
    painter->setPen(theme.color(Role::text));
    painter->drawText(lines, Qt::AlignTop | Qt::AlignLeft,
        painter->fontMetrics().elidedText(index.data().toString(), Qt::ElideRight, lines.width() - timeWidth));
    painter->restore();
}

QSize RunDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const { return {200, kRow}; }

} // namespace precedent::ui
