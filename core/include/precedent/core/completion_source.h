#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/base/result.h"
#include "precedent/core/run_spec.h"

namespace precedent::core {

/// A prompt that a run has answered by somebody else than its own model.
struct ChatPrompt {
    std::vector<Message> messages; ///< the request with its context folded in, as the run's own model would be given it
    int n = 1;
    std::uint64_t seed = 0; ///< each completion draws from stream (seed, index)
};

struct DrawnText {
    std::string text; ///< chain and answer
    bool whole = false; ///< it ended by itself
};

/// Draws a run's completions where its own model does not: for models that outgrow this machine. The same call gives the same texts also in
/// a run that goes on, or the run is marked as not exact. Thread: one at a time.
class CompletionSource {
public:
    virtual ~CompletionSource() = default;
    /// n texts for each prompt, in order. Of `sampling` temperature, top-p and the most tokens count. May take long; blocks. Fails with
    /// cancelled, or as what it asks does.
    [[nodiscard]] virtual Result<std::vector<std::vector<DrawnText>>> draw(
        const std::vector<ChatPrompt>& prompts, const Sampling& sampling, const std::stop_token& stop) = 0;

    [[nodiscard]] virtual std::string name() const = 0; ///< who draws, as messages have it
};

} // namespace precedent::core
