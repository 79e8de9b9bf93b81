#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace precedent::text {

/// Ids cited in square brackets, in order, with repeats: codes ([S3], [S3.2]), cases ([S3.2-017], [C2]), and lists of
/// them in one bracket ([S3, S4.1]). An id is a letter or several, digits, then parts led by '.' or '-'.
/// Ordinary brackets ("[1]", "[sic]", "[x]") are none.
[[nodiscard]] std::vector<std::string> findCitations(std::string_view text);

} // namespace precedent::text
