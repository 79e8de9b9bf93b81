#include "precedent/architecture/decoder_config.h"

#include <algorithm>
#include <cmath>

#include "core/architecture/config_reader.h"
#include "core/architecture/gguf_model.h"
#include "precedent/architecture/architecture.h"
#include "precedent/architecture/encoder_config.h"
#include "precedent/architecture/stored_model.h"
#include "precedent/base/files.h"

namespace precedent::core {
namespace {

constexpr int kMostLayers = 1024;
constexpr std::size_t kMostConfigBytes = 8U << 20;

Status validateRope(const RopeConfig& rope)
{
    const auto positive = [](const char* key, double value) -> Status {
        if (value > 0 && std::isfinite(value))
            return {};
        return badConfigValue(key, std::to_string(value), "a number above 0");
    };
    PRECEDENT_TRY(positive("rope_theta", rope.theta));
    if (rope.scaling == RopeConfig::Scaling::none)
        return {};
    PRECEDENT_TRY(positive("rope_scaling.factor", rope.factor));
    if (rope.scaling == RopeConfig::Scaling::linear)
        return {};
    PRECEDENT_TRY(positive("rope_scaling.original_max_position_embeddings", rope.originalContext));
    PRECEDENT_TRY(positive("rope_scaling.low_freq_factor", rope.lowFrequencyFactor));
    PRECEDENT_TRY(positive("rope_scaling.beta_fast", rope.betaFast));
    PRECEDENT_TRY(positive("rope_scaling.beta_slow", rope.betaSlow));
    if (!(rope.highFrequencyFactor > rope.lowFrequencyFactor) || !std::isfinite(rope.highFrequencyFactor))
        return badConfigValue("rope_scaling.high_freq_factor", std::to_string(rope.highFrequencyFactor), "more than low_freq_factor");
    if (!std::isfinite(rope.attentionFactor) || (rope.scaling == RopeConfig::Scaling::yarn && !(rope.theta > 1)))
        return badConfigValue("rope_scaling", "out of range", "a finite attention_factor and a rope_theta above 1");
    return {};
}

} // namespace

double DecoderConfig::scoreScale() const { return attentionScale > 0 ? attentionScale : 1 / std::sqrt(static_cast<double>(headDim)); }

bool DecoderConfig::isPlainLlama() const
{
    const bool alike = std::all_of(layerConfigs.begin(), layerConfigs.end(), [](const LayerConfig& one) { return one == LayerConfig{}; });
    return alike && rope.scaling == RopeConfig::Scaling::none && activation == Activation::silu && !qkvBias && !outputBias && !mlpBias &&
        !qkNorm && !sandwichNorms && !unitOffsetNorms && embeddingScale == 1.0 && attentionScale == 0.0;
}

std::int64_t DecoderConfig::parameterCount() const
{
    std::int64_t total = 0;
    for (const DecoderWeight& weight : decoderWeights(*this)) {
        std::int64_t n = 1;
        for (const std::int64_t extent : weight.shape)
            n *= extent;
        total += n;
    }
    return total;
}

Json DecoderConfig::toJson() const
{
    const Architecture* known = findArchitecture(family);
    Json json = {{"architectures", {known != nullptr ? known->className : family}}, {"attention_dropout", 0.0}};
    if (bosId >= 0)
        json["bos_token_id"] = bosId;
    if (eosIds.size() == 1)
        json["eos_token_id"] = eosIds.front();
    else if (!eosIds.empty())
        json["eos_token_id"] = eosIds;
    if (padId >= 0)
        json["pad_token_id"] = padId;
    json.update({{"head_dim", headDim}, {"hidden_size", hiddenSize}, {"initializer_range", initializerRange},
        {"intermediate_size", intermediateSize}, {"max_position_embeddings", contextLength}, {"model_type", family},
        {"num_attention_heads", heads}, {"num_hidden_layers", layers}, {"num_key_value_heads", kvHeads}, {"rms_norm_eps", rmsEps},
        {"tie_word_embeddings", tieEmbeddings}, {"torch_dtype", dtype}, {"use_cache", true}, {"vocab_size", vocabulary}});
    if (known != nullptr)
        known->writeConfig(*this, json);
    return json;
}

Status validate(const DecoderConfig& config)
{
    if (findArchitecture(config.family) == nullptr)
        return Error(ErrorCode::unsupported,
            "The architecture \"" + config.family + "\" is not known here; known: " + knownArchitectures() + ".",
            "Choose a model of a known architecture.");
    const auto range = [](const char* key, int value, int least, int most) -> Status {
        if (value < least || value > most)
            return badConfigValue(key, std::to_string(value), std::to_string(least) + " to " + std::to_string(most));
        return {};
    };
    PRECEDENT_TRY(range("hidden_size", config.hiddenSize, 1, 1 << 17));
    PRECEDENT_TRY(range("num_hidden_layers", config.layers, 1, kMostLayers));
    PRECEDENT_TRY(range("num_attention_heads", config.heads, 1, 1 << 12));
    PRECEDENT_TRY(range("num_key_value_heads", config.kvHeads, 1, config.heads));
    PRECEDENT_TRY(range("head_dim", config.headDim, 2, 1 << 12));
    PRECEDENT_TRY(range("intermediate_size", config.intermediateSize, 1, 1 << 20));
    PRECEDENT_TRY(range("vocab_size", config.vocabulary, 1, 1 << 24));
    PRECEDENT_TRY(range("max_position_embeddings", config.contextLength, 1, 1 << 24));
    if (config.heads % config.kvHeads != 0)
        return badConfigValue(
            "num_key_value_heads", std::to_string(config.kvHeads), "a divisor of num_attention_heads, " + std::to_string(config.heads));
    if (config.headDim % 2 != 0)
        return badConfigValue("head_dim", std::to_string(config.headDim), "an even number, which rotary positions need");
    PRECEDENT_TRY(validateRope(config.rope));
    PRECEDENT_TRY(validateRope(config.localRope));
    if (!config.layerConfigs.empty() && config.layerConfigs.size() != static_cast<std::size_t>(config.layers))
        return badConfigValue("layer_types", std::to_string(config.layerConfigs.size()) + " entries", "one a layer");
    for (const LayerConfig& layer : config.layerConfigs)
        PRECEDENT_TRY(range("sliding_window", layer.window, 0, 1 << 24));
    if (!(config.attentionScale >= 0) || !std::isfinite(config.attentionScale) || !std::isfinite(config.embeddingScale))
        return badConfigValue("query_pre_attn_scalar", "out of range", "a finite number above 0");
    if (!(config.rmsEps >= 0) || !std::isfinite(config.rmsEps))
        return badConfigValue("rms_norm_eps", std::to_string(config.rmsEps), "a number from 0 up");
    return {};
}

Result<DecoderConfig> decoderConfigFromJson(const Json& json)
{
    if (!json.is_object())
        return Error(ErrorCode::corrupt, "config.json is not a JSON object.");
    DecoderConfig config;
    ConfigReader reader(json);
    config.family.clear();
    reader.text("model_type", config.family);
    PRECEDENT_TRY(reader.status());
    if (config.family.empty())
        return badConfigValue("model_type", "missing", "the name of an architecture (" + knownArchitectures() + ")");
    const Architecture* known = findArchitecture(config.family);
    if (known == nullptr && isEncoderFamily(config.family))
        return Error(ErrorCode::unsupported, "config.json: this is a sentence encoder (" + config.family + "), which writes no text.",
            "It finds cases for prompts: name its folder in the setting retrieval_model.");
    if (known == nullptr)
        return Error(ErrorCode::unsupported,
            "config.json: the architecture \"" + config.family + "\" is not known here; known: " + knownArchitectures() + ".",
            "Choose a model of a known architecture.");
    reader.integer("hidden_size", config.hiddenSize, true);
    reader.integer("num_hidden_layers", config.layers, true);
    reader.integer("num_attention_heads", config.heads, true);
    reader.integer("intermediate_size", config.intermediateSize, true);
    reader.integer("vocab_size", config.vocabulary, true);
    reader.integer("max_position_embeddings", config.contextLength);
    config.kvHeads = config.heads;
    reader.integer("num_key_value_heads", config.kvHeads);
    config.headDim = config.heads > 0 ? config.hiddenSize / config.heads : 0;
    reader.integer("head_dim", config.headDim);
    reader.number("rms_norm_eps", config.rmsEps);
    reader.number("initializer_range", config.initializerRange);
    config.tieEmbeddings = false;
    reader.boolean("tie_word_embeddings", config.tieEmbeddings);
    reader.only("partial_rotary_factor", 1.0);
    PRECEDENT_TRY(reader.status());
    known->readConfig(reader, config);
    std::vector<int> bos;
    reader.ids("bos_token_id", bos);
    config.bosId = bos.empty() ? -1 : bos.front();
    reader.ids("eos_token_id", config.eosIds);
    std::vector<int> pad;
    reader.ids("pad_token_id", pad);
    config.padId = pad.empty() ? -1 : pad.front();
    reader.text(reader.has("torch_dtype") ? "torch_dtype" : "dtype", config.dtype);
    PRECEDENT_TRY(reader.status());
    PRECEDENT_TRY(validate(config));
    return config;
}

Result<DecoderConfig> readDecoderConfig(const std::filesystem::path& folder)
{
    if (const std::filesystem::path gguf = ggufFileOf(folder); !gguf.empty()) {
        const auto file = formats::GgufFile::open(gguf);
        return file.ok() ? ggufConfig(**file, gguf.string()) : Result<DecoderConfig>(file.error());
    }
    const std::filesystem::path path = folder / "config.json";
    auto text = readFile(path, kMostConfigBytes);
    if (!text.ok())
        return text.error();
    auto json = parseJson(*text, path.string());
    if (!json.ok())
        return json.error();
    auto config = decoderConfigFromJson(*json);
    if (!config.ok())
        return config.error().in(folder.string());
    return config;
}

} // namespace precedent::core
