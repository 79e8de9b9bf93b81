#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "precedent/base/json.h"
#include "precedent/base/result.h"

namespace precedent::core {

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
    double ropeTheta = 10000.0;
    double rmsEps = 1e-6;
    double initializerRange = 0.02; ///< standard deviation of a new model's weights
    bool tieEmbeddings = true;
    int bosId = -1; ///< -1: none
    std::vector<int> eosIds; ///< empty: none
    int padId = -1; ///< -1: none
    std::string dtype = "float32"; ///< config.json's torch_dtype, as it is said there

    bool operator==(const DecoderConfig&) const = default;

    [[nodiscard]] int queriesPerKv() const { return heads / kvHeads; }
    /// Number of weights; tied embeddings are counted once.
    [[nodiscard]] std::int64_t parameterCount() const;
    /// The keys that Hugging Face's config.json has for this family.
    [[nodiscard]] Json toJson() const;
};

/// Reads and validates config.json's content. Fails with unsupported for an architecture or an option that this
/// program does not compute (naming it and what is known), corrupt for a missing or impossible value (naming the key).
[[nodiscard]] Result<DecoderConfig> decoderConfigFromJson(const Json& json);

/// As decoderConfigFromJson for FOLDER/config.json. Fails with notFound if there is none.
[[nodiscard]] Result<DecoderConfig> readDecoderConfig(const std::filesystem::path& folder);

/// ok if every value is in range and the shapes fit together; else corrupt, naming the key.
[[nodiscard]] Status validate(const DecoderConfig& config);

} // namespace precedent::core
