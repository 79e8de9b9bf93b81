#pragma once

#include <stop_token>
#include <vector>

#include "core/generate/attention.h"
#include "core/generate/kernel_choice.h"
#include "core/generate/packed_weights.h"

namespace precedent::core {

/// Buffers for the rows of one pass.
struct Scratch {
    AlignedBuffer x, branch, normed, qkv, mixed, activated, narrow, picked, logits;
    AlignedBuffer prepared; // a product's input as the row kernels read it
    struct PerThread {
        AlignedBuffer gate, up, attention;
    };
    std::vector<PerThread> threads;
};

/// Runs rows of tokens through the layers over caches. Const and without state: threads may call it at once on
/// different sequences with a Scratch each.
class Forward {
public:
    /// Rows times bytes of weights from which a team pays: below, its threads' meetings cost more than they save.
    static constexpr std::int64_t kLeastTeamBytes = 30'000'000;

    struct Options {
        Phase phase = Phase::prefill;
        /// Split the work over the machine's threads, if there is enough to do; else all on this one.
        bool team = false;
        /// Rows of the pass, ascending, that also go through the head.
        std::vector<std::int64_t> logitRows = {};
    };

    Forward(const PackedWeights& weights, const KernelChoice& kernels, std::int64_t leastTeamBytes = kLeastTeamBytes)
        : m_weights(weights)
        , m_kernels(kernels)
        , m_leastTeamBytes(leastTeamBytes)
    {
    }

    /// Writes every span's keys and values to its sequence and leaves the final-normed hidden states of all rows, in
    /// order, in scratch.normed ([rows, hiddenStride()]), and the logits asked for, one row after another, in
    /// scratch.logits. False if stopped.
    [[nodiscard]] bool run(const std::vector<Span>& spans, Scratch& scratch, const Options& options, const std::stop_token& stop) const;

    /// scratch.logits [rows, logitStride()] of scratch.normed's rows [first, first + rows).
    void logits(Scratch& scratch, std::int64_t first, std::int64_t rows, Phase phase, bool team) const;

    /// Whether prompts should go through passes together, rather than each on a thread of its own.
    [[nodiscard]] bool packsPrompts() const { return m_weights.heldAsRows; }

    /// Rows that one pass should take at most, for `count` in all: what the caches hold, cut evenly.
    [[nodiscard]] std::int64_t rowsPerPass(std::int64_t count) const;
    /// bfloat16 rows where decoding's kernels round what they read anyway.
    [[nodiscard]] KvFormat kvFormat() const
    {
        return m_weights.heldAsRows && m_kernels.decode->roundsInput ? KvFormat::rows : KvFormat::panels;
    }
    [[nodiscard]] std::int64_t logitStride() const { return paddedToPanel(m_weights.head.N); }
    [[nodiscard]] std::int64_t hiddenStride() const { return paddedToPanel(m_weights.config.hiddenSize); }
    [[nodiscard]] const Kernels& kernels() const { return *m_kernels.floats; }

private:
    [[nodiscard]] int teamSize(std::int64_t rows, bool team) const;

    const PackedWeights& m_weights;
    const KernelChoice& m_kernels;
    std::int64_t m_leastTeamBytes;
};

} // namespace precedent::core
