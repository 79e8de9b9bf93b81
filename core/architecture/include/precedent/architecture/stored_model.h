#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "precedent/architecture/architecture.h"
#include "precedent/architecture/decoder_config.h"
#include "precedent/base/result.h"
#include "precedent/formats/gguf.h"
#include "precedent/formats/safetensors.h"

namespace precedent::core {

/// A model whose files were found to fit together, before a single weight is read: a Hugging Face folder or a GGUF file. Weights
/// have Hugging Face's names, shapes and values, whatever the file keeps. Needs no LibTorch. Any thread may read.
class StoredModel {
public:
    using Weights = std::variant<formats::SafetensorsSet, std::shared_ptr<const formats::GgufFile>>;
    StoredModel(DecoderConfig says, Weights weights, std::vector<std::filesystem::path> weightFiles);

    DecoderConfig config;
    /// Of the stored weights: "F32", "F16", "BF16"; "mixed" if they differ. Of a GGUF file what it says of itself ("Q4_K_M").
    std::string dtype;
    /// The files of the weights, in order of their names; weightsDigest() of their digests names the model.
    std::vector<std::filesystem::path> files;

    /// The stored form of a weight of decoderWeights(), also where a file keeps a tied matrix under the head's name; nullptr if
    /// it is not there. Its bytes may want more than widening (GgufTransform): read values by the functions below.
    [[nodiscard]] const formats::TensorView* find(const std::string& name) const;

    /// Rows firstRow .. firstRow + rowCount - 1 of a weight, as float. A row is the last extent; a vector is one row. False where
    /// there is no such weight, are not so many rows, or the type cannot be read.
    [[nodiscard]] bool readRows(const std::string& name, std::int64_t firstRow, std::int64_t rowCount, float* out) const;
    /// The same, rounded to bf16 (nearest, ties to even), without the floats' memory.
    [[nodiscard]] bool readRowsAsBf16(const std::string& name, std::int64_t firstRow, std::int64_t rowCount, std::uint16_t* out) const;

    /// Takes a weight, whose values were copied, out of memory until it is read again.
    void release(const std::string& name) const;

    /// ok if every weight of the config is there with its shape and a type that can be read, and in a GGUF file nothing is left
    /// over. Else corrupt or unsupported, naming the weight; `where` begins the message.
    [[nodiscard]] Status check(const std::string& where) const;

private:
    [[nodiscard]] std::string storedName(const std::string& name) const;
    template <typename T>
    [[nodiscard]] bool read(const std::string& name, std::int64_t firstRow, std::int64_t rowCount, T* out) const;

    Weights m_weights; ///< mapped, so that the object holds the files
};

/// Opens a Hugging Face folder (config.json, model.safetensors or its shards by model.safetensors.index.json, tokenizer.json) or
/// a GGUF file, also by a folder that holds it and no config.json. What it accepts the engine loads, as far as memory lets it
/// and no weight is NaN or infinite. Fails with notFound (file, config, weights or tokenizer missing), invalidArgument (a folder
/// of several GGUF files), unsupported (architecture, type or option, named, with what is known) or corrupt (missing tensor,
/// wrong shape: each named).
[[nodiscard]] Result<StoredModel> openStoredModel(const std::filesystem::path& model, bool requireTokenizer = true);

/// The GGUF file that a path to a model means: the path itself if it is a file, or the only .gguf in a folder without
/// config.json. Empty for a Hugging Face folder, and for what is not there.
[[nodiscard]] std::filesystem::path ggufFileOf(const std::filesystem::path& model);

/// The files of a model's weights, in order of their names. Fails as formats::SafetensorsSet::open, or notFound.
[[nodiscard]] Result<std::vector<std::filesystem::path>> weightFilesOf(const std::filesystem::path& model);

/// ok if a weight is there with this shape and a dtype that can be read; else corrupt or unsupported. `where` and `name`
/// say in the message which weight of what it is, `source` what asks for the shape. `stored` may be null.
[[nodiscard]] Status checkStoredWeight(const formats::TensorView* stored, const std::string& name, const std::vector<std::int64_t>& shape,
    const std::string& where, const char* source = "config.json");

/// The SHA-256 that names a model's weights, of its files' digests in order: of one file its own.
[[nodiscard]] std::string weightsDigest(const std::vector<std::string>& fileDigests);

} // namespace precedent::core
