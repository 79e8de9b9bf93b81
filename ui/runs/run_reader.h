#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "precedent/casebase/casebase.h"
#include "precedent/casebase/run_store.h"
#include "precedent/core/run_spec.h"
#include "precedent/workspace/figures.h"
#include "precedent/workspace/run_estimate.h"
#include "precedent/workspace/run_examples.h"

/// What the Runs place reads of a casebase. Worker thread of a CasebaseBridge.
namespace precedent::ui {

/// True for "running", "paused" and "stopping".
[[nodiscard]] bool goesOn(const std::string& state);
/// A stored run's state as it is: "elsewhere" if some program holds its lock, "stopped" if its program is gone, else as stored.
[[nodiscard]] std::string standingOf(const casebase::Casebase& casebase, const casebase::Run& run);

struct RunRows {
    casebase::Run run;
    core::RunSpec spec;
    std::vector<casebase::RunStep> steps;
    bool starter = false; ///< trained from the model that ships with the program
    bool sensitive = false; ///< some request of the casebase is
    bool hasCheckpoint = false; ///< so that run:ID is a model
};
[[nodiscard]] Result<RunRows> readRun(casebase::Casebase& casebase, const std::string& id);

/// What a run's page of facts shows.
struct AboutRows {
    std::string id;
    std::string notes;
    std::string message; ///< why it failed or stopped
    bool failed = false;
    int steps = 0; ///< recorded
    std::optional<workspace::RunEstimate> estimate; ///< none for a run of the command line
    workspace::RunOutcome outcome;
    std::vector<std::string> sentences; ///< what freezing used and left out
    std::vector<align::Earnings> earnings;
    std::vector<std::pair<std::string, std::string>> settings; ///< keys as `--set` takes them
};
[[nodiscard]] Result<AboutRows> readAbout(casebase::Casebase& casebase, const std::string& id);

/// A step as the casebase has it, with what is known of its prompts.
struct StepRows {
    std::vector<casebase::Rollout> rollouts;
    std::map<std::string, std::string> requests; ///< prompt id -> request; the id where the prompt is gone
    std::map<std::string, std::vector<Message>> messages; ///< prompt id -> its turns; absent where the prompt is gone
    std::set<std::string> sensitive; ///< prompt ids
    bool sensitiveCases = false; ///< a prompt that shows cases may show such
    std::optional<workspace::StepExamples> examples; ///< where `keeping` was asked for and a checkpoint says so
};
/// `keeping`: the step draws answers to learn from.
[[nodiscard]] Result<StepRows> readStep(casebase::Casebase& casebase, const std::string& id, int step, bool keeping);

/// Empty where the run was not measured both before and after.
[[nodiscard]] Result<std::vector<workspace::Comparison>> readBeforeAfter(casebase::Casebase& casebase, const std::string& id);

} // namespace precedent::ui
