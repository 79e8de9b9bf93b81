#include "core/model/llama.h"

#include <ATen/ATen.h>

namespace precedent::core {
namespace {

std::shared_ptr<Decoder> buildLlama(const DecoderConfig& config, NamedTensors tensors)
{
    return std::make_shared<Llama>(config, std::move(tensors));
}

const DecoderFamilyRegistration kRegistration({"llama", &buildLlama});

} // namespace

Llama::Llama(const DecoderConfig& config, NamedTensors tensors)
    : Decoder(config)
    , m_tensors(std::move(tensors))
{
    std::size_t next = 0;
    const auto take = [&] { return m_tensors[next++].second; };
    m_embedding = take();
    for (int i = 0; i < config.layers; ++i) {
        Layer layer;
        layer.prefix = "model.layers." + std::to_string(i) + ".";
        for (at::Tensor* weight :
            {&layer.inputNorm, &layer.q, &layer.k, &layer.v, &layer.o, &layer.postNorm, &layer.gate, &layer.up, &layer.down})
            *weight = take();
        m_layers.push_back(std::move(layer));
    }
    m_norm = take();
    m_head = config.tieEmbeddings ? m_embedding : take();
    m_rope = makeRopeTable(config.contextLength, config.headDim, config.ropeTheta, m_embedding.scalar_type());
}

RopeTable Llama::rope(const at::Tensor& positions) const
{
    return {m_rope.cos.index_select(0, positions), m_rope.sin.index_select(0, positions)};
}

at::Tensor Llama::embed(const at::Tensor& ids) const
{
    return at::embedding(m_embedding, ids.reshape({-1})); // [N, C]
}

Llama::Projected Llama::projectQkv(const Layer& layer, const at::Tensor& x, const RopeTable& rope) const
{
    const std::int64_t N = x.size(0), D = config().headDim;
    const std::string module = layer.prefix + "self_attn.";
    const at::Tensor normed = rmsNorm(x, layer.inputNorm, config().rmsEps);
    return {rotate(project(normed, layer.q, module + "q_proj").view({N, -1, D}), rope.cos, rope.sin),
        rotate(project(normed, layer.k, module + "k_proj").view({N, -1, D}), rope.cos, rope.sin),
        project(normed, layer.v, module + "v_proj").view({N, -1, D})};
}

at::Tensor Llama::finishLayer(const Layer& layer, const at::Tensor& x, const at::Tensor& mixed) const
{
    const at::Tensor residual = x + project(mixed, layer.o, layer.prefix + "self_attn.o_proj");
    const at::Tensor normed = rmsNorm(residual, layer.postNorm, config().rmsEps);
    const at::Tensor gate = project(normed, layer.gate, layer.prefix + "mlp.gate_proj");
    const at::Tensor up = project(normed, layer.up, layer.prefix + "mlp.up_proj");
    return residual + project(swiGlu(gate, up), layer.down, layer.prefix + "mlp.down_proj");
}

at::Tensor Llama::hidden(const at::Tensor& ids) const
{
    const std::int64_t B = ids.size(0), T = ids.size(1);
    const RopeTable rows = rope(at::arange(T, at::kLong).repeat({B}));
    at::Tensor x = embed(ids);
    for (const Layer& layer : m_layers) {
        checkStop();
        const auto [q, k, v] = projectQkv(layer, x, rows);
        const auto shaped = [&](const at::Tensor& t) { return t.reshape({B, T, t.size(1), t.size(2)}); };
        x = finishLayer(layer, x, causalAttention(shaped(q), shaped(k), shaped(v)).reshape({B * T, -1}));
    }
    return rmsNorm(x, m_norm, config().rmsEps).view({B, T, -1});
}

at::Tensor Llama::hiddenPacked(const at::Tensor& promptIds, const at::Tensor& suffixIds) const
{
    const std::int64_t P = promptIds.size(0), G = suffixIds.size(0), S = suffixIds.size(1);
    // The last suffix token predicts nothing that is asked for, so only the first S - 1 are computed.
    const std::int64_t L = S > 0 ? S - 1 : 0;
    const at::Tensor ids = at::cat({promptIds, suffixIds.slice(1, 0, L).reshape({-1})}); // [P + G L]
    const RopeTable rows = rope(at::cat({at::arange(P, at::kLong), at::arange(P, P + L, at::kLong).repeat({G})}));
    at::Tensor x = embed(ids);
    for (const Layer& layer : m_layers) {
        checkStop();
        const auto [q, k, v] = projectQkv(layer, x, rows);
        const auto prompt = [&](const at::Tensor& t) { return t.slice(0, 0, P).unsqueeze(0); };
        const auto suffix = [&](const at::Tensor& t) { return t.slice(0, P).view({G, L, t.size(1), t.size(2)}); };
        at::Tensor mixed = causalAttention(prompt(q), prompt(k), prompt(v)).reshape({P, -1});
        if (L > 0) {
            const at::Tensor own = suffixAttention(suffix(q), suffix(k), suffix(v), k.slice(0, 0, P), v.slice(0, 0, P));
            mixed = at::cat({mixed, own.reshape({G * L, -1})});
        }
        x = finishLayer(layer, x, mixed);
    }
    const at::Tensor normed = rmsNorm(x, m_norm, config().rmsEps);
    const at::Tensor first = normed.slice(0, P - 1, P).unsqueeze(0).expand({G, 1, -1}); // predicts every suffix's token 0
    return at::cat({first, normed.slice(0, P).reshape({G, L, normed.size(1)})}, 1).slice(1, 0, S);
}

} // namespace precedent::core
