#pragma once

#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/core/ranks.h"
#include "precedent/core/run_records.h"

namespace precedent::core {

/// One completion that was drawn and scored.
struct Sampled {
    RolloutRecord record;
    double spread = 0;
    std::vector<int> ids;
    std::vector<float> drawnLogProbs; ///< of each id under the policy that drew it, where that was handed to a server; else empty
    bool whole = false; ///< it ended by itself
};

/// A step's completions of all ranks, by prompt and then completion, from each rank's own. Every number comes as it was sent. Fails
/// alike on every rank where one has failed (agree()). `mine` may be an error.
[[nodiscard]] Result<std::vector<Sampled>> shareSampled(Ranks& ranks, Result<std::vector<Sampled>> mine);

} // namespace precedent::core
