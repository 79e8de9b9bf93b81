#include "core/architecture/families/families.h"

namespace precedent::core::families {

void writeRope(const RopeConfig& rope, Json& json)
{
    using Scaling = RopeConfig::Scaling;
    json["rope_theta"] = rope.theta;
    switch (rope.scaling) {
    case Scaling::none:
        json["rope_scaling"] = nullptr;
        break;
    case Scaling::linear:
        json["rope_scaling"] = {{"rope_type", "linear"}, {"factor", rope.factor}};
        break;
    case Scaling::llama3:
        json["rope_scaling"] = {{"rope_type", "llama3"}, {"factor", rope.factor}, {"low_freq_factor", rope.lowFrequencyFactor},
            {"high_freq_factor", rope.highFrequencyFactor}, {"original_max_position_embeddings", rope.originalContext}};
        break;
    case Scaling::yarn:
        json["rope_scaling"] = {{"rope_type", "yarn"}, {"factor", rope.factor}, {"beta_fast", rope.betaFast}, {"beta_slow", rope.betaSlow},
            {"original_max_position_embeddings", rope.originalContext}};
        if (rope.attentionFactor > 0)
            json["rope_scaling"]["attention_factor"] = rope.attentionFactor;
        break;
    }
}

void writeLayerTypes(const DecoderConfig& config, Json& json)
{
    Json types = Json::array();
    for (int i = 0; i < config.layers; ++i)
        types.push_back(config.layer(i).window > 0 ? "sliding_attention" : "full_attention");
    json["layer_types"] = types;
}

void readGgufBiases(GgufMetadata& metadata, Json& json)
{
    json["attention_bias"] = metadata.file().find("blk.0.attn_q.bias") != nullptr;
    json["mlp_bias"] = metadata.file().find("blk.0.ffn_gate.bias") != nullptr;
}

int slidingWindow(const DecoderConfig& config)
{
    for (const LayerConfig& layer : config.layerConfigs) {
        if (layer.window > 0)
            return layer.window;
    }
    return 0;
}

} // namespace precedent::core::families
