#pragma once

#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/workspace/judge_agreement.h"

namespace precedent::workspace {

/// The answers of runs and evaluations that people have judged in this casebase, with the newest verdict of each (an evaluation's rows
/// count from 0, as they were added); their groups are those that suites are resampled in (goal, sibling, family). Verdicts about answers
/// that the casebase does not hold are passed over. Fails as the casebase does.
[[nodiscard]] Result<std::vector<LabelledAnswer>> judgedAnswers(const casebase::Casebase& casebase);

} // namespace precedent::workspace
