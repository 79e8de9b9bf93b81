#include "precedent/architecture/architecture.h"

#include <algorithm>
#include <vector>

#include "core/architecture/families/families.h"

namespace precedent::core {
namespace {

const std::vector<Architecture>& all()
{
    static const std::vector<Architecture> kAll = {
        families::gemma3(), families::llama(), families::mistral(), families::qwen2(), families::qwen3(), families::smollm3()};
    return kAll;
}

/// Adds a projection's weight [out, in], and its bias where it has one.
void addProjection(std::vector<DecoderWeight>& weights, const std::string& module, std::int64_t out, std::int64_t in, bool bias,
    DecoderWeight::Init init = DecoderWeight::Init::normal)
{
    weights.push_back({module + ".weight", {out, in}, init});
    if (bias)
        weights.push_back({module + ".bias", {out}, DecoderWeight::Init::zeros});
}

} // namespace

std::vector<DecoderWeight> decoderWeights(const DecoderConfig& config)
{
    using Init = DecoderWeight::Init;
    const std::int64_t C = config.hiddenSize, I = config.intermediateSize, V = config.vocabulary, D = config.headDim;
    const std::int64_t Q = config.heads * D, K = config.kvHeads * D;
    const Init unit = config.unitOffsetNorms ? Init::zeros : Init::ones;
    std::vector<DecoderWeight> weights = {{"model.embed_tokens.weight", {V, C}}};
    for (int i = 0; i < config.layers; ++i) {
        const std::string layer = "model.layers." + std::to_string(i) + ".";
        const std::string attention = layer + "self_attn.";
        weights.push_back({layer + "input_layernorm.weight", {C}, unit});
        addProjection(weights, attention + "q_proj", Q, C, config.qkvBias);
        addProjection(weights, attention + "k_proj", K, C, config.qkvBias);
        addProjection(weights, attention + "v_proj", K, C, config.qkvBias);
        addProjection(weights, attention + "o_proj", C, Q, config.outputBias, Init::residual);
        if (config.qkNorm) {
            weights.push_back({attention + "q_norm.weight", {D}, unit});
            weights.push_back({attention + "k_norm.weight", {D}, unit});
        }
        weights.push_back({layer + "post_attention_layernorm.weight", {C}, unit});
        if (config.sandwichNorms) {
            weights.push_back({layer + "pre_feedforward_layernorm.weight", {C}, unit});
            weights.push_back({layer + "post_feedforward_layernorm.weight", {C}, unit});
        }
        addProjection(weights, layer + "mlp.gate_proj", I, C, config.mlpBias);
        addProjection(weights, layer + "mlp.up_proj", I, C, config.mlpBias);
        addProjection(weights, layer + "mlp.down_proj", C, I, config.mlpBias, Init::residual);
    }
    weights.push_back({"model.norm.weight", {C}, unit});
    if (!config.tieEmbeddings)
        weights.push_back({"lm_head.weight", {V, C}});
    return weights;
}

const Architecture* findArchitecture(const std::string& name)
{
    const auto found = std::find_if(all().begin(), all().end(), [&](const Architecture& one) { return one.name == name; });
    return found == all().end() ? nullptr : &*found;
}

const Architecture* findGgufArchitecture(const std::string& name)
{
    const auto found =
        std::find_if(all().begin(), all().end(), [&](const Architecture& one) { return !name.empty() && one.gguf.name == name; });
    return found == all().end() ? nullptr : &*found;
}

std::string knownArchitectures()
{
    std::string names;
    for (const Architecture& architecture : all())
        names += (names.empty() ? "" : ", ") + architecture.name;
    return names;
}

} // namespace precedent::core
