#include "core/architecture/families/families.h"

namespace precedent::core::families {
namespace {

void read(ConfigReader& reader, DecoderConfig& config)
{
    if (!reader.has("max_position_embeddings"))
        config.contextLength = 4096 * 32;
    reader.rope(config.rope, config.contextLength);
    int window = 4096;
    reader.integer("sliding_window", window);
    if (reader.json().contains("sliding_window") && reader.json()["sliding_window"].is_null())
        window = 0; // said to be none; an absent key has the default
    if (window > 0 && config.layers > 0 && config.layers <= 1024)
        config.layerConfigs.assign(static_cast<std::size_t>(config.layers), {window, LayerConfig::Rope::global});
    reader.only("hidden_act", "silu");
    reader.only("attention_bias", false);
}

void write(const DecoderConfig& config, Json& json)
{
    const int window = slidingWindow(config);
    json["hidden_act"] = "silu";
    json["sliding_window"] = window > 0 ? Json(window) : Json(nullptr);
    writeRope(config.rope, json);
}

} // namespace

/// Mistral 7B (arXiv 2310.06825): Llama whose layers all see a window. GGUF files of it say "llama" and have no window.
Architecture mistral() { return {"mistral", "MistralForCausalLM", &read, &write, {}}; }

} // namespace precedent::core::families
