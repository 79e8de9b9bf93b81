#include <algorithm>
#include <array>
#include <set>

#include "core/architecture/gguf_model.h"

namespace precedent::core {
namespace {

using Names = std::pair<const char*, const char*>;

/// Modules as Hugging Face and as GGUF files name them, where the families agree.
constexpr std::array kModules = {Names{"model.embed_tokens", "token_embd"}, Names{"model.norm", "output_norm"}, Names{"lm_head", "output"}};
constexpr std::array kLayerModules = {Names{"input_layernorm", "attn_norm"}, Names{"self_attn.q_proj", "attn_q"},
    Names{"self_attn.k_proj", "attn_k"}, Names{"self_attn.v_proj", "attn_v"}, Names{"self_attn.o_proj", "attn_output"},
    Names{"self_attn.q_norm", "attn_q_norm"}, Names{"self_attn.k_norm", "attn_k_norm"}, Names{"post_attention_layernorm", "ffn_norm"},
    Names{"mlp.gate_proj", "ffn_gate"}, Names{"mlp.up_proj", "ffn_up"}, Names{"mlp.down_proj", "ffn_down"}};
constexpr std::string_view kLayers = "model.layers.";

std::string layerModule(const Architecture& family, const std::string& module)
{
    for (const auto& [ours, theirs] : family.gguf.layerModules) {
        if (ours == module)
            return theirs;
    }
    for (const auto& [ours, theirs] : kLayerModules) {
        if (ours == module)
            return theirs;
    }
    return {};
}

bool endsWith(const std::string& text, std::string_view end)
{
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

struct FileType {
    std::int64_t number;
    const char* name;
};

/// general.file_type's numbers (llama.h, llama_ftype).
constexpr std::array kFileTypes = {FileType{0, "F32"}, FileType{1, "F16"}, FileType{2, "Q4_0"}, FileType{3, "Q4_1"}, FileType{7, "Q8_0"},
    FileType{8, "Q5_0"}, FileType{9, "Q5_1"}, FileType{10, "Q2_K"}, FileType{11, "Q3_K_S"}, FileType{12, "Q3_K_M"}, FileType{13, "Q3_K_L"},
    FileType{14, "Q4_K_S"}, FileType{15, "Q4_K_M"}, FileType{16, "Q5_K_S"}, FileType{17, "Q5_K_M"}, FileType{18, "Q6_K"},
    FileType{19, "IQ2_XXS"}, FileType{20, "IQ2_XS"}, FileType{21, "Q2_K_S"}, FileType{22, "IQ3_XS"}, FileType{23, "IQ3_XXS"},
    FileType{24, "IQ1_S"}, FileType{25, "IQ4_NL"}, FileType{26, "IQ3_S"}, FileType{27, "IQ3_M"}, FileType{28, "IQ2_S"},
    FileType{29, "IQ2_M"}, FileType{30, "IQ4_XS"}, FileType{31, "IQ1_M"}, FileType{32, "BF16"}, FileType{36, "TQ1_0"},
    FileType{37, "TQ2_0"}, FileType{38, "MXFP4"}, FileType{39, "NVFP4"}, FileType{40, "Q1_0"}};

} // namespace

std::string ggufFileType(const formats::GgufFile& file)
{
    const formats::GgufValue* stated = file.value("general.file_type");
    const auto number = stated != nullptr ? stated->integer() : std::nullopt;
    for (const FileType& type : kFileTypes) {
        if (number && type.number == *number)
            return type.name;
    }
    std::string all;
    for (const formats::TensorView& tensor : file.tensors()) {
        const std::string one = formats::toString(tensor.dtype);
        all = all.empty() || all == one ? one : "mixed";
    }
    return all;
}

std::string ggufWeightName(const Architecture& family, const std::string& name)
{
    const std::size_t dot = name.rfind('.');
    if (dot == std::string::npos)
        return {};
    const std::string module = name.substr(0, dot);
    const std::string kind = name.substr(dot);
    for (const auto& [ours, theirs] : kModules) {
        if (ours == module)
            return theirs + kind;
    }
    if (module.rfind(kLayers, 0) != 0)
        return {};
    const std::size_t end = module.find('.', kLayers.size());
    if (end == std::string::npos)
        return {};
    const std::string theirs = layerModule(family, module.substr(end + 1));
    return theirs.empty() ? std::string() : "blk." + module.substr(kLayers.size(), end - kLayers.size()) + "." + theirs + kind;
}

GgufTransform ggufTransform(const Architecture& family, const DecoderConfig& config, const std::string& name)
{
    GgufTransform transform;
    const std::string module = name.substr(0, name.rfind('.'));
    if (family.gguf.turnsPairs && endsWith(module, "q_proj"))
        transform.pairedHeads = config.heads;
    if (family.gguf.turnsPairs && endsWith(module, "k_proj"))
        transform.pairedHeads = config.kvHeads;
    if (family.gguf.offsetNorms && endsWith(module, "norm"))
        transform.offset = 1;
    return transform;
}

Status checkNothingLeftOver(const formats::GgufFile& file, const Architecture& family, const DecoderConfig& config, const std::string& what)
{
    std::set<std::string, std::less<>> known = {"rope_freqs.weight"}; // read with the configuration
    for (const DecoderWeight& weight : decoderWeights(config))
        known.insert(ggufWeightName(family, weight.name));
    for (const formats::TensorView& tensor : file.tensors()) {
        if (known.contains(tensor.name) || endsWith(tensor.name, ".attn_rot_embd.weight")) // frequencies, in early files
            continue;
        return Error(ErrorCode::unsupported,
            what + ": it has a tensor \"" + tensor.name.substr(0, 80) + "\", which is no part of a " + family.name +
                " model as computed here.",
            "Choose a text model without experts, adapters or added heads.");
    }
    return {};
}

} // namespace precedent::core
