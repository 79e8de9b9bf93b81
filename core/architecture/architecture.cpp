#include "precedent/architecture/architecture.h"

#include <array>

namespace precedent::core {
namespace {

std::vector<DecoderWeight> llamaWeights(const DecoderConfig& config)
{
    using Init = DecoderWeight::Init;
    const std::int64_t C = config.hiddenSize, I = config.intermediateSize, V = config.vocabulary;
    const std::int64_t Q = std::int64_t{config.heads} * config.headDim, K = std::int64_t{config.kvHeads} * config.headDim;
    std::vector<DecoderWeight> all = {{"model.embed_tokens.weight", {V, C}}};
    for (int i = 0; i < config.layers; ++i) {
        const std::string p = "model.layers." + std::to_string(i) + ".";
        all.insert(all.end(),
            {{p + "input_layernorm.weight", {C}, Init::ones}, {p + "self_attn.q_proj.weight", {Q, C}},
                {p + "self_attn.k_proj.weight", {K, C}}, {p + "self_attn.v_proj.weight", {K, C}},
                {p + "self_attn.o_proj.weight", {C, Q}, Init::residual}, {p + "post_attention_layernorm.weight", {C}, Init::ones},
                {p + "mlp.gate_proj.weight", {I, C}}, {p + "mlp.up_proj.weight", {I, C}},
                {p + "mlp.down_proj.weight", {C, I}, Init::residual}});
    }
    all.push_back({"model.norm.weight", {C}, Init::ones});
    if (!config.tieEmbeddings)
        all.push_back({"lm_head.weight", {V, C}});
    return all;
}

const std::array kArchitectures = {Architecture{"llama", &llamaWeights}};

} // namespace

const Architecture* findArchitecture(const std::string& name)
{
    for (const Architecture& architecture : kArchitectures) {
        if (architecture.name == name)
            return &architecture;
    }
    return nullptr;
}

std::string knownArchitectures()
{
    std::string names;
    for (const Architecture& architecture : kArchitectures)
        names += (names.empty() ? "" : ", ") + architecture.name;
    return names;
}

} // namespace precedent::core
