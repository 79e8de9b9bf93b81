#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "precedent/architecture/decoder_config.h"
#include "precedent/base/result.h"
#include "precedent/formats/safetensors.h"

namespace precedent::core {

/// A model folder whose files were found to fit together, before a single weight is read. Needs no LibTorch.
struct StoredModel {
    DecoderConfig config;
    formats::SafetensorsSet weights; ///< mapped, so that the object holds the files
    std::string dtype; ///< of the stored weights: "F32", "F16", "BF16"; "mixed" if they differ

    /// The weight of that name of Architecture::weights(), also where a file keeps a tied matrix under the head's name.
    [[nodiscard]] const formats::TensorView* find(const std::string& name) const;
};

/// Opens a Hugging Face folder: config.json, model.safetensors (or its shards by model.safetensors.index.json) and
/// tokenizer.json. What it accepts the engine loads, as far as memory lets it and no weight is NaN or infinite. Fails
/// with notFound (folder, config, weights or tokenizer missing), unsupported (architecture or dtype, named, with what is
/// known) or corrupt (missing tensor, wrong shape: each named).
[[nodiscard]] Result<StoredModel> openStoredModel(const std::filesystem::path& folder, bool requireTokenizer = true);

/// ok if a weight is there with this shape and a dtype that can be read; else corrupt or unsupported. `where` and `name`
/// say in the message which weight of what it is. `stored` may be null.
[[nodiscard]] Status checkStoredWeight(
    const formats::TensorView* stored, const std::string& name, const std::vector<std::int64_t>& shape, const std::string& where);

/// The SHA-256 that names a model's weights, of its files' digests in order: of one file its own.
[[nodiscard]] std::string weightsDigest(const std::vector<std::string>& fileDigests);

} // namespace precedent::core
