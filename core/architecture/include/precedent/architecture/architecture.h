#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "precedent/architecture/decoder_config.h"

namespace precedent::core {

class ConfigReader;
class GgufMetadata;

/// One weight of a model: its name as Hugging Face spells it, its shape, and how a new model's is drawn.
struct DecoderWeight {
    std::string name;
    std::vector<std::int64_t> shape;
    enum class Init { normal, residual, ones, zeros } init = Init::normal;
};

/// The weights of a model, in a fixed order. A tied head is listed once, as model.embed_tokens.weight.
[[nodiscard]] std::vector<DecoderWeight> decoderWeights(const DecoderConfig& config);

/// What is particular to a family's GGUF files, as llama.cpp's converter writes them.
struct GgufFamily {
    std::string name; ///< general.architecture; empty: the family has none of its own
    bool turnsPairs = false; ///< rows of q and k are kept so that neighbours turn together, not halves
    bool offsetNorms = false; ///< a norm's weight w is stored as 1 + w
    /// Adds what the metadata says for config.json beside the keys that all share; may be null.
    void (*readConfig)(GgufMetadata&, Json&) = nullptr;
    /// A layer's modules that have another name here than with the other families: Hugging Face's, GGUF's.
    std::vector<std::pair<std::string, std::string>> layerModules;
};

/// A family of decoders: how its files say what the engine computes (DecoderConfig). Each has one file in families/.
struct Architecture {
    std::string name; ///< config.json's model_type
    std::string className; ///< config.json's architectures
    /// Fills in what this family's config.json says beside the keys that all share, or by other defaults.
    void (*readConfig)(ConfigReader&, DecoderConfig&);
    /// Adds this family's keys to those that all share.
    void (*writeConfig)(const DecoderConfig&, Json&);

    GgufFamily gguf;
};

/// nullptr if no architecture has that name.
[[nodiscard]] const Architecture* findArchitecture(const std::string& name);
/// Of general.architecture in a GGUF file; nullptr if none has it.
[[nodiscard]] const Architecture* findGgufArchitecture(const std::string& name);
/// "llama" or, with more than one, "gemma3_text, llama".
[[nodiscard]] std::string knownArchitectures();

} // namespace precedent::core
