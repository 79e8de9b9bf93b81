#include "core/architecture/families/families.h"

namespace precedent::core::families {
namespace {

void read(ConfigReader& reader, DecoderConfig& config)
{
    if (!reader.has("max_position_embeddings"))
        config.contextLength = 2048;
    reader.rope(config.rope, config.contextLength);
    bool bias = false;
    reader.boolean("attention_bias", bias);
    config.qkvBias = bias;
    config.outputBias = bias;
    reader.boolean("mlp_bias", config.mlpBias);
    reader.only("hidden_act", "silu");
    reader.only("pretraining_tp", 1); // slices change the rounding only, but nobody ships them any more
}

void write(const DecoderConfig& config, Json& json)
{
    json.update({{"attention_bias", config.qkvBias}, {"hidden_act", "silu"}, {"mlp_bias", config.mlpBias}});
    writeRope(config.rope, json);
}

} // namespace

/// Llama 1 to 3.2 (arXiv 2302.13971, 2407.21783) and what shares its arithmetic, SmolLM and SmolLM2 among them.
Architecture llama() { return {"llama", "LlamaForCausalLM", &read, &write, {"llama", true, false, &readGgufBiases, {}}}; }

} // namespace precedent::core::families
