#include "ui/runs/run_delegate.h"

#include <QPainter>

#include "ui/runs/run_list_model.h"
#include "ui/shell/icons.h"
#include "ui/shell/short_time.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kRow = 44;
constexpr int kHeading = 28; ///< over the first run of a day

QString titleOf(const QDate& day)
{
    const qint64 days = day.daysTo(QDate::currentDate());
    if (days == 0)
        return RunDelegate::tr("Today");
    if (days == 1)
        return RunDelegate::tr("Yesterday");
    return days > 1 && days < 7 ? QLocale().toString(day, QStringLiteral("dddd")) : QLocale().toString(day, QLocale::ShortFormat);
}

} // namespace

StateLook lookOfState(const QString& state)
{
    if (state == QLatin1String("running"))
        return {QStringLiteral("runs"), RunDelegate::tr("running"), Role::accent};
    if (state == QLatin1String("elsewhere"))
        return {QStringLiteral("runs"), RunDelegate::tr("running elsewhere"), Role::secondary};
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

QString RunDelegate::headingOf(const QModelIndex& index)
{
    const auto dayOf = [](const QModelIndex& of) { return of.data(RunListModel::whenRole).toDateTime().date(); };
    const QDate day = dayOf(index);
    const QString title = titleOf(day);
    return index.row() > 0 && titleOf(dayOf(index.siblingAtRow(index.row() - 1))) == title ? QString() : title;
}

void RunDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const Theme& theme = Theme::instance();
    QStyleOptionViewItem row = option;
    const QString heading = headingOf(index);
    if (!heading.isEmpty()) {
        painter->save();
        painter->setFont(labelFont());
        painter->setPen(theme.color(Role::secondary));
        painter->drawText(QRect(option.rect.left() + 12, option.rect.top(), option.rect.width() - 24, kHeading), Qt::AlignVCenter, heading);
        painter->restore();
        row.rect.setTop(option.rect.top() + kHeading);
    }
    paintGround(*painter, row, index);
    const bool selected = (option.state & QStyle::State_Selected) != 0;
    const StateLook look = lookOfState(index.data(RunListModel::stateRole).toString());
    painter->save();
    paintIcon(*painter, QRectF(row.rect.left() + 12, row.rect.top() + 6, 16, 16), look.icon, theme.color(look.role));
    const QRect lines = row.rect.adjusted(36, 5, -12, -5);
    painter->setFont(secondaryFont());
    painter->setPen(theme.color(selected ? Role::text : Role::secondary));
    const QString when = QLocale().toString(index.data(RunListModel::whenRole).toDateTime().time(), QStringLiteral("HH:mm"));
    painter->drawText(lines, Qt::AlignTop | Qt::AlignRight, when);
    const int timeWidth = painter->fontMetrics().horizontalAdvance(when) + 8;
    painter->drawText(lines, Qt::AlignBottom | Qt::AlignLeft,
        painter->fontMetrics().elidedText(
            QStringLiteral("%1, %2").arg(look.word, index.data(RunListModel::detailRole).toString()), Qt::ElideRight, lines.width()));
    QFont name = bodyFont();
    name.setWeight(QFont::Medium);
    painter->setFont(name);
    painter->setPen(theme.color(Role::text));
    painter->drawText(lines, Qt::AlignTop | Qt::AlignLeft,
        painter->fontMetrics().elidedText(index.data().toString(), Qt::ElideRight, lines.width() - timeWidth));
    painter->restore();
}

void RunDelegate::updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const int heading = headingOf(index).isEmpty() ? 0 : kHeading;
    editor->setGeometry(option.rect.adjusted(30, heading + (kRow - kControlHeight) / 2, -8, -(kRow - kControlHeight) / 2));
}

QSize RunDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex& index) const
{
    return {200, kRow + (headingOf(index).isEmpty() ? 0 : kHeading)};
}

} // namespace precedent::ui
