#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <QElapsedTimer>
#include <QObject>

#include "precedent/base/pace.h"
#include "precedent/core/engine.h"
#include "precedent/workspace/run_estimate.h"
#include "precedent/workspace/run_service.h"

class QTimer;

namespace precedent::ui {

/// What to run: a new run by its spec, or a stored one to go on with.
struct RunOrder {
    core::RunSpec spec;
    bool includeDrafts = false;
    std::string resume; ///< a run's id; the spec is then the stored one
    std::optional<workspace::RunEstimate> measured = {}; ///< of a new run with these settings; else it is estimated from what there is
};

struct RunStored {
    std::string run;
    core::RunSpec spec;
    std::vector<std::string> sentences; ///< what freezing used and left out
    workspace::RunEstimate estimate; ///< of a new run: what it is thought to take
};
struct RunEvaluating {
    workspace::Phase phase;
    std::int64_t done;
    std::int64_t total;
};
struct RunTraining {
    int fromStep;
};
/// The last event of all. `message` is empty unless something went wrong.
struct RunEnded {
    core::RunState state = core::RunState::stopped;
    std::string message;
    std::string hint;
};
using RunNews = std::variant<RunStored, RunEvaluating, RunTraining, core::RunEvent, RunEnded>;

/// What a run under way does, by its news so far.
struct RunActivity {
    enum class Phase { preparing, before, training, after };
    Phase phase = Phase::preparing;
    core::RunState state = core::RunState::running;
    // Of the phase: answers measured, or steps.
    double done = 0;
    double total = 0; ///< 0: not known yet
    std::optional<double> secondsLeft = {}; ///< at the pace of late
};

/// One run under way, off the UI thread: prepared, stored, evaluated, trained, evaluated. News come through one bounded
/// channel that wakes the event loop once and is drained once a frame; only progress is ever dropped.
///
/// Thread: every method and signal on the UI thread. Destruction asks the run to stop and hands the worker over; it
/// never waits. The worker has a connection of its own to the casebase.
class RunBridge final : public QObject {
    Q_OBJECT
public:
    RunBridge(std::filesystem::path casebase, RunOrder order, QObject* parent = nullptr);
    ~RunBridge() override;

    void pause();
    void resume();
    void stop(); ///< within 200 ms, with a checkpoint
    void stopAfterStep();
    void checkpointNow();

    [[nodiscard]] bool isOver() const { return m_over; }
    [[nodiscard]] const RunActivity& activity() const { return m_activity; }

Q_SIGNALS:
    void arrived(const std::vector<precedent::ui::RunNews>& news);

private:
    struct Shared;
    void drain();
    void follow(const RunNews& item);
    void advance(RunActivity::Phase phase, double done, double total);

    std::shared_ptr<Shared> m_shared;
    QTimer* m_frame;
    bool m_over = false;
    RunActivity m_activity;
    Pace m_pace; ///< of the phase
    QElapsedTimer m_phaseClock;
};

} // namespace precedent::ui
