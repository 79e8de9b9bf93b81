#pragma once

#include <cstdint>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"

namespace precedent::workspace {

/// Puts the sample that ships with the program into an empty casebase: codes, approved cases with their twins linked,
/// training prompts, and the sealed suites. One transaction; the same seed gives the same content.
/// Fails with failedPrecondition if the casebase holds something already, or as starter::makeSample() and the casebase.
[[nodiscard]] Status fillWithSample(casebase::Casebase& casebase, std::uint64_t seed = 1);

} // namespace precedent::workspace
