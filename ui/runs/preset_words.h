#pragma once

#include <QString>

namespace precedent::ui {

/// "CADA" for "cada"; a name that is no preset's as it is.
[[nodiscard]] QString presetTitle(const QString& name);
/// What a preset is, in a line.
[[nodiscard]] QString presetLine(const QString& name);

} // namespace precedent::ui
