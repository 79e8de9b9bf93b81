#pragma once

#include "core/architecture/config_reader.h"
#include "core/architecture/gguf_metadata.h"
#include "precedent/architecture/architecture.h"

/// Every family has one file here; architecture.cpp lists them.
namespace precedent::core::families {

[[nodiscard]] Architecture gemma3();
[[nodiscard]] Architecture llama();
[[nodiscard]] Architecture mistral();
[[nodiscard]] Architecture qwen2();
[[nodiscard]] Architecture qwen3();
[[nodiscard]] Architecture smollm3();

/// rope_theta and rope_scaling, as config.json has them.
void writeRope(const RopeConfig& rope, Json& json);
/// layer_types, sliding_window.
void writeLayerTypes(const DecoderConfig& config, Json& json);
/// attention_bias and mlp_bias of a GGUF file: whether its first layer has the tensors.
void readGgufBiases(GgufMetadata& metadata, Json& json);
/// Positions that sliding layers see; 0 if no layer slides.
[[nodiscard]] int slidingWindow(const DecoderConfig& config);

} // namespace precedent::core::families
