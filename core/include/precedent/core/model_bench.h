#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace precedent::core {

/// What to measure: every batch after every prompt length.
struct BenchRequest {
    std::vector<int> batches = {1, 8, 16}; ///< completions of one prompt that are decoded together
    std::vector<int> prompts = {128, 800}; ///< tokens
    int tokens = 128; ///< of each completion
    int goes = 3; ///< of each combination; the fastest counts, since what else runs on the machine only slows
};

struct BenchRow {
    int batch = 0;
    int prompt = 0;
    double prefillTokensPerSecond = 0; ///< of the prompt, which is computed once for the batch
    double decodeTokensPerSecond = 0; ///< of all completions together, each after its first token
    double matmulShare = 0; ///< the prompt's arithmetic a second, of the machine's rate for weights held so
    double bandwidthShare = 0; ///< weights, keys and values that decoding reads a second, of the machine's rate
};

/// What the machine can do, measured just before.
struct MachineRates {
    std::string processor; ///< as it calls itself
    int threads = 0;
    std::string prefillKernels; ///< instruction sets that generation uses: of bfloat16 weights
    std::string decodeKernels;
    std::string floatKernels; ///< of everything else
    double float32Gigaflops = 0; ///< 10^9 operations a second of a large product
    double bfloat16Gigaflops = 0; ///< with weights held in bfloat16
    double memoryGigabytes = 0; ///< 10^9 bytes a second, read by all threads together
};

struct BenchResult {
    std::vector<BenchRow> rows; ///< by batch, then prompt
    std::int64_t peakRssBytes = 0; ///< of the process since it began
    MachineRates machine;
};

} // namespace precedent::core
