#pragma once

#include <mutex>
#include <vector>

#include "precedent/casebase/casebase.h"
#include "precedent/core/engine.h"
#include "precedent/core/run_inputs.h"
#include "precedent/workspace/ranked_run.h"
#include "precedent/workspace/run_service.h"

namespace precedent::workspace {

class ExactnessWatch;

/// What a session tells while it goes on. Called on the session's thread; must not block for long.
class SessionObserver {
public:
    virtual ~SessionObserver() = default;
    virtual void evaluating(Phase phase, std::int64_t done, std::int64_t total) = 0;
    virtual void evaluated(Phase phase, bool anySuite) = 0; ///< also where the evaluation was cut short
    virtual void started(int fromStep) = 0; ///< training begins, after this step
    virtual void noted(const std::string& sentence) { (void)sentence; } ///< what one should know of how it is computed
    virtual void happened(const std::vector<core::RunEvent>& events) = 0; ///< in order
};

struct SessionEnd {
    core::RunState state = core::RunState::stopped; ///< stopped also where it was interrupted before training
    std::string message;
    bool byGuard = false; ///< a guard of the spec stopped it
};

/// A stored run from its last checkpoint (or step 0) to its end: evaluated before where the spec says so, trained,
/// evaluated after. What the window and the command line share. Everything given is borrowed; the caller holds the run's lock.
class RunSession {
public:
    RunSession(casebase::Casebase& casebase, core::Engine& engine, const core::RunInputs& inputs, SessionObserver& observer);
    ~RunSession();

    /// Trains with the lead's ranks, which have met. Borrowed; call it before go().
    void trainWith(RankLead* lead) { m_lead = lead; }

    /// Blocks. `stop` ends an evaluation at once and training with a checkpoint; the state is then stopped. Fails as
    /// evaluateRun() and Engine::start() or resume() do; a run that fails while training is no error here but a state.
    [[nodiscard]] Result<SessionEnd> go(const std::stop_token& stop);

    // Asked of the training under way, from any thread; without effect while there is none.
    void pause();
    void resume();
    void stopAfterStep();
    void checkpointNow();

private:
    [[nodiscard]] Status evaluate(Phase phase, const std::stop_token& stop);
    [[nodiscard]] Result<std::unique_ptr<core::TrainingRun>> launch();
    [[nodiscard]] SessionEnd follow(core::TrainingRun& run, const std::stop_token& stop);
    void prune();
    [[nodiscard]] int lastStep() const;
    void ask(void (core::TrainingRun::*what)());

    casebase::Casebase& m_casebase;
    core::Engine& m_engine;
    const core::RunInputs& m_inputs;
    SessionObserver& m_observer;
    RankLead* m_lead = nullptr;
    std::shared_ptr<ExactnessWatch> m_watch; ///< records the training under way
    std::mutex m_mutex;
    std::unique_ptr<core::TrainingRun> m_run; ///< guarded
};

} // namespace precedent::workspace
