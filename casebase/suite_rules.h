#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "casebase/connection.h"
#include "precedent/casebase/types.h"

namespace precedent::casebase {

/// The suite and its row number; throws a Failure (notFound).
[[nodiscard]] Suite readSuite(Connection& connection, const std::string& name, std::int64_t& n);

/// Raises the version and records in the audit chain what the suite and its members are now.
void recordSuite(Connection& connection, std::int64_t n, Suite suite, std::string_view action);

} // namespace precedent::casebase
