#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/model/decoder.h"
#include "core/model/placement.h"
#include "precedent/architecture/decoder_config.h"
#include "precedent/base/result.h"

namespace precedent::core {

struct LoadedModel {
    DecoderConfig config;
    std::shared_ptr<Decoder> decoder; ///< matrices held as the placement says, whatever the file's dtype
    std::string sha256; ///< of the weights file; of the shards' digests in order where sharded
    std::string dtype; ///< StoredModel::dtype
    std::filesystem::path folder; ///< or GGUF file
};

/// Loads a Hugging Face folder (config.json, model.safetensors or its shards by model.safetensors.index.json, tokenizer.json)
/// or a GGUF file. Tied heads and aliases are resolved. Fails with notFound (folder, config, weights or tokenizer
/// missing), unsupported (architecture or dtype, named, with what is known) or corrupt (missing tensor, wrong shape,
/// NaN or infinity in a tensor: each named).
[[nodiscard]] Result<LoadedModel> loadModel(
    const std::filesystem::path& folder, bool requireTokenizer = true, const Placement& placement = {});

/// What a model folder holds beside config and weights and a copy of it needs: tokenizer, template, generation settings, licence.
/// Of a GGUF file: the file itself, of which writeModelFiles() takes vocabulary and template.
[[nodiscard]] std::vector<std::filesystem::path> companionFiles(const std::filesystem::path& modelFolder);

enum class StoredType { f32, bf16 };

/// Of one file of weights that others are to read: transformers' own limit.
inline constexpr std::uint64_t kMostShardBytes = 5'000'000'000;

/// Writes config.json, model.safetensors and copies of `extraFiles` (tokenizer.json, ...) into an existing folder, each
/// file atomically; of a GGUF file among them its tokenizer and template (writeGgufTexts()). For folders that the caller makes whole
/// itself.
[[nodiscard]] Status writeModelFiles(const std::filesystem::path& folder, const Decoder& decoder, StoredType type = StoredType::f32,
    const std::vector<std::filesystem::path>& extraFiles = {});

/// As writeModelFiles, but the folder itself appears at once or not at all: it is written under a temporary name
/// beside its place, flushed, and renamed (exchanged with what was there, which is then removed).
/// Weights longer than `mostBytes` become shards of that length.
[[nodiscard]] Status saveModel(const std::filesystem::path& folder, const Decoder& decoder, StoredType type = StoredType::f32,
    const std::vector<std::filesystem::path>& extraFiles = {}, std::uint64_t mostBytes = kMostShardBytes);

/// Digest as in LoadedModel::sha256, without loading. Fails with notFound.
[[nodiscard]] Result<std::string> weightsSha256(const std::filesystem::path& folder);

} // namespace precedent::core
