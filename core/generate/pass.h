#pragma once

#include <atomic>
#include <initializer_list>
#include <stop_token>
#include <vector>

#include "core/generate/forward.h"
#include "core/generate/team.h"

namespace precedent::core {

/// One run of rows through the layers: the stages that every thread of a team goes through together. Made before the
/// team starts (all memory is taken then), used once.
class Pass {
public:
    Pass(const PackedWeights& weights, const KernelChoice& kernels, Phase phase, const std::vector<Span>& spans, Scratch& scratch,
        int threads);
    /// For the head alone, over rows that scratch.normed holds already.
    Pass(const PackedWeights& weights, const KernelChoice& kernels, Phase phase, std::int64_t rows, Scratch& scratch, int threads);

    /// All layers and the last norm. False, on every thread, if stopped.
    [[nodiscard]] bool layers(Team::Member& member, const std::stop_token& stop);
    /// Logits of normed's rows [first, first + rows).
    void head(Team::Member& member, std::int64_t first, std::int64_t rows);
    /// Logits of some rows of normed, by way of scratch.picked.
    void head(Team::Member& member, const std::vector<std::int64_t>& rows);

private:
    /// A product and where its columns go.
    struct Product {
        const Linear* linear = nullptr;
        float* out = nullptr;
        std::int64_t outStride = 0;
        bool accumulate = false;
    };
    struct RowPlace {
        const Span* span = nullptr;
        std::int64_t position = 0;
    };

    void reserve(std::int64_t rows, int threads);
    void embed(Team::Member& member);
    /// x += branch where it is pending, normed first if branchNorm is not empty; then normed = norm(x), readied for products.
    void addAndNorm(Team::Member& member, bool pending, const AlignedBuffer& branchNorm, const AlignedBuffer& weight);
    /// Readies rows for products with bfloat16 rows, if there are any.
    [[nodiscard]] ProductInput ready(Team::Member& member, const float* x, std::int64_t xStride, std::int64_t rows, std::int64_t K);
    /// x A^T for each of the products that has an adapter.
    void narrow(Team::Member& member, std::initializer_list<const Linear*> linears, const ProductInput& input);
    /// The input as the index-th of those products takes it.
    [[nodiscard]] ProductInput narrowed(ProductInput input, std::size_t index) const;
    void headOf(Team::Member& member, const float* x, std::int64_t rows);
    void multiply(Team::Member& member, std::initializer_list<Product> products, const ProductInput& input);
    void attention(Team::Member& member, std::int64_t layer);
    void rotateAndStore(Team::Member& member, std::int64_t layer);
    void gated(Team::Member& member, const PackedWeights::Layer& layer, const ProductInput& input);
    /// The product that ends a branch: into `branch`, and true as it is pending; or straight onto x, whose sums start from it.
    [[nodiscard]] bool back(Team::Member& member, const Linear& linear, const ProductInput& input, const AlignedBuffer& branchNorm);
    [[nodiscard]] ProductInput normedInput() const;

    const PackedWeights& m_weights;
    const Kernels& m_floats;
    const RowKernels& m_rowKernels;
    Scratch& m_scratch;
    std::int64_t m_rows = 0;
    std::vector<RowPlace> m_places; // by row
    std::vector<AttentionTask> m_attention;
    std::int64_t m_xStride = 0;
    std::int64_t m_keyStart = 0; // columns of qkv
    std::int64_t m_valueStart = 0;
    std::int64_t m_qkvStride = 0;
    std::int64_t m_mixedStride = 0;
    std::int64_t m_gateStride = 0;
    std::int64_t m_narrowStride = 0; // of one product's part
    std::atomic<bool> m_stopped{false};
};

} // namespace precedent::core
