#pragma once

#include <stop_token>
#include <vector>

#include "core/generate/kv_cache.h"
#include "core/generate/packed_weights.h"

namespace precedent::core {

/// New tokens of one sequence: they are its last `count` positions, counted already (KvSequence::extend), keys and
/// values still to be computed.
struct Span {
    KvSequence* sequence = nullptr;
    const int* ids = nullptr;
    std::int64_t count = 0;

    /// The position of the first of them.
    [[nodiscard]] std::int64_t begin() const { return sequence->length() - count; }
};

/// Buffers for one thread's rows.
struct Scratch {
    AlignedBuffer x, normed, qkv, mixed, gateUp, activated, logits;
    std::vector<AlignedBuffer> attention; // by thread of the team: queries, result, scores, sums

    void reserve(std::int64_t rows, const PackedWeights& weights, int threads);
};

/// Runs rows of tokens through the layers over caches. Const and without state: threads may call it at once on
/// different sequences with a Scratch each.
class Forward {
public:
    /// Rows that one pass should take at most: what fits the second-level cache.
    static constexpr std::int64_t kRowsPerPass = 128;

    /// Rows times bytes of weights from which a team pays: below, its threads' meetings cost more than they save.
    static constexpr std::int64_t kLeastTeamBytes = 400'000'000;

    Forward(const PackedWeights& weights, const Kernels& kernels, std::int64_t leastTeamBytes = kLeastTeamBytes)
        : m_weights(weights)
        , m_kernels(kernels)
        , m_leastTeamBytes(leastTeamBytes)
    {
    }

    /// Writes every span's keys and values to its sequence and leaves the final-normed hidden states of all rows, in
    /// order, in scratch.normed ([rows, hiddenStride()]). `team`: split each product over the machine's threads, if
    /// there is enough to do; else all on this one. False if stopped.
    [[nodiscard]] bool run(const std::vector<Span>& spans, Scratch& scratch, bool team, const std::stop_token& stop) const;

    /// scratch.logits [rows, paddedToPanel(V)] of scratch.normed's rows [first, first + rows).
    void logits(Scratch& scratch, std::int64_t first, std::int64_t rows, bool team) const;

    [[nodiscard]] std::int64_t logitStride() const { return m_weights.head.paddedColumns(); }
    [[nodiscard]] std::int64_t hiddenStride() const { return paddedToPanel(m_weights.config.hiddenSize); }
    [[nodiscard]] const Kernels& kernels() const { return m_kernels; }

private:
    void multiply(
        const float* x, std::int64_t xStride, std::int64_t rows, const PackedMatrix& matrix, float* out, bool accumulate, bool team) const;
    void rotateAndStore(const std::vector<Span>& spans, Scratch& scratch, std::int64_t layer, bool team) const;
    void attend(const std::vector<Span>& spans, Scratch& scratch, std::int64_t layer, bool team) const;
    struct AttentionTask {
        const Span* span = nullptr;
        std::int64_t row = 0; // of the first position in the pass
        std::int64_t begin = 0; // positions of the sequence
        std::int64_t end = 0;
    };
    void attendSome(const AttentionTask& task, std::int64_t layer, std::int64_t kvHead, Scratch& scratch, AlignedBuffer& buffer) const;

    const PackedWeights& m_weights;
    const Kernels& m_kernels;
    std::int64_t m_leastTeamBytes;
};

} // namespace precedent::core
