#pragma once

#include <functional>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/launcher.h"
#include "precedent/workspace/ranked_run.h"

namespace precedent::cli {

/// How long ranks wait for each other.
struct Patience {
    int meetSeconds = 300;
    int stepSeconds = 1800;
};

/// What rank 0 trains with: the ranks that have met, and the watcher that was there before the engine.
struct RankedTraining {
    const InterruptWatcher& interrupt;
    workspace::RankLead& lead;
};

/// Meets the other ranks. On rank 0 `lead` is then called and its outcome given back, whatever it is, after the others have heard of
/// it. Any other rank follows, says nothing but its own errors on stderr, after "rank N: ", and ends with rank 0's exit status.
[[nodiscard]] Result<Outcome> trainAmongRanks(
    Context& context, const Launch& launch, const Patience& patience, const std::function<Result<Outcome>(RankedTraining*)>& lead);

} // namespace precedent::cli
