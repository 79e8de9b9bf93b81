#include <cmath>

#include "core/architecture/families/families.h"

namespace precedent::core::families {
namespace {

constexpr int kPattern = 6; // five local layers, then a global one

void readRope(ConfigReader& reader, DecoderConfig& config)
{
    config.rope.theta = 1'000'000.0;
    config.localRope.theta = 10'000.0;
    reader.number("rope_theta", config.rope.theta);
    reader.number("rope_local_base_freq", config.localRope.theta);
    if (reader.has("rope_scaling"))
        reader.ropeObject(reader.json()["rope_scaling"], "rope_scaling", config.rope, config.contextLength);
    if (!reader.has("rope_parameters"))
        return;
    const Json& both = reader.json()["rope_parameters"];
    for (const auto& [key, rope] : {std::pair{"full_attention", &config.rope}, std::pair{"sliding_attention", &config.localRope}}) {
        if (both.is_object() && both.contains(key) && !both[key].is_null())
            reader.ropeObject(both[key], "rope_parameters", *rope, config.contextLength);
    }
}

void read(ConfigReader& reader, DecoderConfig& config)
{
    if (!reader.has("max_position_embeddings"))
        config.contextLength = 131'072;
    if (!reader.has("head_dim"))
        config.headDim = 256;
    if (!reader.has("tie_word_embeddings"))
        config.tieEmbeddings = true;
    readRope(reader, config);
    int window = 4096, pattern = kPattern;
    reader.integer("sliding_window", window);
    reader.integer(reader.has("_sliding_window_pattern") ? "_sliding_window_pattern" : "sliding_window_pattern", pattern);
    if (pattern < 1)
        return reader.fail("sliding_window_pattern", std::to_string(pattern), "1 or more");
    reader.layerTypes(
        config, window, [](int layer, int every) { return (layer + 1) % every != 0; }, pattern);
    for (LayerConfig& layer : config.layerConfigs) {
        if (layer.window > 0)
            layer.rope = LayerConfig::Rope::local;
    }
    config.activation = Activation::geluTanh;
    config.qkNorm = true;
    config.sandwichNorms = true;
    config.unitOffsetNorms = true;
    config.embeddingScale = std::sqrt(static_cast<double>(config.hiddenSize));
    double scalar = 256;
    reader.number("query_pre_attn_scalar", scalar);
    if (!(scalar > 0))
        return reader.fail("query_pre_attn_scalar", std::to_string(scalar), "a number above 0");
    config.attentionScale = 1 / std::sqrt(scalar);
    bool bias = false;
    reader.boolean("attention_bias", bias);
    config.qkvBias = bias;
    config.outputBias = bias;
    reader.only("hidden_activation", "gelu_pytorch_tanh");
    reader.only("use_bidirectional_attention", false);
    for (const char* cap : {"final_logit_softcapping", "attn_logit_softcapping"}) {
        if (reader.has(cap))
            reader.refuse(cap);
    }
}

void write(const DecoderConfig& config, Json& json)
{
    json.update({{"attention_bias", config.qkvBias}, {"hidden_activation", "gelu_pytorch_tanh"},
        {"query_pre_attn_scalar", std::lround(1 / (config.attentionScale * config.attentionScale))},
        {"rope_local_base_freq", config.localRope.theta}, {"sliding_window", slidingWindow(config)}});
    writeLayerTypes(config, json);
    writeRope(config.rope, json);
}

// The pattern of layers and the local base are in no file: llama.cpp has these numbers for the architecture, and one other
// scale of scores for the one model of 62 layers.
void readGguf(GgufMetadata& metadata, Json& json)
{
    constexpr int kLayersOf27B = 62;
    const int hidden = json["hidden_size"], heads = json["num_attention_heads"], layers = json["num_hidden_layers"];
    metadata.only("attn_logit_softcapping", 0);
    metadata.only("final_logit_softcapping", 0);
    json["query_pre_attn_scalar"] = layers == kLayersOf27B && heads > 0 ? Json(hidden / heads) : json["head_dim"];
    json["rope_local_base_freq"] = metadata.number("rope.freq_base_swa").value_or(10'000.0);
    const int window = metadata.integer("attention.sliding_window").value_or(0);
    json["sliding_window"] = window;
    if (window == 0)
        json["sliding_window_pattern"] = 1; // every layer sees all
    else if (const auto slides = metadata.list("attention.sliding_window_pattern")) {
        for (const std::int64_t one : *slides)
            json["layer_types"].push_back(one != 0 ? "sliding_attention" : "full_attention");
    } else
        json["sliding_window_pattern"] = metadata.integer("attention.sliding_window_pattern").value_or(kPattern);
}

} // namespace

/// Gemma 3's text model (arXiv 2503.19786): sandwich norms with 1 + w, q and k norms, tanh GELU, scaled embeddings, five
/// layers that see a window for each that sees all.
Architecture gemma3()
{
    return {"gemma3_text", "Gemma3ForCausalLM", &read, &write,
        {"gemma3", false, true, &readGguf,
            {{"post_attention_layernorm", "post_attention_norm"}, {"pre_feedforward_layernorm", "ffn_norm"},
                {"post_feedforward_layernorm", "post_ffw_norm"}}}};
}

} // namespace precedent::core::families
