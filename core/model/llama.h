#pragma once

#include <string>
#include <vector>

#include "core/model/decoder.h"
#include "core/model/ops.h"

namespace precedent::core {

/// Llama (arXiv 2302.13971) as Hugging Face's LlamaForCausalLM computes it: pre-norm RMSNorm, rotary positions in the
/// halves layout, grouped-query attention, SwiGLU, no biases, tied or separate head.
class Llama final : public Decoder {
public:
    /// tensors: those of the architecture's weights, in that order.
    Llama(const DecoderConfig& config, NamedTensors tensors);

    [[nodiscard]] const NamedTensors& parameters() const override { return m_tensors; }
    [[nodiscard]] at::Tensor hidden(const at::Tensor& ids) const override;
    [[nodiscard]] at::Tensor hiddenPacked(const at::Tensor& promptIds, const at::Tensor& suffixIds) const override;
    [[nodiscard]] at::Tensor headWeight() const override { return m_head; }

private:
    struct Layer {
        std::string prefix; // "model.layers.0."
        at::Tensor inputNorm, q, k, v, o, postNorm, gate, up, down;
    };
    struct Projected {
        at::Tensor q, k, v; // [N, H or KV, D], q and k rotated
    };

    /// Position rows of the rotary tables. Fails (c10::Error) past the context length.
    [[nodiscard]] RopeTable rope(const at::Tensor& positions) const;
    [[nodiscard]] at::Tensor embed(const at::Tensor& ids) const;
    [[nodiscard]] Projected projectQkv(const Layer& layer, const at::Tensor& x, const RopeTable& rope) const;
    /// What follows attention: output projection, residual, feed-forward, residual. x, mixed [N, C], [N, H D].
    [[nodiscard]] at::Tensor finishLayer(const Layer& layer, const at::Tensor& x, const at::Tensor& mixed) const;

    NamedTensors m_tensors;
    at::Tensor m_embedding; // [V, C]
    std::vector<Layer> m_layers;
    at::Tensor m_norm; // [C]
    at::Tensor m_head; // [V, C]
    RopeTable m_rope; // [context, D/2]
};

} // namespace precedent::core
