#include "ui/runs/figures_text.h"

#include <cmath>

#include <QCoreApplication>
#include <QLocale>

namespace precedent::ui {
namespace {

constexpr qint64 kMinute = 60;
constexpr qint64 kHour = 3600;

QString tr(const char* text) { return QCoreApplication::translate("FiguresText", text); }

} // namespace

QString clockText(double seconds)
{
    const auto whole = static_cast<qint64>(std::llround(std::max(0.0, seconds)));
    const auto two = [](qint64 n) { return QStringLiteral("%1").arg(n, 2, 10, QLatin1Char('0')); };
    if (whole < kHour)
        return QStringLiteral("%1:%2").arg(whole / kMinute).arg(two(whole % kMinute));
    return QStringLiteral("%1:%2:%3").arg(whole / kHour).arg(two(whole / kMinute % kMinute), two(whole % kMinute));
}

QString durationText(double seconds)
{
    const auto whole = static_cast<qint64>(std::llround(std::max(0.0, seconds)));
    if (whole < kMinute)
        return seconds < 10 ? tr("%1 s").arg(QLocale().toString(std::max(0.0, seconds), 'f', 1)) : tr("%1 s").arg(whole);
    if (whole < kHour)
        return whole % kMinute == 0 ? tr("%1 min").arg(whole / kMinute) : tr("%1 min %2 s").arg(whole / kMinute).arg(whole % kMinute);
    return tr("%1 h %2 min").arg(QLocale().toString(whole / kHour)).arg(whole / kMinute % kMinute);
}

QString bytesText(qint64 bytes)
{
    return QLocale().formattedDataSize(bytes, bytes < (qint64{1} << 30) ? 0 : 1, QLocale::DataSizeTraditionalFormat);
}

} // namespace precedent::ui
