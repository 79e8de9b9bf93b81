#pragma once

#include <vector>

#include "precedent/casebase/casebase.h"

namespace precedent::casebase {

/// Casebase::check(). Throws SqlError or Failure.
[[nodiscard]] std::vector<CheckProblem> checkCasebase(Casebase& casebase, bool repair);

} // namespace precedent::casebase
