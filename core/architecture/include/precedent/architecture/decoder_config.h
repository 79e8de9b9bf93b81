#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "precedent/base/json.h"
#include "precedent/base/result.h"

namespace precedent::core {

/// Rotary positions (arXiv 2104.09864): pair i of a head turns by position * frequency i.
struct RopeConfig {
    /// How the frequencies are stretched for contexts longer than the model was first trained on.
    enum class Scaling { none, linear, llama3, yarn };

    double theta = 10000.0;
    Scaling scaling = Scaling::none;
    double factor = 1.0; ///< all scalings
    double lowFrequencyFactor = 1.0; ///< llama3
    double highFrequencyFactor = 4.0; ///< llama3
    int originalContext = 0; ///< positions; llama3 and yarn
    double betaFast = 32.0; ///< yarn (arXiv 2309.00071)
    double betaSlow = 1.0; ///< yarn
    double attentionFactor = 0.0; ///< yarn: of cosines and sines; 0: 0.1 ln(factor) + 1

    bool operator==(const RopeConfig&) const = default;

    /// The headDim / 2 frequencies in radians a position, scaled.
    [[nodiscard]] std::vector<double> frequencies(int headDim) const;
    /// What cosines and sines are multiplied by; 1 but for yarn.
    [[nodiscard]] double magnitude() const;
};

/// What sets one layer apart from the others.
struct LayerConfig {
    enum class Rope { global, local, none };

    int window = 0; ///< positions that one sees, its own the last of them; 0: all before it
    Rope rope = Rope::global; ///< which of the config's rotary positions turn queries and keys

    bool operator==(const LayerConfig&) const = default;
};

enum class Activation { silu, geluTanh };

/// What config.json says of a decoder-only transformer, under Hugging Face's meaning of each key. A value that came
/// from fromJson() or passed validate() is safe to build a model from.
struct DecoderConfig {
    std::string family = "llama"; ///< config.json's model_type
    int hiddenSize = 0; ///< C
    int layers = 0;
    int heads = 0;
    int kvHeads = 0; ///< divides heads (grouped-query attention)
    int headDim = 0; ///< D, even
    int intermediateSize = 0;
    int vocabulary = 0; ///< V
    int contextLength = 0; ///< positions, prompt and completion together
    RopeConfig rope;
    RopeConfig localRope; ///< of layers that say so
    std::vector<LayerConfig> layerConfigs; ///< one a layer; empty: all see everything and turn by `rope`
    Activation activation = Activation::silu; ///< of the gate
    bool qkvBias = false;
    bool outputBias = false; ///< of the attention's output projection
    bool mlpBias = false;
    bool qkNorm = false; ///< RMSNorm of each query and key head before it is turned
    bool sandwichNorms = false; ///< RMSNorm also of what attention and feed-forward give back
    bool unitOffsetNorms = false; ///< a norm's weight w scales by 1 + w
    double embeddingScale = 1.0; ///< of the input embedding's rows
    double attentionScale = 0.0; ///< of q k^T; 0: 1 / sqrt(D)
    double rmsEps = 1e-6;
    double initializerRange = 0.02; ///< standard deviation of a new model's weights
    bool tieEmbeddings = true;
    int bosId = -1; ///< -1: none
    std::vector<int> eosIds; ///< empty: none
    int padId = -1; ///< -1: none
    std::string dtype = "float32"; ///< config.json's torch_dtype, as it is said there

    bool operator==(const DecoderConfig&) const = default;

    [[nodiscard]] int queriesPerKv() const { return heads / kvHeads; }
    [[nodiscard]] LayerConfig layer(int index) const
    {
        return layerConfigs.empty() ? LayerConfig{} : layerConfigs[static_cast<std::size_t>(index)];
    }
    [[nodiscard]] double scoreScale() const;
    /// The arithmetic of Llama without options: what hand-written training code (PackedNetwork) computes.
    [[nodiscard]] bool isPlainLlama() const;
    /// Number of weights; tied embeddings are counted once.
    [[nodiscard]] std::int64_t parameterCount() const;
    /// The keys that Hugging Face's config.json has for this family.
    [[nodiscard]] Json toJson() const;
};

/// Reads and validates config.json's content. Fails with unsupported for an architecture or an option that this
/// program does not compute (naming it and what is known), corrupt for a missing or impossible value (naming the key).
[[nodiscard]] Result<DecoderConfig> decoderConfigFromJson(const Json& json);

/// As decoderConfigFromJson for FOLDER/config.json, or what a GGUF file says (see openStoredModel). Fails with notFound if there
/// is neither.
[[nodiscard]] Result<DecoderConfig> readDecoderConfig(const std::filesystem::path& folder);

/// ok if every value is in range and the shapes fit together; else corrupt, naming the key.
[[nodiscard]] Status validate(const DecoderConfig& config);

} // namespace precedent::core
