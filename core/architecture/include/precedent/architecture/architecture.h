#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "precedent/architecture/decoder_config.h"

namespace precedent::core {

/// One weight of a model: its name as Hugging Face spells it, its shape, and how a new model's is drawn.
struct DecoderWeight {
    std::string name;
    std::vector<std::int64_t> shape;
    enum class Init { normal, residual, ones } init = Init::normal;
};

/// A family of decoders that the engine computes: its name in config.json (model_type) and the weights of one, in a
/// fixed order. A tied head is listed once, as model.embed_tokens.weight.
struct Architecture {
    std::string name;
    std::vector<DecoderWeight> (*weights)(const DecoderConfig&);
};

/// nullptr if no architecture has that name.
[[nodiscard]] const Architecture* findArchitecture(const std::string& name);
/// "llama" or, with more than one, "gemma3_text, llama".
[[nodiscard]] std::string knownArchitectures();

} // namespace precedent::core
