#pragma once

#include <cstdint>

namespace precedent::core {

/// What a run's steps take here, measured by doing parts of them on the run's own first prompts.
struct Rehearsal {
    // Seconds of one step of each kind; 0 for a kind that the run has not.
    double selfGeneration = 0, supervised = 0, preference = 0, policyGradient = 0;
    double promptTokens = 0; ///< mean, of a prompt
    double answerTokens = 0; ///< mean, of a completion; 0 where the run draws none
    double secondsPerAnswer = 0; ///< to write one of those drawn, its prompt's share included; 0 where the run draws none
    std::int64_t memoryBytes = 0; ///< the process's peak to be expected in training
    double took = 0; ///< seconds that measuring took
};

} // namespace precedent::core
