#pragma once

#include <memory>
#include <string>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "precedent/casebase/casebase.h"
#include "precedent/core/engine.h"
#include "precedent/core/run_inputs.h"

namespace precedent::cli {

/// One run driven from the command line: evaluated before where the spec says so, trained, evaluated after.
/// The casebase and the watcher are borrowed; the caller holds the run's lock.
class TrainingSession {
public:
    TrainingSession(Context& context, casebase::Casebase& casebase, const InterruptWatcher& interrupt, core::RunInputs inputs);

    /// From step 0, or from the last checkpoint if there is one. On an interrupt the run is stopped with a checkpoint
    /// and the outcome's exit status is 130. Fails if the run fails.
    [[nodiscard]] Result<Outcome> go();

private:
    [[nodiscard]] Status evaluate(bool after);
    [[nodiscard]] Result<bool> hasEvaluation(bool after) const;
    [[nodiscard]] Result<std::unique_ptr<core::TrainingRun>> launch();
    [[nodiscard]] Status follow(core::TrainingRun& run);
    void show(const core::StepEvent& event, class Progress& progress);
    [[nodiscard]] Result<Outcome> outcome();

    Context& m_context;
    casebase::Casebase& m_casebase;
    const InterruptWatcher& m_interrupt;
    core::RunInputs m_inputs;
    core::Engine* m_engine = nullptr;
    int m_resumedFrom = 0;
    int m_stepsSeen = 0;
    double m_secondsSeen = 0;
    core::RunState m_state = core::RunState::stopped;
    std::string m_message;
};

} // namespace precedent::cli
