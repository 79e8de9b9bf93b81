#pragma once

#include <string>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/base/json.h"
#include "precedent/base/result.h"
#include "precedent/core/run_spec.h"

namespace precedent::workspace {

/// Which cases a context of mode cases shows.
struct CaseChoice {
    Retrieval retrieval = Retrieval::bm25;
    std::string model; ///< whose states are the vectors of dense and hybrid; empty: of the model that is asked, without an adapter
    int casesPerPrompt = 4; ///< at most, named ones among them
    std::vector<std::string> pinned; ///< ids, shown with every request
    std::vector<std::string> fixed; ///< ids of the illustrative set, for retrieval fixed

    bool operator==(const CaseChoice&) const = default;
};

/// Of a run's training prompts.
[[nodiscard]] CaseChoice trainingChoice(const core::RunSpec& spec);
/// Of its evaluation before and after: as in training, unless the spec says otherwise.
[[nodiscard]] CaseChoice evaluationChoice(const core::RunSpec& spec);

/// Whether some prompts of the run, self-generation's among them, are drawn in this mode.
[[nodiscard]] bool drawsMode(const core::RunSpec& spec, Mode mode);

[[nodiscard]] inline bool needsVectors(const CaseChoice& choice)
{
    return choice.retrieval == Retrieval::dense || choice.retrieval == Retrieval::hybrid;
}

/// invalidArgument: more named cases than casesPerPrompt, one named twice, retrieval fixed without cases, or fixed cases
/// for another retrieval.
[[nodiscard]] Status check(const CaseChoice& choice);

/// {"cases_per_prompt": 4, "retrieval": "bm25", ...}: what results carry.
[[nodiscard]] Json toJson(const CaseChoice& choice);

} // namespace precedent::workspace
