#include "precedent/architecture/gguf_writing.h"

#include <algorithm>
#include <cmath>

#include "core/architecture/families/families.h"
#include "core/architecture/gguf_model.h"

namespace precedent::core {
namespace {

using formats::GgufEntry;

constexpr int kGemmaPattern = 6;
constexpr int kUnturnedEvery = 4;

Error cannotSay(const std::string& what)
{
    return {ErrorCode::unsupported, "A GGUF file cannot say that " + what + ", so the model would answer differently elsewhere.",
        "Export it as a Hugging Face folder (hf)."};
}

/// llama.cpp knows these patterns by the architecture's name alone.
Status checkPatterns(const DecoderConfig& config)
{
    constexpr int kLayersOfGemma27B = 62; // the one model whose scores llama.cpp scales otherwise
    const double width =
        config.family == "gemma3_text" && config.layers == kLayersOfGemma27B ? config.hiddenSize / config.heads : config.headDim;
    if (std::fabs(config.scoreScale() * std::sqrt(width) - 1) > 1e-6)
        return cannotSay("scores are scaled by " + std::to_string(config.scoreScale()));
    for (int i = 0; i < config.layers; ++i) {
        const LayerConfig layer = config.layer(i);
        if (config.family == "gemma3_text" && (layer.window > 0) != ((i + 1) % kGemmaPattern != 0) && families::slidingWindow(config) > 0)
            return cannotSay("layer " + std::to_string(i) + (layer.window > 0 ? " sees a window" : " sees everything"));
        if (config.family == "smollm3" && (layer.rope == LayerConfig::Rope::none) != ((i + 1) % kUnturnedEvery == 0))
            return cannotSay("layer " + std::to_string(i) + " has rotary positions or has none");
    }
    return {};
}

/// Windows are Gemma's alone in these files: elsewhere a context that fits the window keeps every answer what it was.
int sayableContext(const DecoderConfig& config, std::string& note)
{
    const int window = families::slidingWindow(config);
    if (config.family == "gemma3_text" || window == 0 || window >= config.contextLength)
        return config.contextLength;
    note = "The file cannot say that layers see a window of " + std::to_string(window) +
        " positions, so its context is that long: within it the model is the same.";
    return window;
}

void addRope(const RopeConfig& rope, const std::string& prefix, std::vector<GgufEntry>& metadata)
{
    metadata.push_back({prefix + "rope.freq_base", static_cast<float>(rope.theta)});
    using Scaling = RopeConfig::Scaling;
    if (rope.scaling != Scaling::linear && rope.scaling != Scaling::yarn) // Llama 3's scaling is a tensor
        return;
    metadata.push_back({prefix + "rope.scaling.type", std::string(rope.scaling == Scaling::linear ? "linear" : "yarn")});
    metadata.push_back({prefix + "rope.scaling.factor", static_cast<float>(rope.factor)});
    if (rope.scaling == Scaling::yarn)
        metadata.push_back({prefix + "rope.scaling.original_context_length", static_cast<std::uint32_t>(rope.originalContext)});
}

GgufTensorPlan ropeFactors(const DecoderConfig& config)
{
    RopeConfig plain;
    plain.theta = config.rope.theta;
    const std::vector<double> before = plain.frequencies(config.headDim), after = config.rope.frequencies(config.headDim);
    GgufTensorPlan plan;
    plan.name = "rope_freqs.weight";
    plan.shape = {config.headDim / 2};
    for (std::size_t i = 0; i < before.size(); ++i)
        plan.values.push_back(static_cast<float>(before[i] / after[i]));
    return plan;
}

std::vector<GgufEntry> metadataOf(
    const DecoderConfig& config, const std::string& architecture, const std::string& name, std::uint32_t fileType, int context)
{
    const std::string prefix = architecture + ".";
    const auto count = [](int value) { return static_cast<std::uint32_t>(value); };
    std::vector<GgufEntry> metadata = {{"general.architecture", architecture}, {"general.type", std::string("model")},
        {"general.name", name}, {"general.file_type", fileType}, {"general.quantization_version", std::uint32_t{2}},
        {prefix + "vocab_size", count(config.vocabulary)}, {prefix + "context_length", count(context)},
        {prefix + "embedding_length", count(config.hiddenSize)}, {prefix + "block_count", count(config.layers)},
        {prefix + "feed_forward_length", count(config.intermediateSize)}, {prefix + "attention.head_count", count(config.heads)},
        {prefix + "attention.head_count_kv", count(config.kvHeads)}, {prefix + "attention.key_length", count(config.headDim)},
        {prefix + "attention.value_length", count(config.headDim)}, {prefix + "rope.dimension_count", count(config.headDim)},
        {prefix + "attention.layer_norm_rms_epsilon", static_cast<float>(config.rmsEps)}};
    addRope(config.rope, prefix, metadata);
    if (config.family == "gemma3_text" && families::slidingWindow(config) > 0)
        metadata.push_back({prefix + "attention.sliding_window", count(families::slidingWindow(config))});
    return metadata;
}

} // namespace

std::string ggufArchitectureName(const DecoderConfig& config)
{
    // Mistral's files say llama: without windows the arithmetic is the same.
    if (config.family == "mistral")
        return "llama";
    const Architecture* family = findArchitecture(config.family);
    return family == nullptr ? std::string() : family->gguf.name;
}

std::string ggufModuleName(const DecoderConfig& config, const std::string& module)
{
    const Architecture* family = findGgufArchitecture(ggufArchitectureName(config));
    const std::string name = family == nullptr ? std::string() : ggufWeightName(*family, module + ".weight");
    return name.empty() ? name : name.substr(0, name.rfind('.'));
}

int ggufPairedHeads(const DecoderConfig& config, const std::string& module)
{
    const Architecture* family = findGgufArchitecture(ggufArchitectureName(config));
    return family == nullptr ? 0 : ggufTransform(*family, config, module + ".weight").pairedHeads;
}

Result<GgufPlan> planGguf(const DecoderConfig& config, const std::string& name, std::uint32_t fileType)
{
    const std::string architecture = ggufArchitectureName(config);
    const Architecture* family = findGgufArchitecture(architecture);
    if (family == nullptr)
        return Error(ErrorCode::unsupported, "There is no GGUF form of the architecture " + config.family + ".",
            "Export it as a Hugging Face folder (hf).");
    PRECEDENT_TRY(checkPatterns(config));
    GgufPlan plan;
    plan.metadata = metadataOf(config, architecture, name, fileType, sayableContext(config, plan.note));
    if (config.rope.scaling == RopeConfig::Scaling::llama3)
        plan.tensors.push_back(ropeFactors(config));
    for (const DecoderWeight& weight : decoderWeights(config)) {
        const GgufTransform transform = ggufTransform(*family, config, weight.name);
        plan.tensors.push_back(
            {ggufWeightName(*family, weight.name), weight.name, weight.shape, {}, transform.pairedHeads, transform.offset});
    }
    return plan;
}

void pairRows(std::vector<float>& rows, std::int64_t width, int heads)
{
    const auto count = static_cast<std::int64_t>(rows.size()) / std::max<std::int64_t>(1, width);
    const std::int64_t D = count / heads, half = D / 2;
    std::vector<float> paired(rows.size());
    for (std::int64_t row = 0; row < count; ++row) {
        const std::int64_t head = row / D, i = row % D;
        const std::int64_t target = head * D + (i < half ? 2 * i : 2 * (i - half) + 1);
        std::copy_n(rows.begin() + row * width, width, paired.begin() + target * width);
    }
    rows.swap(paired);
}

} // namespace precedent::core
