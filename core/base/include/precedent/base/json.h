#pragma once

#include <nlohmann/json.hpp>

#include "precedent/base/result.h"

namespace precedent {

using Json = nlohmann::ordered_json;

/// Parses JSON text. Fails with corrupt, naming `what` and the byte where parsing stopped.
[[nodiscard]] Result<Json> parseJson(std::string_view text, const std::string& what);

/// One line of JSON; bytes that are no UTF-8 are replaced rather than thrown at.
[[nodiscard]] std::string dumpJson(const Json& json, int indent = -1);

} // namespace precedent
