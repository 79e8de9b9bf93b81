#pragma once

#include <string>

#include <spdlog/spdlog.h>

#include "precedent/base/result.h"

namespace precedent {

/// Sends spdlog's default logger to stderr, and to `file` too where one is given. Levels: trace, debug, info, warn,
/// error, off. Fails with invalidArgument for an unknown level, io for a file that cannot be written.
[[nodiscard]] Status setUpLogging(const std::string& level, const std::string& file);

} // namespace precedent
