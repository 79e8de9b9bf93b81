#pragma once

#include <QString>

namespace precedent::ui {

/// "1:10", "2:03:09".
[[nodiscard]] QString clockText(double seconds);
/// "45 s", "2 min 30 s", "3 h 10 min": for a length of time that is said and not counted down.
[[nodiscard]] QString durationText(double seconds);
/// "38 MB", "1.3 GB".
[[nodiscard]] QString bytesText(qint64 bytes);

} // namespace precedent::ui
