#pragma once

#include <string>
#include <string_view>

namespace precedent::text {

/// Why a text is no answer at all (empty, repeats itself, no words, another script than the request's, broken off at
/// once, the request echoed); empty if it may be one.
[[nodiscard]] std::string whyNoAnswer(std::string_view request, std::string_view answer);

} // namespace precedent::text
