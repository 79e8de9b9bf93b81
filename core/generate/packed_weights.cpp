#include "core/generate/packed_weights.h"

#include <algorithm>
#include <map>

#include <ATen/ATen.h>

#include "core/generate/huge_pages.h"
#include "core/model/lora.h"
#include "core/model/ops.h"
#include "core/model/threads.h"

namespace precedent::core {
namespace {

constexpr std::int64_t kLeastRope = 1024; // positions

void ensure(AlignedBuffer& buffer, std::int64_t count)
{
    if (buffer.size() != count)
        buffer.reset(count);
}

void copyVector(AlignedBuffer& target, const at::Tensor& source)
{
    if (!source.defined()) {
        target.reset(0);
        return;
    }
    const at::Tensor values = source.detach().to(at::kFloat).contiguous();
    ensure(target, values.numel());
    std::copy_n(values.data_ptr<float>(), values.numel(), target.data());
}

/// weight [N, K] as panels.
void pack(PackedMatrix& matrix, const at::Tensor& weight)
{
    const at::Tensor values = weight.detach().to(at::kFloat).contiguous();
    const float* source = values.data_ptr<float>();
    const std::int64_t N = values.size(0), K = values.size(1);
    matrix.K = K;
    matrix.panels = paddedToPanel(N) / kPanel;
    ensure(matrix.data, matrix.panels * matrix.panelStride());
    float* target = matrix.data.data();
#pragma omp parallel for schedule(static) num_threads(threadCount()) if (N * K > 1 << 16)
    for (std::int64_t n = 0; n < N; ++n) {
        float* panel = target + n / kPanel * matrix.panelStride() + n % kPanel;
        for (std::int64_t k = 0; k < K; ++k)
            panel[k * kPanel] = source[n * K + k];
    }
}

/// Puts a decoder's tensors, by name, into the forms that generation reads.
class Packer {
public:
    Packer(const Decoder& decoder, std::vector<at::Tensor>& held)
        : m_adapter(decoder.adapter())
        , m_held(held)
        , m_unitOffsetNorms(decoder.config().unitOffsetNorms)
    {
        for (const auto& [name, tensor] : decoder.parameters())
            m_byName.emplace(name, tensor);
    }

    /// Undefined if there is none of that name.
    [[nodiscard]] at::Tensor find(const std::string& name) const
    {
        const auto found = m_byName.find(name);
        return found == m_byName.end() ? at::Tensor() : found->second.detach();
    }

    void norm(AlignedBuffer& target, const std::string& name) const
    {
        const at::Tensor weight = find(name + ".weight");
        copyVector(target, weight.defined() && m_unitOffsetNorms ? weight + 1 : weight);
    }

    void linear(Linear& target, const std::string& module) const
    {
        copyVector(target.bias, find(module + ".bias"));
        matrix(target, find(module + ".weight"), module);
    }

    /// `module` is empty where no adapter can be.
    void matrix(Linear& target, const at::Tensor& weight, const std::string& module) const
    {
        target.N = weight.size(0);
        target.K = weight.size(1);
        const bool adapted = m_adapter && !module.empty();
        if (weight.scalar_type() != at::kBFloat16) {
            const at::Tensor update = adapted ? m_adapter->delta(module) : at::Tensor();
            pack(target.panels, update.defined() ? weight + update : weight);
            return;
        }
        target.rows = rowsOf(weight);
        const auto [a, b] = adapted ? m_adapter->scaledPair(module) : std::pair<at::Tensor, at::Tensor>();
        if (a.defined()) {
            pack(target.adapter.down, a);
            pack(target.adapter.up, b);
        } else {
            target.adapter = {};
        }
    }

    [[nodiscard]] const Bf16* rowsOf(const at::Tensor& weight) const
    {
        const at::Tensor rows = weight.contiguous(); // as a rule the same tensor
        m_held.push_back(rows);
        preferHugePages(rows.data_ptr(), rows.nbytes());
        return reinterpret_cast<const Bf16*>(rows.data_ptr<at::BFloat16>());
    }

