#pragma once

#include <QLocale>
#include <QString>

namespace precedent::ui {

/// `one` for 1, else `many` with the number in place of %1: English has no plural file of its own.
[[nodiscard]] inline QString counted(qint64 n, const QString& one, const QString& many)
{
    return n == 1 ? one : many.arg(QLocale().toString(n));
}

} // namespace precedent::ui
