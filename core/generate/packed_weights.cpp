#include "core/generate/packed_weights.h"

#include <algorithm>
#include <map>

#include <ATen/ATen.h>

#include "core/model/lora.h"
#include "core/model/ops.h"
#include "core/model/threads.h"

namespace precedent::core {
namespace {

void ensure(AlignedBuffer& buffer, std::int64_t count)
{
    if (buffer.size() != count)
        buffer.reset(count);
}

void copyVector(AlignedBuffer& target, const at::Tensor& source)
{
    const at::Tensor values = source.detach().to(at::kFloat).contiguous();
    ensure(target, values.numel());
    std::copy_n(values.data_ptr<float>(), values.numel(), target.data());
}

/// Puts weight [N, K]'s rows into the matrix's columns from `first` on.
void packColumns(PackedMatrix& matrix, std::int64_t first, const at::Tensor& weight)
{
    const at::Tensor values = weight.detach().to(at::kFloat).contiguous();
    const float* source = values.data_ptr<float>();
    const std::int64_t N = values.size(0), K = values.size(1);
    float* target = matrix.data.data();
#pragma omp parallel for schedule(static) num_threads(threadCount()) if (N * K > 1 << 16)
    for (std::int64_t n = 0; n < N; ++n) {
        const std::int64_t column = first + n;
        float* panel = target + column / kPanel * matrix.panelStride() + column % kPanel;
        for (std::int64_t k = 0; k < K; ++k)
            panel[k * kPanel] = source[n * K + k];
    }
}

void shape(PackedMatrix& matrix, std::int64_t K, std::int64_t columns)
{
    matrix.K = K;
    matrix.panels = paddedToPanel(columns) / kPanel;
    ensure(matrix.data, matrix.panels * matrix.panelStride());
}

/// Finds weights by name, the adapter's part added.
class MergedWeights {
public:
    explicit MergedWeights(const Decoder& decoder)
        : m_adapter(decoder.adapter())
    {
        for (const auto& [name, tensor] : decoder.parameters())
            m_byName.emplace(name, tensor);
    }

    [[nodiscard]] at::Tensor vector(const std::string& name) const { return m_byName.at(name + ".weight").detach(); }

    [[nodiscard]] at::Tensor matrix(const std::string& module) const
    {
        const at::Tensor weight = m_byName.at(module + ".weight").detach();
        const at::Tensor update = m_adapter ? m_adapter->delta(module) : at::Tensor();
        return update.defined() ? weight + update : weight;
    }

private:
    std::map<std::string, at::Tensor> m_byName;
    std::shared_ptr<const LoraSet> m_adapter;
};

void copyLayer(PackedWeights::Layer& layer, const DecoderConfig& config, const MergedWeights& weights, const std::string& prefix)
{
    const std::int64_t C = config.hiddenSize, I = config.intermediateSize;
    const std::int64_t Q = std::int64_t{config.heads} * config.headDim, KV = std::int64_t{config.kvHeads} * config.headDim;
    copyVector(layer.inputNorm, weights.vector(prefix + "input_layernorm"));
    copyVector(layer.postNorm, weights.vector(prefix + "post_attention_layernorm"));
    shape(layer.qkv, C, Q + 2 * KV);
    packColumns(layer.qkv, 0, weights.matrix(prefix + "self_attn.q_proj"));
    packColumns(layer.qkv, Q, weights.matrix(prefix + "self_attn.k_proj"));
    packColumns(layer.qkv, Q + KV, weights.matrix(prefix + "self_attn.v_proj"));
    shape(layer.output, Q, C);
    packColumns(layer.output, 0, weights.matrix(prefix + "self_attn.o_proj"));
    shape(layer.gateUp, C, 2 * paddedToPanel(I));
    packColumns(layer.gateUp, 0, weights.matrix(prefix + "mlp.gate_proj"));
    packColumns(layer.gateUp, paddedToPanel(I), weights.matrix(prefix + "mlp.up_proj"));
    shape(layer.down, I, C);
    packColumns(layer.down, 0, weights.matrix(prefix + "mlp.down_proj"));
}

} // namespace

void PackedWeights::copyFrom(const Decoder& decoder)
{
    if (!(config == decoder.config()))
        *this = PackedWeights{};
    config = decoder.config();
    const MergedWeights weights(decoder);
    copyVector(embedding, weights.vector("model.embed_tokens"));
    layers.resize(static_cast<std::size_t>(config.layers));
    for (std::size_t i = 0; i < layers.size(); ++i)
        copyLayer(layers[i], config, weights, "model.layers." + std::to_string(i) + ".");
    copyVector(norm, weights.vector("model.norm"));
    shape(head, config.hiddenSize, config.vocabulary);
    packColumns(head, 0, decoder.headWeight());
    if (ropeCos.size() == 0) {
        const RopeTable table = makeRopeTable(
            config.contextLength, at::tensor(config.rope.frequencies(config.headDim), at::kDouble), config.rope.magnitude(), at::kFloat);
        copyVector(ropeCos, table.cos);
        copyVector(ropeSin, table.sin);
    }
}

std::int64_t PackedWeights::bytes() const
{
    std::int64_t floats = head.data.size();
    for (const Layer& layer : layers)
        floats += layer.qkv.data.size() + layer.output.data.size() + layer.gateUp.data.size() + layer.down.data.size();
    return floats * static_cast<std::int64_t>(sizeof(float));
}

} // namespace precedent::core
