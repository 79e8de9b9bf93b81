#pragma once

#include <string_view>

namespace precedent::casebase {

/// Order of ids with numbers compared as numbers: S2 before S10, S3-9 before S3-010. Ties by bytes.
[[nodiscard]] bool naturallyBefore(std::string_view a, std::string_view b);

} // namespace precedent::casebase
