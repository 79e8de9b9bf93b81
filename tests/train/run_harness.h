#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "precedent/core/engine.h"

/// A run on the engine from its start to its end, with everything that it recorded.
namespace precedent::tests {

using namespace precedent::core;

/// Keeps what it is given; fails from a step on, as a full disk does.
class MemoryRecorder final : public RunRecorder {
public:
    Status step(const StepRecord& step, const std::vector<RolloutRecord>& rollouts) override
    {
        const std::scoped_lock lock(mutex);
        if (failFromStep > 0 && step.step >= failFromStep)
            return Error(ErrorCode::diskFull, "No space is left.", "Free some.");
        steps.push_back(step);
        all.insert(all.end(), rollouts.begin(), rollouts.end());
        return {};
    }
    Status checkpoint(const CheckpointRecord& checkpoint) override
    {
        const std::scoped_lock lock(mutex);
        checkpoints.push_back(checkpoint);
        return {};
    }
    Status state(RunState state, const std::string& message) override
    {
        const std::scoped_lock lock(mutex);
        states.push_back(state);
        lastMessage = message;
        return {};
    }

    std::mutex mutex;
    int failFromStep = 0;
    std::vector<StepRecord> steps;
    std::vector<RolloutRecord> all;
    std::vector<CheckpointRecord> checkpoints;
    std::vector<RunState> states;
    std::string lastMessage;
};

inline constexpr std::chrono::milliseconds kPatience{120'000};

/// Metrics but for what the clock decides.
inline std::map<std::string, double> untimed(const StepRecord& step)
{
    std::map<std::string, double> metrics = step.metrics;
    metrics.erase("tokens_per_second");
    return metrics;
}

struct Finished {
    std::shared_ptr<MemoryRecorder> recorder = std::make_shared<MemoryRecorder>();
    RunState state = RunState::running;
    std::vector<RunEvent> events;
    std::string error;
};

enum class Begin { start, resume };

/// Runs to the end. `onEvent` may act on the run.
inline Finished runThrough(const RunInputs& inputs, Begin begin = Begin::start,
    const std::function<void(TrainingRun&, const RunEvent&)>& onEvent = {}, std::shared_ptr<MemoryRecorder> recorder = {},
    const std::shared_ptr<Ranks>& ranks = {})
{
    Finished finished;
    if (recorder)
        finished.recorder = std::move(recorder);
    auto run = begin == Begin::start ? precedent_engine()->start(inputs, finished.recorder, ranks)
                                     : precedent_engine()->resume(inputs, finished.recorder, ranks);
    if (!run.ok()) {
        finished.error = run.error().message();
        finished.state = RunState::failed;
        return finished;
    }
    const auto until = std::chrono::steady_clock::now() + kPatience;
    bool over = false;
    while (!over && std::chrono::steady_clock::now() < until) {
        for (RunEvent& event : (*run)->events().waitDrain(std::chrono::milliseconds(50))) {
            if (onEvent)
                onEvent(**run, event);
            if (const auto* state = std::get_if<StateEvent>(&event))
                over = state->state == RunState::stopped || state->state == RunState::finished || state->state == RunState::failed;
            finished.events.push_back(std::move(event));
        }
    }
    (void)(*run)->wait(kPatience);
    finished.state = (*run)->state();
    return finished;
}

inline std::string weightsDigest(const Finished& finished)
{
    return finished.recorder->checkpoints.empty() ? "none" : finished.recorder->checkpoints.back().sha256;
}

} // namespace precedent::tests
