#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/base/result.h"

namespace precedent::core {

struct CitationRecord {
    std::string id; ///< the casebase's id: aliases are resolved
    bool inContext = false;
    bool exists = false;
    bool governs = false;
};

/// One completion with everything that its reward was made of.
struct RolloutRecord {
    int step = 0;
    int group = 0; ///< which prompt of the step
    int index = 0; ///< which completion of the group
    std::string promptId;
    Mode mode = Mode::none;
    std::string prompt; ///< the rendered text the model saw, context folded in
    std::string completion; ///< raw, special tokens included
    std::string chain;
    std::string answer;
    std::string parseProblem; ///< empty if the chain parsed
    Verdict verdict = Verdict::noAnswer;
    double reward = 0;
    std::map<std::string, double> rewards; ///< by part; an absent part is not in the map
    double advantage = 0;
    int tokens = 0;
    double logprob = 0; ///< sum over the completion's tokens, under the policy that drew it
    std::vector<CitationRecord> citations;
};

/// One step's metrics under TRL's names ("reward", "rewards/format/mean", "kl", "completions/mean_length", ...).
struct StepRecord {
    int step = 0; ///< 1 is the first
    std::map<std::string, double> metrics;
    double seconds = 0;
};

struct CheckpointRecord {
    int step = 0;
    std::string folder;
    std::string sha256; ///< of the weights file
};

enum class AlarmKind { rewardCollapse, klOverBound, klOverMax, noSpread, lengthAtCap, allRefusal, neverRefusal, notANumber };

/// A stretch of steps in which one thing was wrong.
struct Alarm {
    AlarmKind kind = AlarmKind::notANumber;
    int from = 0; ///< the step where it began
    int to = 0; ///< the last step of it
    std::string metric; ///< whose curve shows it
    std::string message; ///< a sentence with the value seen and the bound, and what to try
    bool stops = false; ///< the run ends at `from`
};

/// Stable spelling: "reward_collapse", "kl_over_bound" ...
[[nodiscard]] inline const char* toString(AlarmKind kind)
{
    switch (kind) {
    case AlarmKind::rewardCollapse:
        return "reward_collapse";
    case AlarmKind::klOverBound:
        return "kl_over_bound";
    case AlarmKind::klOverMax:
        return "kl_over_max";
    case AlarmKind::noSpread:
        return "no_spread";
    case AlarmKind::lengthAtCap:
        return "length_at_cap";
    case AlarmKind::allRefusal:
        return "all_refusal";
    case AlarmKind::neverRefusal:
        return "never_refusal";
    case AlarmKind::notANumber:
        break;
    }
    return "not_a_number";
}

enum class RunState { running, paused, stopping, stopped, finished, failed };
[[nodiscard]] inline const char* toString(RunState state)
{
    switch (state) {
    case RunState::running:
        return "running";
    case RunState::paused:
        return "paused";
    case RunState::stopping:
        return "stopping";
    case RunState::stopped:
        return "stopped";
    case RunState::finished:
        return "finished";
    case RunState::failed:
        break;
    }
    return "failed";
}

/// Where a run's records go, at full resolution. Called on the worker thread; an error ends the run as failed, and a step
/// that was not taken gets no checkpoint.
class RunRecorder {
public:
    virtual ~RunRecorder() = default;
    [[nodiscard]] virtual Status step(const StepRecord& step, const std::vector<RolloutRecord>& rollouts) = 0;
    [[nodiscard]] virtual Status checkpoint(const CheckpointRecord& checkpoint) = 0;
    [[nodiscard]] virtual Status state(RunState state, const std::string& message) = 0;
};

} // namespace precedent::core
