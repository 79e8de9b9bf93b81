#pragma once

#include <string>
#include <vector>

#include "precedent/casebase/casebase.h"

namespace precedent::workspace {

/// A model or a run's checkpoint as a picker offers it.
struct ModelChoice {
    std::string name; ///< as resolveModel() takes it: "starter", a registered name, "run:run-3@80"
    std::string title; ///< "starter", "quickstart step 80"
    std::string base; ///< for a checkpoint: the model that the run started from, as the user named it; else empty
    std::string run; ///< for a checkpoint: the run's id
    std::string runName; ///< for a checkpoint: what the user called the run
    int step = 0; ///< for a checkpoint

    [[nodiscard]] bool isCheckpoint() const { return !run.empty(); }
    bool operator==(const ModelChoice&) const = default;
};

/// The starter, the models that the user added, those in the user's models folder, each by name; then the checkpoints of
/// the casebase's runs (null: none), newest run and step first. Only what is still there; what cannot be listed (a
/// damaged list of models, a casebase that answers with an error) is left out. Needs no LibTorch; reads folders and the
/// casebase, so it belongs on the casebase's thread and not on the UI thread.
[[nodiscard]] std::vector<ModelChoice> modelChoices(const casebase::Casebase* casebase);

/// Those of modelChoices() that a run can start from: no checkpoints.
[[nodiscard]] std::vector<ModelChoice> baseModelChoices();

} // namespace precedent::workspace
