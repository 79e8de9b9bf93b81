#pragma once

#include <string>

#include "precedent/base/result.h"

namespace precedent {

/// Sends spdlog's default logger to stderr, and to `file` too where one is given. Levels: trace, debug, info, warn,
/// error, off. Fails with invalidArgument for an unknown level, io for a file that cannot be written.
[[nodiscard]] Status setUpLogging(const std::string& level, const std::string& file);

/// One line at level warn. For rooms whose other headers bring a fmt of their own, as some builds of LibTorch do: they cannot
/// include spdlog's.
void logWarning(const std::string& message);

} // namespace precedent
