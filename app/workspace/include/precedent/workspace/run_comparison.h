#pragma once

#include <optional>
#include <string>

#include "precedent/base/json.h"
#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"

namespace precedent::workspace {

/// Where two runs' completions part.
struct FirstDifference {
    int step = 0;
    int group = 0;
    int index = 0;
    std::string promptId; ///< of the left run
    std::string what; ///< "completion"; "context" where the model saw another text; "absent" where one run has no such rollout
    int token = -1; ///< how many tokens are alike before it, by the left run's tokenizer; -1 where its model is gone, or for "absent"
    int character = 0; ///< bytes that are alike
    std::string left, right; ///< what follows, a few words
};

struct RunComparison {
    int steps = 0; ///< that both runs have
    int rollouts = 0; ///< compared: to the first difference, or all of those steps
    std::optional<FirstDifference> first;
    std::string
        metric; ///< whose values are furthest apart, in relation to their size, over the steps before the first difference; may be empty
    int metricStep = 0;
    double metricDifference = 0;
};

/// Compares what two runs recorded: the same settings on another number of ranks, another machine or another version. What a clock
/// decides is left out. Fails with notFound, and as the stores do.
[[nodiscard]] Result<RunComparison> compareRuns(
    const casebase::Casebase& left, const std::string& leftRun, const casebase::Casebase& right, const std::string& rightRun);

[[nodiscard]] Json toJson(const RunComparison& comparison);
/// The same for people.
[[nodiscard]] std::string toText(const RunComparison& comparison);

} // namespace precedent::workspace
