#include "core/model/transformer.h"

#include <algorithm>
#include <map>
#include <numeric>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
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

// A completion's last token predicts nothing that is asked for.
Transformer::PackedRows::PackedRows(const PackedGroup& group)
    : P(group.prompt.size(0))
    , L(std::max<std::int64_t>(0, group.completions.size(1) - 1))
    , lengths(static_cast<std::size_t>(group.completions.size(0)), L)
{
    for (std::size_t g = 0; g < group.lengths.size(); ++g)
        lengths[g] = std::clamp<std::int64_t>(group.lengths[g] - 1, 0, L);
    R = std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
}

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

std::vector<at::Tensor> Transformer::run(const LayerFunction& layer, std::vector<at::Tensor> inputs) const
{
    checkStop();
    if (!recomputes() || !c10::GradMode::is_enabled())
        return layer(inputs);
    if (!inputs.front().requires_grad()) // else nothing would ask for an adapter's gradients
        inputs.front() = inputs.front().detach().requires_grad_(true);
    return recomputed(layer, inputs);
}

at::Tensor Transformer::attendPacked(const Layer& layer, const Projected& own, const std::vector<PackedRows>& groups,
    const at::Tensor& beforeK, const at::Tensor& beforeV) const
{
    std::vector<at::Tensor> mixed;
    std::int64_t first = 0;
    for (const PackedRows& group : groups) {
        const std::int64_t P = group.P;
        const auto prompt = [&](const at::Tensor& t) { return t.slice(0, first, first + P); };
        const auto completions = [&](const at::Tensor& t) { return t.slice(0, first + P, first + P + group.R); };
        const at::Tensor q = prompt(own.q), k = prompt(own.k), v = prompt(own.v);
        mixed.push_back((beforeK.defined() ? suffixAttention(q, k, v, {P}, beforeK, beforeV, attention(layer))
                                           : causalAttention(q.unsqueeze(0), k.unsqueeze(0), v.unsqueeze(0), attention(layer)))
                            .reshape({P, -1}));
        if (group.R > 0) {
            const at::Tensor allK = beforeK.defined() ? at::cat({beforeK, k}) : k, allV = beforeV.defined() ? at::cat({beforeV, v}) : v;
            mixed.push_back(
                suffixAttention(completions(own.q), completions(own.k), completions(own.v), group.lengths, allK, allV, attention(layer))
                    .reshape({group.R, -1}));
        }
        first += P + group.R;
    }
    return mixed.size() == 1 ? mixed.front() : at::cat(mixed);
}

at::Tensor Transformer::hiddenPacked(const std::vector<PackedGroup>& groups, const Prefix& before) const
{
    const std::int64_t F = before.length();
    std::int64_t furthest = 0;
    std::vector<at::Tensor> ids, positions;
    std::vector<PackedRows> layout;
    for (const PackedGroup& group : groups) {
        const PackedRows& own = layout.emplace_back(group);
        furthest = std::max(furthest, F + own.P + own.L);
        ids.push_back(group.prompt);
        positions.push_back(at::arange(F, F + own.P, group.prompt.options()));
        for (std::size_t g = 0; g < own.lengths.size(); ++g) {
            ids.push_back(group.completions[static_cast<std::int64_t>(g)].slice(0, 0, own.lengths[g]));
            positions.push_back(at::arange(F + own.P, F + own.P + own.lengths[g], group.prompt.options()));
        }
    }
    const RopeRows rows = ropeRows(at::cat(positions), furthest);
    at::Tensor x = embed(at::cat(ids)); // [N, C]
    for (std::size_t i = 0; i < m_layers.size(); ++i) {
        const Layer& layer = m_layers[i];
        const auto pass = [this, &layer, rows, layout](const std::vector<at::Tensor>& in) -> std::vector<at::Tensor> {
            const bool after = in.size() > 1;
            const at::Tensor mixed =
                attendPacked(layer, projectQkv(layer, in[0], rows), layout, after ? in[1] : at::Tensor(), after ? in[2] : at::Tensor());
            return {finishLayer(layer, in[0], mixed)};
        };
        x = F > 0 ? run(pass, {x, before.k[i], before.v[i]})[0] : run(pass, {x})[0];
    }
    const at::Tensor normed = norm(x, m_norm);
    std::vector<at::Tensor> hidden;
    std::int64_t first = 0;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const std::int64_t G = groups[i].completions.size(0), S = groups[i].completions.size(1), ownFrom = first + layout[i].P;
        const at::Tensor last = normed.slice(0, ownFrom - 1, ownFrom).unsqueeze(0).expand({G, 1, -1}); // predicts token 0
        const at::Tensor own =
            paddedSequences(normed.slice(0, ownFrom, ownFrom + layout[i].R), layout[i].lengths, layout[i].L); // [G, L, C]
        hidden.push_back(at::cat({last, own}, 1).slice(1, 0, S).reshape({G * S, normed.size(1)}));
        first = ownFrom + layout[i].R;
    }
    return hidden.size() == 1 ? hidden.front() : at::cat(hidden);
}

at::Tensor Transformer::hiddenOfPrompt(const at::Tensor& ids, Prefix& prefix) const
{
    const std::int64_t P = ids.size(0);
    const RopeRows rows = ropeRows(at::arange(P, ids.options()), P);
    prefix = {};
    at::Tensor x = embed(ids);
    for (const Layer& layer : m_layers) {
        const auto pass = [this, &layer, rows, P](const std::vector<at::Tensor>& in) -> std::vector<at::Tensor> {
            const auto [q, k, v] = projectQkv(layer, in[0], rows);
            const at::Tensor mixed = causalAttention(q.unsqueeze(0), k.unsqueeze(0), v.unsqueeze(0), attention(layer)).reshape({P, -1});
            return {finishLayer(layer, in[0], mixed), k, v};
        };
        std::vector<at::Tensor> out = run(pass, {x});
        x = out[0];
        prefix.k.push_back(out[1]);
        prefix.v.push_back(out[2]);
    }
    return norm(x, m_norm);
}

at::Tensor Transformer::hiddenOfStep(const at::Tensor& ids, GroupCache& cache) const
{
    constexpr std::int64_t kRoomAtOnce = 64;
    const std::int64_t G = ids.size(0), position = cache.prompt.length() + cache.length, next = cache.length + 1;
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
            q, cache.ownK[i].slice(1, 0, next), cache.ownV[i].slice(1, 0, next), cache.prompt.k[i], cache.prompt.v[i], attention(layer));
        x = finishLayer(layer, x, mixed.reshape({G, -1}));
    }
    cache.length = next;
    return norm(x, m_norm);
}

} // namespace precedent::core
