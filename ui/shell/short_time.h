#pragma once

#include <QDateTime>
#include <QLocale>

namespace precedent::ui {

/// The time where it was today, the day where it was this week, else the date: for lists, with the whole of it in a tooltip.
[[nodiscard]] inline QString shortTime(const QDateTime& when)
{
    const qint64 days = when.date().daysTo(QDate::currentDate());
    if (days == 0)
        return when.time().toString(QStringLiteral("HH:mm"));
    return days > 0 && days < 7 ? QLocale().toString(when.date(), QStringLiteral("ddd"))
                                : QLocale().toString(when.date(), QLocale::ShortFormat);
}

} // namespace precedent::ui
