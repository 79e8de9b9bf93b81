#pragma once

#include <filesystem>
#include <string>

#include "precedent/base/result.h"

namespace precedent::core {

/// Where an export may be written: `destination` without a slash at its end. Fails with invalidArgument for none, alreadyExists
/// where something (a dangling link too) is there.
[[nodiscard]] Result<std::filesystem::path> freshExportPlace(const std::string& destination);

} // namespace precedent::core
