#pragma once

#include <memory>
#include <string>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/progress.h"
#include "precedent/casebase/casebase.h"
#include "precedent/core/engine.h"
#include "precedent/core/run_inputs.h"
#include "precedent/workspace/run_session.h"

namespace precedent::cli {

/// One run driven from the command line: evaluated before where the spec says so, trained, evaluated after.
/// The casebase and the watcher are borrowed; the caller holds the run's lock.
class TrainingSession final : private workspace::SessionObserver {
public:
    /// `lead` is null where this process trains alone; borrowed.
    TrainingSession(Context& context, casebase::Casebase& casebase, const InterruptWatcher& interrupt, core::RunInputs inputs,
        workspace::RankLead* lead = nullptr);

    /// From step 0, or from the last checkpoint if there is one. On an interrupt the run is stopped with a checkpoint
    /// and the outcome's exit status is 130; it is 3 where a guard stopped the run. Fails if the run fails.
    [[nodiscard]] Result<Outcome> go();

private:
    void evaluating(workspace::Phase phase, std::int64_t done, std::int64_t total) override;
    void evaluated(workspace::Phase phase, bool anySuite) override;
    void started(int fromStep) override;
    void noted(const std::string& sentence) override;
    void happened(const std::vector<core::RunEvent>& events) override;
    void begin(const std::string& what);
    void show(const core::StepEvent& event);
    void show(const core::Alarm& alarm);
    [[nodiscard]] Status addEstimate(Outcome& outcome, int done) const;
    [[nodiscard]] Result<Outcome> outcome();

    Context& m_context;
    casebase::Casebase& m_casebase;
    const InterruptWatcher& m_interrupt;
    core::RunInputs m_inputs;
    workspace::RankLead* m_lead;
    std::unique_ptr<Progress> m_progress;
    bool m_evaluating = false;
    bool m_saidStopping = false;
    int m_stepsSeen = 0;
    double m_secondsSeen = 0;
    workspace::SessionEnd m_end;
};

} // namespace precedent::cli
