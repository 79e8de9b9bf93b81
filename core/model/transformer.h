#pragma once

#include <string>
#include <vector>

#include "core/model/decoder.h"
#include "core/model/ops.h"
#include "core/model/recompute.h"

namespace precedent::core {

/// The decoder that all known architectures are cases of, as DecoderConfig says: pre-norm RMSNorm (and sandwich norms),
/// rotary positions in the halves layout, grouped-query attention over all or a window, a gated feed-forward, tied or
/// separate head. Held against recorded numbers of transformers for each architecture (tst_architectures).
class Transformer final : public Decoder {
public:
    /// tensors: those of decoderWeights(config), in that order.
    Transformer(const DecoderConfig& config, NamedTensors tensors);

    [[nodiscard]] const NamedTensors& parameters() const override { return m_tensors; }
    [[nodiscard]] at::Tensor hidden(const at::Tensor& ids) const override;
    [[nodiscard]] at::Tensor hiddenPacked(const std::vector<PackedGroup>& groups, const Prefix& before) const override;
    [[nodiscard]] at::Tensor hiddenOfPrompt(const at::Tensor& ids, Prefix& prefix) const override;
    [[nodiscard]] at::Tensor hiddenOfStep(const at::Tensor& ids, GroupCache& cache) const override;
    [[nodiscard]] at::Tensor headWeight() const override { return m_head; }

private:
    struct Layer {
        LayerConfig config;
        at::Tensor inputNorm, queryNorm, keyNorm, attentionNorm, feedForwardNorm, outputNorm; // undefined where there is none
        Projection q, k, v, o, gate, up, down;
    };
    struct Projected {
        at::Tensor q, k, v; // [N, H or KV, D], q and k turned
    };
    /// The rows of a packed group in a pass: P of its prompt, then those of each completion that predict one of its tokens, without
    /// padding.
    struct PackedRows {
        explicit PackedRows(const PackedGroup& group);

        std::int64_t P, L; // L: of the longest completion
        std::vector<std::int64_t> lengths; // [G]
        std::int64_t R; // their sum
    };
    /// Rows of the rotary tables for the positions of one pass.
    struct RopeRows {
        RopeTable global, local;
    };
    /// Tables up to the furthest position that was asked for.
    class Rope {
    public:
        Rope(const RopeConfig& config, int headDim, const at::TensorOptions& options);
        [[nodiscard]] RopeTable rows(const at::Tensor& positions, std::int64_t count) const;

    private:
        at::Tensor m_frequencies; // [D/2] float64
        double m_magnitude;
        at::TensorOptions m_options;
        mutable RopeTable m_table;
    };

    /// Fails (c10::Error) past the context length. positions < count.
    [[nodiscard]] RopeRows ropeRows(const at::Tensor& positions, std::int64_t count) const;
    [[nodiscard]] at::Tensor embed(const at::Tensor& ids) const;
    [[nodiscard]] at::Tensor norm(const at::Tensor& x, const at::Tensor& weight) const;
    [[nodiscard]] Projected projectQkv(const Layer& layer, const at::Tensor& x, const RopeRows& rows) const;
    /// What follows attention: output projection, residual, feed-forward, residual. x, mixed [N, C], [N, H D].
    [[nodiscard]] at::Tensor finishLayer(const Layer& layer, const at::Tensor& x, const at::Tensor& mixed) const;
    /// Attention of packed groups that come after a layer's keys and values `before` (undefined: after nothing): [N, H D].
    [[nodiscard]] at::Tensor attendPacked(const Layer& layer, const Projected& own, const std::vector<PackedRows>& groups,
        const at::Tensor& beforeK, const at::Tensor& beforeV) const;
    /// layer(inputs), or the same with its inner values computed again in the backward. inputs[0] is the residual stream.
    [[nodiscard]] std::vector<at::Tensor> run(const LayerFunction& layer, std::vector<at::Tensor> inputs) const;
    [[nodiscard]] AttentionOptions attention(const Layer& layer) const { return {config().scoreScale(), layer.config.window}; }

    NamedTensors m_tensors;
    at::Tensor m_embedding; // [V, C]
    std::vector<Layer> m_layers;
    at::Tensor m_norm; // [C]
    at::Tensor m_head; // [V, C]
    Rope m_rope, m_localRope;
};

} // namespace precedent::core
