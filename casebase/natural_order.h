#pragma once

#include <string>
#include <string_view>

namespace precedent::casebase {

/// Order of ids with numbers compared as numbers: S2 before S10, S3-9 before S3-010. Ties by bytes.
[[nodiscard]] bool naturallyBefore(std::string_view a, std::string_view b);

/// A text whose order by bytes is naturallyBefore()'s: what an index of the casebase sorts ids by. Never empty but for an empty id.
[[nodiscard]] std::string naturalKey(std::string_view id);

} // namespace precedent::casebase
