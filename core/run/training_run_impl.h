#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/run/trainer.h"
#include "precedent/core/engine.h"

namespace precedent::core {

/// Worker threads whose run object is gone: they were asked to stop, and are joined here, at the latest when the
/// process ends. Thread-safe.
class WorkerYard {
public:
    ~WorkerYard();
    void adopt(std::jthread worker, std::shared_ptr<const std::atomic<bool>> ended);
    /// Joins those that have ended.
    void sweep();

private:
    struct Left {
        std::jthread worker;
        std::shared_ptr<const std::atomic<bool>> ended;
    };
    std::mutex m_mutex;
    std::vector<Left> m_left;
};

/// Starts the worker of a run. `trainer` is ready (resumed, where it is a resume). With `ranks` the worker leads them, and tells them of
/// the run's end, whatever it is.
[[nodiscard]] std::unique_ptr<TrainingRun> runOnWorker(std::unique_ptr<Trainer> trainer, const RunSpec& spec,
    std::shared_ptr<RunRecorder> recorder, std::shared_ptr<Ranks> ranks, WorkerYard& yard);

} // namespace precedent::core
