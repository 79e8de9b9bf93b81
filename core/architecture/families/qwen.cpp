#include "core/architecture/families/families.h"

namespace precedent::core::families {
namespace {

void readWindow(ConfigReader& reader, DecoderConfig& config)
{
    bool slides = false;
    reader.boolean("use_sliding_window", slides);
    int window = 4096, first = 28;
    reader.integer("sliding_window", window);
    reader.integer("max_window_layers", first);
    if (!slides)
        return;
    reader.layerTypes(
        config, window, [](int layer, int from) { return layer >= from; }, first);
}

void readShared(ConfigReader& reader, DecoderConfig& config)
{
    if (!reader.has("max_position_embeddings"))
        config.contextLength = 32768;
    reader.rope(config.rope, config.contextLength);
    readWindow(reader, config);
    reader.only("hidden_act", "silu");
}

void readQwen2(ConfigReader& reader, DecoderConfig& config)
{
    readShared(reader, config);
    config.qkvBias = true;
}

void readQwen3(ConfigReader& reader, DecoderConfig& config)
{
    if (!reader.has("head_dim"))
        config.headDim = 128;
    readShared(reader, config);
    config.qkNorm = true;
    bool bias = false;
    reader.boolean("attention_bias", bias);
    config.qkvBias = bias;
    config.outputBias = bias;
}

void write(const DecoderConfig& config, Json& json)
{
    const int window = slidingWindow(config);
    json.update(
        {{"hidden_act", "silu"}, {"sliding_window", window > 0 ? Json(window) : Json(nullptr)}, {"use_sliding_window", window > 0}});
    if (window > 0)
        writeLayerTypes(config, json);
    if (config.family == "qwen3")
        json["attention_bias"] = config.outputBias;
    writeRope(config.rope, json);
}

} // namespace

/// Qwen2 and Qwen2.5 (arXiv 2407.10671): Llama with biases on q, k and v.
Architecture qwen2() { return {"qwen2", "Qwen2ForCausalLM", &readQwen2, &write, {"qwen2", false, false, nullptr, {}}}; }

/// Qwen3 (arXiv 2505.09388): no biases, an RMSNorm on each query and key head instead.
Architecture qwen3() { return {"qwen3", "Qwen3ForCausalLM", &readQwen3, &write, {"qwen3", false, false, &readGgufBiases, {}}}; }

} // namespace precedent::core::families
