#pragma once

#include <cstdint>
#include <vector>

#include "precedent/core/run_spec.h"

namespace precedent::core {

/// One prompt to be continued `n` times. Token ids; no special token is added.
struct GenerationPrompt {
    std::vector<int> ids;
    int n = 1;
    std::uint64_t seed = 0; ///< each completion draws from stream (seed, index)
};

struct GenerationRequest {
    std::vector<GenerationPrompt> prompts;
    Sampling sampling; ///< seed is taken from each prompt
    std::vector<int> stopIds; ///< a completion ends with (and keeps) any of these
    int maxBatch = 64; ///< completions decoded together at most
};

enum class StopReason { stopId, length, context, cancelled };

struct Completion {
    int prompt = 0;
    int index = 0;
    std::vector<int> ids; ///< the stop id included
    std::vector<float> logprobs; ///< of each id under the untempered distribution
    StopReason stopReason = StopReason::length;
};

struct GenerationResult {
    std::vector<Completion> completions; ///< by prompt, then index
    std::int64_t promptTokens = 0;
    std::int64_t completionTokens = 0;
    double prefillSeconds = 0;
    double decodeSeconds = 0;
};

} // namespace precedent::core