    [[nodiscard]] const float* floatsOf(const at::Tensor& weight) const
    {
        m_held.push_back(weight.to(at::kFloat).contiguous()); // as a rule the same tensor
        return m_held.back().data_ptr<float>();
    }

private:
    std::map<std::string, at::Tensor> m_byName;
    std::shared_ptr<const LoraSet> m_adapter;
    std::vector<at::Tensor>& m_held;
    bool m_unitOffsetNorms;
};

void packLayer(PackedWeights::Layer& layer, const Packer& packer, bool sandwichNorms, const std::string& prefix)
{
    packer.norm(layer.inputNorm, prefix + "input_layernorm");
    // Sandwich norms have this name for what attention gives back; without them it is the feed-forward's own.
    packer.norm(sandwichNorms ? layer.attentionNorm : layer.feedForwardNorm, prefix + "post_attention_layernorm");
    if (sandwichNorms)
        packer.norm(layer.feedForwardNorm, prefix + "pre_feedforward_layernorm");
    packer.norm(layer.outputNorm, prefix + "post_feedforward_layernorm");
    packer.norm(layer.queryNorm, prefix + "self_attn.q_norm");
    packer.norm(layer.keyNorm, prefix + "self_attn.k_norm");
    packer.linear(layer.qkv[0], prefix + "self_attn.q_proj");
    packer.linear(layer.qkv[1], prefix + "self_attn.k_proj");
    packer.linear(layer.qkv[2], prefix + "self_attn.v_proj");
    packer.linear(layer.output, prefix + "self_attn.o_proj");
    packer.linear(layer.gateUp[0], prefix + "mlp.gate_proj");
    packer.linear(layer.gateUp[1], prefix + "mlp.up_proj");
    packer.linear(layer.down, prefix + "mlp.down_proj");
}

void makeRope(PackedWeights::Rope& rope, const RopeConfig& config, int headDim, std::int64_t positions)
{
    const RopeTable table = makeRopeTable(positions, at::tensor(config.frequencies(headDim), at::kDouble), config.magnitude(), at::kFloat);
    copyVector(rope.cos, table.cos);
    copyVector(rope.sin, table.sin);
}

} // namespace

void PackedWeights::copyFrom(const Decoder& decoder)
{
    if (!(config == decoder.config()))
        *this = PackedWeights{};
    config = decoder.config();
    m_held.clear();
    const Packer packer(decoder, m_held);
    const at::Tensor embedded = packer.find("model.embed_tokens.weight");
    if (embedded.scalar_type() == at::kBFloat16)
        embeddingRows = packer.rowsOf(embedded);
    else
        embedding = packer.floatsOf(embedded);
    layers.resize(static_cast<std::size_t>(config.layers));
    for (std::size_t i = 0; i < layers.size(); ++i) {
        layers[i].config = config.layer(static_cast<int>(i));
        packLayer(layers[i], packer, config.sandwichNorms, "model.layers." + std::to_string(i) + ".");
    }
    packer.norm(norm, "model.norm");
    packer.matrix(head, decoder.headWeight().detach(), {});
    heldAsRows = head.rows != nullptr;
    for (const Layer& layer : layers) {
        for (const Linear* linear : layer.linears())
            heldAsRows = heldAsRows || linear->rows != nullptr;
    }
    reserveRope(1);
}

void PackedWeights::reserveRope(std::int64_t positions)
{
    const std::int64_t half = config.headDim / 2, held = globalRope.cos.size() / half;
    if (held >= positions)
        return;
    const std::int64_t length = std::min<std::int64_t>(config.contextLength, std::max({kLeastRope, 2 * held, positions}));
    makeRope(globalRope, config.rope, config.headDim, length);
    if (std::any_of(layers.begin(), layers.end(), [](const Layer& layer) { return layer.config.rope == LayerConfig::Rope::local; }))
        makeRope(localRope, config.localRope, config.headDim, length);
}

std::int64_t PackedWeights::bytes() const
{
    std::int64_t total = head.bytes();
    for (const Layer& layer : layers) {
        for (const Linear* linear : layer.linears())
            total += linear->bytes();
    }
    return total;
}

} // namespace precedent::core
