#include "core/architecture/families/families.h"

namespace precedent::core::families {
namespace {

void readUnturned(ConfigReader& reader, DecoderConfig& config)
{
    int interval = 4;
    reader.integer("no_rope_layer_interval", interval);
    if (interval < 1)
        return reader.fail("no_rope_layer_interval", std::to_string(interval), "1 or more");
    const bool listed = reader.has("no_rope_layers");
    const Json list = listed ? reader.json()["no_rope_layers"] : Json();
    if (listed && (!list.is_array() || list.size() != config.layerConfigs.size()))
        return reader.fail("no_rope_layers", "not a list of one entry a layer", "1 for a layer with rotary positions, 0 for one without");
    for (std::size_t i = 0; i < config.layerConfigs.size(); ++i) {
        bool turns = (i + 1) % static_cast<std::size_t>(interval) != 0;
        if (listed)
            turns = list[i].is_boolean() ? list[i].get<bool>() : list[i] != Json(0);
        config.layerConfigs[i].rope = turns ? LayerConfig::Rope::global : LayerConfig::Rope::none;
    }
}

void read(ConfigReader& reader, DecoderConfig& config)
{
    if (!reader.has("max_position_embeddings"))
        config.contextLength = 32768;
    if (!reader.has("tie_word_embeddings"))
        config.tieEmbeddings = true;
    config.rope.theta = 2'000'000.0;
    reader.rope(config.rope, config.contextLength);
    bool slides = false;
    reader.boolean("use_sliding_window", slides);
    if (slides)
        return reader.refuse("use_sliding_window");
    reader.layerTypes(
        config, 0, [](int, int) { return false; }, 0);
    readUnturned(reader, config);
    bool bias = false;
    reader.boolean("attention_bias", bias);
    config.qkvBias = bias;
    config.outputBias = bias;
    reader.boolean("mlp_bias", config.mlpBias);
    reader.only("hidden_act", "silu");
}

void write(const DecoderConfig& config, Json& json)
{
    Json turns = Json::array();
    for (int i = 0; i < config.layers; ++i)
        turns.push_back(config.layer(i).rope == LayerConfig::Rope::none ? 0 : 1);
    json.update({{"attention_bias", config.qkvBias}, {"hidden_act", "silu"}, {"mlp_bias", config.mlpBias}, {"no_rope_layers", turns},
        {"use_sliding_window", false}});
    writeLayerTypes(config, json);
    writeRope(config.rope, json);
}

} // namespace

/// SmolLM3: Llama in which every fourth layer has no positions (NoPE, arXiv 2501.18795).
Architecture smollm3() { return {"smollm3", "SmolLM3ForCausalLM", &read, &write, {"smollm3", true, false, &readGgufBiases, {}}}; }

} // namespace precedent::core::families
