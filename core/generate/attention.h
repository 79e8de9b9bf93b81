#pragma once

#include <vector>

#include "core/generate/kv_cache.h"
#include "precedent/architecture/decoder_config.h"

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

/// Queries that go through the keys and values together: new positions of one span, or the one new position of each of
/// several spans, which then read together the blocks that they share. For one key head, some of its query heads.
struct AttentionTask {
    const Span* spans = nullptr;
    std::int64_t spanCount = 0;
    std::int64_t row = 0; ///< of the first position in the pass
    std::int64_t begin = 0; ///< positions [begin, end), where there is one span
    std::int64_t end = 0;
    std::size_t shared = 0; ///< leading pieces that all spans see
    std::int64_t firstHead = 0; ///< of the key head's query heads
    std::int64_t heads = 0;

    [[nodiscard]] std::int64_t positions() const { return end - begin; } ///< of each span
    [[nodiscard]] std::int64_t rows() const { return spanCount * positions() * heads; }
};

/// Cuts a pass into tasks, each to be done for every key head: as large as a core's caches like, as many as there are
/// threads.
[[nodiscard]] std::vector<AttentionTask> planAttention(const std::vector<Span>& spans, const DecoderConfig& config, int threads);

/// Floats that attend() needs for the largest of the tasks.
[[nodiscard]] std::int64_t attentionFloats(
    const std::vector<AttentionTask>& tasks, const DecoderConfig& config, const RowKernels& rowKernels);

/// Queries [rows, queryStride], heads side by side, and where the mixed values go [rows, outStride].
struct AttentionRows {
    const float* queries = nullptr;
    std::int64_t queryStride = 0;
    float* out = nullptr;
    std::int64_t outStride = 0;
};

/// softmax(scale q k^T) v for one task and key head; `window` positions are seen at most (0: all). Each sum runs over
/// positions in order, so that how the cache is cut into blocks, and what is done together, changes nothing. `rowKernels`
/// are for keys and values kept as rows.
void attend(const Kernels& kernels, const RowKernels& rowKernels, const DecoderConfig& config, const AttentionTask& task,
    std::int64_t layer, std::int64_t kvHead, const AttentionRows& rows, float* buffer);

} // namespace precedent::core
