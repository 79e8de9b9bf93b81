#pragma once

#include <string>
#include <vector>

#include "precedent/casebase/run_store.h"
#include "precedent/core/run_spec.h"

/// What in a run's recorded steps says that it goes wrong. Computed from the metrics alone, so it holds for stored runs and for those
/// of the command line as well. Needs no LibTorch.
namespace precedent::workspace {

/// Where an alarm begins. A share is from 0 to 1. All but `kl` are taken on the mean of the last `window` steps, since a step is a
/// handful of requests; nothing is said before there are that many.
struct AlarmBounds {
    int window = 8;
    /// The reward has fallen to this share of the best mean that the run had reached ...
    double rewardKept = 0.6;
    double rewardWorthKeeping = 0.2; ///< ... if that best was at least so high
    double kl = 0.3; ///< of one step, to the reference
    double withoutSpread = 0.95; ///< share of groups from which nothing can be learned
    double lengthAtCap = 0.95; ///< mean length as a share of max_completion_length
    double allRefusal = 0.95; ///< refused, of the harmless and of the harmful requests
    double neverRefusal = 0.02; ///< refused, of both
};

enum class AlarmKind { rewardCollapse, klOverBound, noSpread, lengthAtCap, allRefusal, neverRefusal, notANumber };

/// Stable spelling: "reward_collapse", "kl_over_bound" ...
[[nodiscard]] const char* toString(AlarmKind kind);

/// A stretch of steps in which one thing was wrong.
struct Alarm {
    AlarmKind kind = AlarmKind::notANumber;
    int from = 0; ///< the step where it began
    int to = 0; ///< the last step of it
    std::string metric; ///< whose curve shows it
    std::string message; ///< a sentence with the value seen and the bound, and what to try
};

/// The alarms of a run's steps, by where they begin. `steps` in order.
[[nodiscard]] std::vector<Alarm> findAlarms(
    const std::vector<casebase::RunStep>& steps, const core::RunSpec& spec, const AlarmBounds& bounds = {});

} // namespace precedent::workspace
