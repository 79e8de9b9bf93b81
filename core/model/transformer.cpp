#include "core/model/transformer.h"

#include <map>

#include <ATen/ATen.h>
#include <c10/util/Exception.h>

namespace precedent::core {
namespace {

constexpr std::int64_t kLeastTable = 1024; // positions

/// Activations are float32 beside weights of two bytes, else as the weights.
at::TensorOptions activationOptions(const at::Tensor& weight)
{
    return weight.options().dtype(weight.scalar_type() == at::kDouble ? at::kDouble : at::kFloat).requires_grad(false);
}

} // namespace

Transformer::Rope::Rope(const RopeConfig& config, int headDim, const at::TensorOptions& options)
    : m_frequencies(at::tensor(config.frequencies(headDim), at::kDouble))
    , m_magnitude(config.magnitude())
    , m_options(options)
{
}

RopeTable Transformer::Rope::rows(const at::Tensor& positions, std::int64_t count) const
{
    if (!m_table.cos.defined() || m_table.cos.size(0) < count) {
        std::int64_t length = kLeastTable;
        while (length < count)
            length *= 2;
        m_table = makeRopeTable(length, m_frequencies, m_magnitude, m_options);
    }
    return {m_table.cos.index_select(0, positions), m_table.sin.index_select(0, positions)};
}

Transformer::Transformer(const DecoderConfig& config, NamedTensors tensors)
    : Decoder(config)
    , m_tensors(std::move(tensors))
    , m_embedding(m_tensors.front().second)
    , m_rope(config.rope, config.headDim, activationOptions(m_embedding))
    , m_localRope(config.localRope, config.headDim, activationOptions(m_embedding))
{
    std::map<std::string, at::Tensor> byName(m_tensors.begin(), m_tensors.end());
    const auto find = [&](const std::string& name) {
        const auto found = byName.find(name);
        return found == byName.end() ? at::Tensor() : found->second;
    };
    for (int i = 0; i < config.layers; ++i) {
        const std::string prefix = "model.layers." + std::to_string(i) + ".";
        const auto projection = [&](const std::string& module) {
            return Projection{prefix + module, find(prefix + module + ".weight"), find(prefix + module + ".bias")};
        };
        Layer layer;
        layer.config = config.layer(i);
        layer.inputNorm = find(prefix + "input_layernorm.weight");
        layer.queryNorm = find(prefix + "self_attn.q_norm.weight");
        layer.keyNorm = find(prefix + "self_attn.k_norm.weight");
        // Sandwich norms have this name for what attention gives back; without them it is the feed-forward's own.
        layer.attentionNorm = config.sandwichNorms ? find(prefix + "post_attention_layernorm.weight") : at::Tensor();
        layer.feedForwardNorm =
            find(prefix + (config.sandwichNorms ? "pre_feedforward_layernorm.weight" : "post_attention_layernorm.weight"));
        layer.outputNorm = find(prefix + "post_feedforward_layernorm.weight");
        layer.q = projection("self_attn.q_proj");
        layer.k = projection("self_attn.k_proj");
        layer.v = projection("self_attn.v_proj");
        layer.o = projection("self_attn.o_proj");
        layer.gate = projection("mlp.gate_proj");
        layer.up = projection("mlp.up_proj");
        layer.down = projection("mlp.down_proj");
        m_layers.push_back(std::move(layer));
    }
    m_norm = find("model.norm.weight");
    m_head = config.tieEmbeddings ? m_embedding : find("lm_head.weight");
}

Transformer::RopeRows Transformer::ropeRows(const at::Tensor& positions, std::int64_t count) const
{
    TORCH_CHECK_INDEX(count <= config().contextLength, "position ", count - 1, " is past the context of ", config().contextLength);
    RopeRows rows;
    rows.global = m_rope.rows(positions, count);
    for (const Layer& layer : m_layers) {
        if (layer.config.rope == LayerConfig::Rope::local) {
            rows.local = m_localRope.rows(positions, count);
            break;
        }
    }
    return rows;
}

at::Tensor Transformer::embed(const at::Tensor& ids) const
{
    const at::Tensor rows = at::embedding(m_embedding, ids.reshape({-1})); // [N, C]
    const at::Tensor x = rows.scalar_type() == at::kBFloat16 ? rows.to(at::kFloat) : rows;
    return config().embeddingScale == 1.0 ? x : x * config().embeddingScale;
}

at::Tensor Transformer::norm(const at::Tensor& x, const at::Tensor& weight) const
{
    return rmsNorm(x, config().unitOffsetNorms ? weight + 1 : weight, config().rmsEps);
}

Transformer::Projected Transformer::projectQkv(const Layer& layer, const at::Tensor& x, const RopeRows& rows) const
{
    const std::int64_t N = x.size(0), D = config().headDim;
    const at::Tensor normed = norm(x, layer.inputNorm);
    at::Tensor q = project(normed, layer.q).view({N, -1, D}), k = project(normed, layer.k).view({N, -1, D});
    const at::Tensor v = project(normed, layer.v).view({N, -1, D});
    if (layer.queryNorm.defined()) {
        q = norm(q, layer.queryNorm);
        k = norm(k, layer.keyNorm);
    }
    if (layer.config.rope == LayerConfig::Rope::none)
        return {q, k, v};
    const RopeTable& table = layer.config.rope == LayerConfig::Rope::local ? rows.local : rows.global;
    return {rotate(q, table.cos, table.sin), rotate(k, table.cos, table.sin), v};
}

at::Tensor Transformer::finishLayer(const Layer& layer, const at::Tensor& x, const at::Tensor& mixed) const
{
    at::Tensor attended = project(mixed, layer.o);
    if (layer.attentionNorm.defined())
        attended = norm(attended, layer.attentionNorm);
    const at::Tensor residual = x + attended;
    const at::Tensor normed = norm(residual, layer.feedForwardNorm);
    const at::Tensor gated = config().activation == Activation::geluTanh ? geluGlu(project(normed, layer.gate), project(normed, layer.up))
                                                                         : swiGlu(project(normed, layer.gate), project(normed, layer.up));
    at::Tensor output = project(gated, layer.down);
    if (layer.outputNorm.defined())
        output = norm(output, layer.outputNorm);
    return residual + output;
}

at::Tensor Transformer::hidden(const at::Tensor& ids) const
{
    const std::int64_t B = ids.size(0), T = ids.size(1);
    const RopeRows rows = ropeRows(at::arange(T, ids.options()).repeat({B}), T);
    at::Tensor x = embed(ids);
    for (const Layer& layer : m_layers) {
        checkStop();
        const auto [q, k, v] = projectQkv(layer, x, rows);
        const auto shaped = [&](const at::Tensor& t) { return t.reshape({B, T, t.size(1), t.size(2)}); };
        x = finishLayer(layer, x, causalAttention(shaped(q), shaped(k), shaped(v), attention(layer)).reshape({B * T, -1}));
    }
    return norm(x, m_norm).view({B, T, -1});
}

at::Tensor Transformer::hiddenPacked(const at::Tensor& promptIds, const at::Tensor& suffixIds) const
{
    const std::int64_t P = promptIds.size(0), G = suffixIds.size(0), S = suffixIds.size(1);
    // The last suffix token predicts nothing that is asked for, so only the first S - 1 are computed.
    const std::int64_t L = S > 0 ? S - 1 : 0;
    const at::Tensor ids = at::cat({promptIds, suffixIds.slice(1, 0, L).reshape({-1})}); // [P + G L]
    const at::Tensor positions = at::arange(P + L, ids.options());
    const RopeRows rows = ropeRows(at::cat({positions.slice(0, 0, P), positions.slice(0, P).repeat({G})}), P + L);
    at::Tensor x = embed(ids);
    for (const Layer& layer : m_layers) {
        checkStop();
        const auto [q, k, v] = projectQkv(layer, x, rows);
        const auto prompt = [&](const at::Tensor& t) { return t.slice(0, 0, P).unsqueeze(0); };
        const auto suffix = [&](const at::Tensor& t) { return t.slice(0, P).view({G, L, t.size(1), t.size(2)}); };
        at::Tensor mixed = causalAttention(prompt(q), prompt(k), prompt(v), attention(layer)).reshape({P, -1});
        if (L > 0) {
            const at::Tensor own = suffixAttention(suffix(q), suffix(k), suffix(v), k.slice(0, 0, P), v.slice(0, 0, P), attention(layer));
            mixed = at::cat({mixed, own.reshape({G * L, -1})});
        }
        x = finishLayer(layer, x, mixed);
    }
    const at::Tensor normed = norm(x, m_norm);
    const at::Tensor first = normed.slice(0, P - 1, P).unsqueeze(0).expand({G, 1, -1}); // predicts every suffix's token 0
    return at::cat({first, normed.slice(0, P).reshape({G, L, normed.size(1)})}, 1).slice(1, 0, S);
}

at::Tensor Transformer::hiddenOfPrompt(const at::Tensor& ids, GroupCache& cache) const
{
    const std::int64_t P = ids.size(0);
    const RopeRows rows = ropeRows(at::arange(P, ids.options()), P);
    cache = {};
    at::Tensor x = embed(ids);
    for (const Layer& layer : m_layers) {
        checkStop();
        const auto [q, k, v] = projectQkv(layer, x, rows);
        cache.promptK.push_back(k);
        cache.promptV.push_back(v);
        x = finishLayer(layer, x, causalAttention(q.unsqueeze(0), k.unsqueeze(0), v.unsqueeze(0), attention(layer)).reshape({P, -1}));
    }
    return norm(x, m_norm);
}

at::Tensor Transformer::hiddenOfStep(const at::Tensor& ids, GroupCache& cache) const
{
    constexpr std::int64_t kRoomAtOnce = 64;
    const std::int64_t G = ids.size(0), position = cache.promptK.front().size(0) + cache.length, next = cache.length + 1;
    const RopeRows rows = ropeRows(at::full({G}, position, ids.options()), position + 1);
    at::Tensor x = embed(ids);
    for (std::size_t i = 0; i < m_layers.size(); ++i) {
        checkStop();
        const Layer& layer = m_layers[i];
        const auto [q, k, v] = projectQkv(layer, x, rows);
        if (cache.ownK.size() <= i) {
            cache.ownK.push_back(k.new_empty({G, kRoomAtOnce, k.size(1), k.size(2)}));
            cache.ownV.push_back(at::empty_like(cache.ownK.back()));
        } else if (cache.ownK[i].size(1) < next) {
            cache.ownK[i] = at::cat({cache.ownK[i], at::empty_like(cache.ownK[i])}, 1);
            cache.ownV[i] = at::cat({cache.ownV[i], at::empty_like(cache.ownV[i])}, 1);
        }
        cache.ownK[i].select(1, cache.length).copy_(k);
        cache.ownV[i].select(1, cache.length).copy_(v);
        const at::Tensor mixed = plain::stepAttention(
            q, cache.ownK[i].slice(1, 0, next), cache.ownV[i].slice(1, 0, next), cache.promptK[i], cache.promptV[i], attention(layer));
        x = finishLayer(layer, x, mixed.reshape({G, -1}));
    }
    cache.length = next;
    return norm(x, m_norm);
}

} // namespace precedent::core
