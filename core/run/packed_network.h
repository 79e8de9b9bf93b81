#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/model/decoder.h"
#include "core/run/packed_kernels.h"
#include "precedent/architecture/decoder_config.h"

namespace precedent::core {

/// Documents one after the other, no padding: position i of document d is row offsets[d] + i, and sees only its own
/// document's rows up to itself.
struct PackedBatch {
    std::vector<std::int64_t> ids;
    std::vector<std::int32_t> targets; ///< the id that follows each
    std::vector<std::int32_t> positions;
    std::vector<std::int64_t> offsets = {0}; ///< documents + 1

    [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(ids.size()); }
    /// Appends ids[0..n-2] with targets ids[1..n-1]; a document of fewer than two ids adds nothing.
    void add(const std::vector<int>& document);
};

/// A Llama-family decoder with tied head and its gradient written out by hand, for pretraining: no padding, no autograd
/// graph, q, k and v as well as gate and up in one product each, buffers kept between steps. Decoder is the plain path
/// beside it; tst_pretrain checks loss and every gradient against it.
///
/// float32, CPU. Thread: one at a time. Throws c10::Error and Cancelled.
class PackedNetwork {
public:
    /// Takes a copy of the decoder's weights. The config must be isPlainLlama() and the head tied
    /// (std::invalid_argument).
    explicit PackedNetwork(const Decoder& decoder);

    /// Adds `weight` times the gradient of the summed next-token loss to gradient(). Returns that sum (unweighted).
    double accumulate(const PackedBatch& batch, float weight);

    /// Clips the gradient to `maxNorm`, does one AdamW step (decay on matrices only) and zeroes the gradient. Returns the
    /// norm before clipping. `step` counts from 1.
    double update(const kernels::AdamStep& settings, double maxNorm, int step);

    /// All weights in one row, and the optimiser's moments beside them; a checkpoint is these three. [n] float32.
    [[nodiscard]] at::Tensor& weights() { return m_weights; }
    [[nodiscard]] at::Tensor& firstMoment() { return m_first; }
    [[nodiscard]] at::Tensor& secondMoment() { return m_second; }
    [[nodiscard]] at::Tensor& gradient() { return m_gradient; }

    /// `flat` (weights() or gradient()) under Hugging Face's names: views that share its storage.
    [[nodiscard]] NamedTensors named(const at::Tensor& flat) const;

    /// Copies the weights into a decoder of the same configuration.
    void copyTo(Decoder& decoder) const;

    /// Asked between layers; throws Cancelled when it answers true.
    void setStopCheck(std::function<bool()> stopRequested) { m_stopRequested = std::move(stopRequested); }

private:
    struct Layer {
        std::int64_t norm1, qkv, out, norm2, gateUp, down; // offsets into the flat tensors
    };
    // What one layer's backward needs, [rows, ..] each; lse is [heads, rows].
    struct Activations {
        at::Tensor x1, inv1, n1, qkv, lse, attention, x2, inv2, n2, gateUp, h;
    };
    // A head of one document: its rows in the batch.
    struct Block {
        std::int64_t first, rows, head;
    };

    void reserve(std::int64_t rows);
    void checkStop() const;
    [[nodiscard]] at::Tensor matrix(const at::Tensor& flat, std::int64_t offset, std::int64_t rows, std::int64_t columns) const;
    void norm(const at::Tensor& x, std::int64_t weight, const at::Tensor& y, const at::Tensor& inv) const;
    void normBackward(const at::Tensor& dy, const at::Tensor& x, std::int64_t weight, const at::Tensor& inv, const at::Tensor& dx);
    void rotate(const PackedBatch& batch, const at::Tensor& qkv, float sign) const;
    void forwardLayer(const PackedBatch& batch, const Layer& layer, const Activations& a, const at::Tensor& next) const;
    void backwardLayer(const PackedBatch& batch, const Layer& layer, const Activations& a);
    double headLoss(const PackedBatch& batch, float weight);
    void attend(const PackedBatch& batch, const Activations& a) const;
    void attendBackward(const PackedBatch& batch, const Activations& a);
    void attendBlock(const Block& block, const Activations& a, const at::Tensor& scratch) const;
    void attendBlockBackward(const Block& block, const Activations& a, const at::Tensor& scratch, bool firstOfKv);

    DecoderConfig m_config;
    std::int64_t m_qkvWidth = 0;
    std::int64_t m_embedding = 0;
    std::int64_t m_finalNorm = 0;
    std::int64_t m_size = 0;
    std::vector<Layer> m_layers;
    std::vector<std::pair<std::int64_t, std::int64_t>> m_undecayed; // spans of the norms
    at::Tensor m_weights, m_gradient, m_first, m_second; // [m_size]
    at::Tensor m_cos, m_sin; // [context, D/2]
    std::int64_t m_capacity = 0;
    std::vector<Activations> m_saved; // [m_capacity, ..]
    at::Tensor m_stream, m_finalInv, m_finalOut, m_dx, m_dn, m_dqkv, m_dAttention, m_dh, m_logits; // [m_capacity, ..]
    std::function<bool()> m_stopRequested;
};

} // namespace precedent::core
