#include "core/run/packed_network.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include "core/model/cancelled.h"

namespace precedent::core {
namespace {

constexpr std::int64_t kRowGrain = 64;
constexpr std::int64_t kUpdateChunk = 1 << 14; // fixed, so that sums do not depend on the thread count

float* data(const at::Tensor& tensor) { return tensor.data_ptr<float>(); }

} // namespace

void PackedBatch::add(const std::vector<int>& document)
{
    if (document.size() < 2)
        return;
    for (std::size_t i = 0; i + 1 < document.size(); ++i) {
        ids.push_back(document[i]);
        targets.push_back(document[i + 1]);
        positions.push_back(static_cast<std::int32_t>(i));
    }
    offsets.push_back(size());
}

PackedNetwork::PackedNetwork(const Decoder& decoder)
    : m_config(decoder.config())
{
    if (!m_config.isPlainLlama() || !m_config.tieEmbeddings)
        throw std::invalid_argument("PackedNetwork computes the llama family with a tied head.");
    const std::int64_t C = m_config.hiddenSize;
    const std::int64_t D = m_config.headDim;
    const std::int64_t F = m_config.intermediateSize;
    m_qkvWidth = (m_config.heads + 2 * m_config.kvHeads) * D;
    const auto take = [this](std::int64_t n) {
        m_size += n;
        return m_size - n;
    };
    const auto takeNorm = [&] {
        m_undecayed.emplace_back(m_size, m_size + C);
        return take(C);
    };
    m_embedding = take(m_config.vocabulary * C);
    for (int l = 0; l < m_config.layers; ++l) {
        Layer layer{};
        layer.norm1 = takeNorm();
        layer.qkv = take(m_qkvWidth * C);
        layer.out = take(C * m_config.heads * D);
        layer.norm2 = takeNorm();
        layer.gateUp = take(2 * F * C);
        layer.down = take(C * F);
        m_layers.push_back(layer);
    }
    m_finalNorm = takeNorm();
    const c10::InferenceMode guard;
    m_weights = at::zeros({m_size}, at::kFloat);
    m_gradient = at::zeros({m_size}, at::kFloat);
    m_first = at::zeros({m_size}, at::kFloat);
    m_second = at::zeros({m_size}, at::kFloat);
    const NamedTensors from = decoder.parameters();
    for (auto& [name, to] : named(m_weights)) {
        const auto found = std::find_if(from.begin(), from.end(), [&name = name](const auto& entry) { return entry.first == name; });
        if (found == from.end())
            throw std::invalid_argument("PackedNetwork: the decoder has no " + name);
        to.copy_(found->second);
    }
    const at::Tensor inverse = at::pow(m_config.rope.theta, at::arange(0, D, 2, at::kDouble) / -static_cast<double>(D));
    const at::Tensor angles = at::outer(at::arange(m_config.contextLength, at::kDouble), inverse);
    m_cos = angles.cos().to(at::kFloat).contiguous();
    m_sin = angles.sin().to(at::kFloat).contiguous();
}

at::Tensor PackedNetwork::matrix(const at::Tensor& flat, std::int64_t offset, std::int64_t rows, std::int64_t columns) const
{
    return flat.narrow(0, offset, rows * columns).view({rows, columns});
}

NamedTensors PackedNetwork::named(const at::Tensor& flat) const
{
    const std::int64_t C = m_config.hiddenSize;
    const std::int64_t q = static_cast<std::int64_t>(m_config.heads) * m_config.headDim;
    const std::int64_t kv = static_cast<std::int64_t>(m_config.kvHeads) * m_config.headDim;
    const std::int64_t F = m_config.intermediateSize;
    NamedTensors out;
    out.emplace_back("model.embed_tokens.weight", matrix(flat, m_embedding, m_config.vocabulary, C));
    for (std::size_t l = 0; l < m_layers.size(); ++l) {
        const Layer& layer = m_layers[l];
        const std::string prefix = "model.layers." + std::to_string(l) + ".";
        out.emplace_back(prefix + "input_layernorm.weight", flat.narrow(0, layer.norm1, C));
        out.emplace_back(prefix + "self_attn.q_proj.weight", matrix(flat, layer.qkv, q, C));
        out.emplace_back(prefix + "self_attn.k_proj.weight", matrix(flat, layer.qkv + q * C, kv, C));
        out.emplace_back(prefix + "self_attn.v_proj.weight", matrix(flat, layer.qkv + (q + kv) * C, kv, C));
        out.emplace_back(prefix + "self_attn.o_proj.weight", matrix(flat, layer.out, C, q));
        out.emplace_back(prefix + "post_attention_layernorm.weight", flat.narrow(0, layer.norm2, C));
        out.emplace_back(prefix + "mlp.gate_proj.weight", matrix(flat, layer.gateUp, F, C));
        out.emplace_back(prefix + "mlp.up_proj.weight", matrix(flat, layer.gateUp + F * C, F, C));
        out.emplace_back(prefix + "mlp.down_proj.weight", matrix(flat, layer.down, C, F));
    }
    out.emplace_back("model.norm.weight", flat.narrow(0, m_finalNorm, C));
    return out;
}

void PackedNetwork::copyTo(Decoder& decoder) const
{
    const NamedTensors from = named(m_weights);
    for (auto& [name, to] : decoder.parameters()) {
        const auto found = std::find_if(from.begin(), from.end(), [&name = name](const auto& entry) { return entry.first == name; });
        if (found == from.end())
            throw std::invalid_argument("PackedNetwork has no " + name);
        std::copy_n(data(found->second), to.numel(), data(to));
    }
}

void PackedNetwork::checkStop() const
{
    if (m_stopRequested && m_stopRequested())
        throw Cancelled();
}

void PackedNetwork::reserve(std::int64_t rows)
{
    if (rows <= m_capacity)
        return;
    m_capacity = rows;
    const std::int64_t C = m_config.hiddenSize;
    const std::int64_t A = static_cast<std::int64_t>(m_config.heads) * m_config.headDim;
    const std::int64_t F = m_config.intermediateSize;
    const auto make = [rows](std::int64_t columns) { return at::empty({rows, columns}, at::kFloat); };
    m_saved.clear();
    for (std::size_t l = 0; l < m_layers.size(); ++l) {
        m_saved.push_back(
            {make(C), make(1), make(C), make(m_qkvWidth), make(m_config.heads), make(A), make(C), make(1), make(C), make(2 * F), make(F)});
    }
    m_stream = make(C);
    m_finalInv = make(1);
    m_finalOut = make(C);
    m_dx = make(C);
    m_dn = make(C);
    m_dqkv = make(m_qkvWidth);
    m_dAttention = make(A);
    m_dh = make(F);
    m_logits = make(m_config.vocabulary);
}

void PackedNetwork::norm(const at::Tensor& x, std::int64_t weight, const at::Tensor& y, const at::Tensor& inv) const
{
    const std::int64_t C = x.size(1);
    const float* w = data(m_weights) + weight;
    at::parallel_for(0, x.size(0), kRowGrain, [&](std::int64_t from, std::int64_t to) {
        kernels::rmsNorm(data(x) + from * C, w, static_cast<float>(m_config.rmsEps), to - from, C, data(y) + from * C, data(inv) + from);
    });
}

void PackedNetwork::normBackward(
    const at::Tensor& dy, const at::Tensor& x, std::int64_t weight, const at::Tensor& inv, const at::Tensor& dx)
{
    // The weight's gradient is a sum over rows: one partial sum for each fixed chunk of rows, added in order.
    const std::int64_t rows = x.size(0);
    const std::int64_t C = x.size(1);
    constexpr std::int64_t kChunk = 256;
    const std::int64_t chunks = (rows + kChunk - 1) / kChunk;
    const at::Tensor partial = at::zeros({chunks, C}, at::kFloat);
    at::parallel_for(0, chunks, 1, [&](std::int64_t from, std::int64_t to) {
        for (std::int64_t i = from; i < to; ++i) {
            const std::int64_t r = i * kChunk;
            kernels::rmsNormBackward(data(dy) + r * C, data(x) + r * C, data(m_weights) + weight, data(inv) + r, std::min(kChunk, rows - r),
                C, data(dx) + r * C, data(partial) + i * C);
        }
    });
    m_gradient.narrow(0, weight, C).add_(partial.sum(0));
}

void PackedNetwork::rotate(const PackedBatch& batch, const at::Tensor& qkv, float sign) const
{
    at::parallel_for(0, qkv.size(0), kRowGrain, [&](std::int64_t from, std::int64_t to) {
        kernels::rope(data(qkv) + from * m_qkvWidth, to - from, m_qkvWidth, m_config.heads + m_config.kvHeads, m_config.headDim,
            batch.positions.data() + from, data(m_cos), data(m_sin), sign);
    });
}

void PackedNetwork::forwardLayer(const PackedBatch& batch, const Layer& layer, const Activations& a, const at::Tensor& next) const
{
    const std::int64_t C = m_config.hiddenSize;
    const std::int64_t A = static_cast<std::int64_t>(m_config.heads) * m_config.headDim;
    const std::int64_t F = m_config.intermediateSize;
    at::Tensor qkv = a.qkv;
    at::Tensor x2 = a.x2;
    at::Tensor gateUp = a.gateUp;
    at::Tensor out = next;
    norm(a.x1, layer.norm1, a.n1, a.inv1);
    at::mm_out(qkv, a.n1, matrix(m_weights, layer.qkv, m_qkvWidth, C).t());
    rotate(batch, qkv, 1.0F);
    attend(batch, a);
    at::addmm_out(x2, a.x1, a.attention, matrix(m_weights, layer.out, C, A).t());
    norm(x2, layer.norm2, a.n2, a.inv2);
    at::mm_out(gateUp, a.n2, matrix(m_weights, layer.gateUp, 2 * F, C).t());
    at::parallel_for(0, x2.size(0), kRowGrain,
        [&](std::int64_t from, std::int64_t to) { kernels::swiglu(data(gateUp) + from * 2 * F, to - from, F, data(a.h) + from * F); });
    at::addmm_out(out, x2, a.h, matrix(m_weights, layer.down, C, F).t());
}

// On entry m_dx holds the gradient of the layer's output; on return that of its input.
void PackedNetwork::backwardLayer(const PackedBatch& batch, const Layer& layer, const Activations& a)
{
    const std::int64_t N = batch.size();
    const std::int64_t C = m_config.hiddenSize;
    const std::int64_t A = static_cast<std::int64_t>(m_config.heads) * m_config.headDim;
    const std::int64_t F = m_config.intermediateSize;
    const at::Tensor dx = m_dx.narrow(0, 0, N);
    at::Tensor dh = m_dh.narrow(0, 0, N);
    at::Tensor dn = m_dn.narrow(0, 0, N);
    at::Tensor dAttention = m_dAttention.narrow(0, 0, N);
    const at::Tensor dqkv = m_dqkv.narrow(0, 0, N);
    const auto addGradient = [&](std::int64_t offset, const at::Tensor& dy, const at::Tensor& x) {
        at::Tensor g = matrix(m_gradient, offset, dy.size(1), x.size(1));
        g.addmm_(dy.t(), x);
    };

    addGradient(layer.down, dx, a.h);
    at::mm_out(dh, dx, matrix(m_weights, layer.down, C, F));
    at::parallel_for(0, N, kRowGrain, [&](std::int64_t from, std::int64_t to) {
        kernels::swigluBackward(data(dh) + from * F, to - from, F, data(a.gateUp) + from * 2 * F);
    });
    addGradient(layer.gateUp, a.gateUp, a.n2);
    at::mm_out(dn, a.gateUp, matrix(m_weights, layer.gateUp, 2 * F, C));
    normBackward(dn, a.x2, layer.norm2, a.inv2, dx);

    addGradient(layer.out, dx, a.attention);
    at::mm_out(dAttention, dx, matrix(m_weights, layer.out, C, A));
    attendBackward(batch, a);
    rotate(batch, dqkv, -1.0F);
    addGradient(layer.qkv, dqkv, a.n1);
    at::mm_out(dn, dqkv, matrix(m_weights, layer.qkv, m_qkvWidth, C));
    normBackward(dn, a.x1, layer.norm1, a.inv1, dx);
}

// Leaves the gradient of the stream in m_dx. The logits are overwritten by their gradient.
double PackedNetwork::headLoss(const PackedBatch& batch, float weight)
{
    const std::int64_t N = batch.size();
    const std::int64_t C = m_config.hiddenSize;
    const std::int64_t V = m_config.vocabulary;
    const at::Tensor stream = m_stream.narrow(0, 0, N);
    const at::Tensor out = m_finalOut.narrow(0, 0, N);
    at::Tensor logits = m_logits.narrow(0, 0, N);
    at::Tensor dn = m_dn.narrow(0, 0, N);
    const at::Tensor dx = m_dx.narrow(0, 0, N);
    const at::Tensor embedding = matrix(m_weights, m_embedding, V, C);
    norm(stream, m_finalNorm, out, m_finalInv);
    at::mm_out(logits, out, embedding.t());
    const std::int64_t chunks = (N + kRowGrain - 1) / kRowGrain;
    std::vector<double> losses(static_cast<std::size_t>(chunks));
    at::parallel_for(0, chunks, 1, [&](std::int64_t from, std::int64_t to) {
        for (std::int64_t i = from; i < to; ++i) {
            const std::int64_t r = i * kRowGrain;
            losses[static_cast<std::size_t>(i)] =
                kernels::crossEntropy(data(logits) + r * V, batch.targets.data() + r, std::min(kRowGrain, N - r), V, weight);
        }
    });
    matrix(m_gradient, m_embedding, V, C).addmm_(logits.t(), out);
    at::mm_out(dn, logits, embedding);
    dx.zero_();
    normBackward(dn, stream, m_finalNorm, m_finalInv, dx);
    double loss = 0;
    for (const double part : losses)
        loss += part;
    return loss;
}

double PackedNetwork::accumulate(const PackedBatch& batch, float weight)
{
    const std::int64_t N = batch.size();
    if (N == 0)
        return 0;
    const c10::InferenceMode guard;
    reserve(N);
    const at::Tensor ids = at::from_blob(const_cast<std::int64_t*>(batch.ids.data()), {N}, at::kLong);
    std::vector<Activations> views;
    for (const Activations& s : m_saved) {
        const auto cut = [N](const at::Tensor& t) { return t.narrow(0, 0, N); };
        views.push_back({cut(s.x1), cut(s.inv1), cut(s.n1), cut(s.qkv), cut(s.lse), cut(s.attention), cut(s.x2), cut(s.inv2), cut(s.n2),
            cut(s.gateUp), cut(s.h)});
    }
    const at::Tensor embedding = matrix(m_weights, m_embedding, m_config.vocabulary, m_config.hiddenSize);
    at::index_select_out(views.front().x1, embedding, 0, ids);
    for (std::size_t l = 0; l < m_layers.size(); ++l) {
        checkStop();
        forwardLayer(batch, m_layers[l], views[l], l + 1 < views.size() ? views[l + 1].x1 : m_stream.narrow(0, 0, N));
    }
    const double loss = headLoss(batch, weight);
    for (std::size_t l = m_layers.size(); l-- > 0;) {
        checkStop();
        backwardLayer(batch, m_layers[l], views[l]);
    }
    // One thread: rows of the same id must be added in order.
    const std::int64_t C = m_config.hiddenSize;
    float* to = data(m_gradient) + m_embedding;
    const float* from = data(m_dx);
    for (std::int64_t r = 0; r < N; ++r) {
        float* row = to + batch.ids[static_cast<std::size_t>(r)] * C;
        for (std::int64_t c = 0; c < C; ++c)
            row[c] += from[r * C + c];
    }
    return loss;
}

double PackedNetwork::update(const kernels::AdamStep& settings, double maxNorm, int step)
{
    const c10::InferenceMode guard;
    const std::int64_t chunks = (m_size + kUpdateChunk - 1) / kUpdateChunk;
    std::vector<double> squares(static_cast<std::size_t>(chunks));
    at::parallel_for(0, chunks, 1, [&](std::int64_t from, std::int64_t to) {
        for (std::int64_t i = from; i < to; ++i)
            squares[static_cast<std::size_t>(i)] =
                kernels::sumOfSquares(data(m_gradient) + i * kUpdateChunk, std::min(kUpdateChunk, m_size - i * kUpdateChunk));
    });
    double total = 0;
    for (const double square : squares)
        total += square;
    const double norm = std::sqrt(total);
    kernels::AdamStep s = settings;
    s.gradScale = norm > maxNorm ? static_cast<float>(maxNorm / norm) : 1.0F;
    s.correction1 = static_cast<float>(1.0 - std::pow(settings.beta1, step));
    s.correction2 = static_cast<float>(1.0 - std::pow(settings.beta2, step));

    // Spans between the norms decay; the norms themselves do not.
    const auto run = [&](std::int64_t from, std::int64_t to, float decay) {
        kernels::AdamStep part = s;
        part.weightDecay = decay;
        at::parallel_for(from, to, kUpdateChunk, [&](std::int64_t a, std::int64_t b) {
            kernels::adamW(part, b - a, data(m_gradient) + a, data(m_weights) + a, data(m_first) + a, data(m_second) + a);
        });
    };
    std::int64_t at = 0;
    for (const auto& [from, to] : m_undecayed) {
        run(at, from, settings.weightDecay);
        run(from, to, 0.0F);
        at = to;
    }
    run(at, m_size, settings.weightDecay);
    m_gradient.zero_();
    return norm;
}

} // namespace precedent::core
