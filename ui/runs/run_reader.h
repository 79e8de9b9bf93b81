#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "precedent/casebase/casebase.h"
#include "precedent/casebase/run_store.h"
#include "precedent/core/run_spec.h"
#include "precedent/workspace/figures.h"

/// What the Runs place reads of a casebase. Worker thread of a CasebaseBridge.
namespace precedent::ui {

struct RunRows {
    casebase::Run run;
    core::RunSpec spec;
    std::vector<casebase::RunStep> steps;
    bool starter = false; ///< trained from the model that ships with the program
    bool sensitive = false; ///< some request of the casebase is
};
[[nodiscard]] Result<RunRows> readRun(casebase::Casebase& casebase, const std::string& id);

/// A step as the casebase has it, with what is known of its prompts.
struct StepRows {
    std::vector<casebase::Rollout> rollouts;
    std::map<std::string, std::string> requests; ///< prompt id -> request; the id where the prompt is gone
    std::set<std::string> sensitive; ///< prompt ids
};
[[nodiscard]] Result<StepRows> readStep(casebase::Casebase& casebase, const std::string& id, int step);

/// Empty where the run was not measured both before and after.
[[nodiscard]] Result<std::vector<workspace::Comparison>> readBeforeAfter(casebase::Casebase& casebase, const std::string& id);

} // namespace precedent::ui
