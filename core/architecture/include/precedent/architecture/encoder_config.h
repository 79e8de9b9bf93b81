#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "precedent/base/json.h"
#include "precedent/base/result.h"

namespace precedent::core {

/// What the files of a sentence encoder say: a transformer of BERT's kind (arXiv 1810.04805) that reads a text both ways, and how its
/// states become one vector (Sentence-BERT, arXiv 1908.10084).
struct EncoderConfig {
    enum class Activation { gelu, geluTanh, relu };
    enum class Pooling { mean, firstToken };

    std::string family; ///< config.json's model_type: bert, roberta or xlm-roberta
    int hiddenSize = 0; ///< C
    int layers = 0;
    int heads = 0; ///< divides C
    int intermediateSize = 0;
    int vocabulary = 0; ///< V
    int positions = 0; ///< rows of the position embedding
    int firstPosition = 0; ///< of a text's first token: 0, and pad_token_id + 1 with RoBERTa
    int types = 0; ///< rows of the token type embedding; a text is of type 0
    double normEps = 1e-12;
    Activation activation = Activation::gelu;
    Pooling pooling = Pooling::mean;
    int longestText = 0; ///< tokens with those that begin and end it; what is longer is cut, as where the model was trained

    bool operator==(const EncoderConfig&) const = default;
};

/// One weight, as Hugging Face names it without the prefix that some files give all of them.
struct EncoderWeight {
    std::string name;
    std::vector<std::int64_t> shape;
};

/// Those that a vector is computed from, in a fixed order; heads and poolers that files may have beside them are not read.
[[nodiscard]] std::vector<EncoderWeight> encoderWeights(const EncoderConfig& config);

/// Whether a config.json's model_type is one of these encoders'.
[[nodiscard]] bool isEncoderFamily(const std::string& name);

/// Whether the folder's config.json names a family of encoders. False where there is none that can be read.
[[nodiscard]] bool isEncoderFolder(const std::filesystem::path& folder);

/// Reads config.json and, where they are there, modules.json, 1_Pooling/config.json and sentence_bert_config.json as
/// sentence-transformers writes them; without these the states' mean is taken. Fails with notFound, corrupt for a missing or impossible
/// value, unsupported for what changes the arithmetic and is not computed here; each names file and key.
[[nodiscard]] Result<EncoderConfig> readEncoderConfig(const std::filesystem::path& folder);

} // namespace precedent::core
