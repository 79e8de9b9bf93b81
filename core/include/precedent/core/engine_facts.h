#pragma once

#include <cstdint>
#include <string>

namespace precedent::core {

/// Names of the kernels that generation computes with; empty ones are chosen for the processor.
struct KernelNames {
    std::string floats, prefill, decode;

    bool operator==(const KernelNames&) const = default;
};

/// What the engine computes with and on: a part of a run's manifest, since the same run gives other bits with others.
struct EngineFacts {
    std::string libtorch; ///< version
    std::string blas; ///< as LibTorch names it, or empty
    std::string processor;
    int cores = 0; ///< that this process may use
    int threads = 0;
    std::int64_t memoryBytes = 0; ///< of the machine

    bool operator==(const EngineFacts&) const = default;
};

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
