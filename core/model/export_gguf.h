#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/model/decoder.h"
#include "core/model/lora.h"
#include "precedent/base/result.h"
#include "precedent/formats/gguf.h"

namespace precedent::core {

/// Writes the decoder's weights, an attached adapter merged in, as one GGUF file; matrices as f32, f16, bf16 or q8_0 (rows
/// that are no multiple of 32 as bf16), vectors as f32. `tokenizer` is added to the metadata. `note` receives what the format
/// cannot say. Fails with unsupported for what GGUF cannot say at all, or as formats::writeGguf.
[[nodiscard]] Status writeGgufModel(const std::filesystem::path& path, const Decoder& decoder, const std::string& name,
    const std::string& type, const std::vector<formats::GgufEntry>& tokenizer, std::string& note);

/// The tokenizer.* metadata of a model's folder or GGUF file: of the latter as it stands there. `vocabulary` are the rows of
/// the embedding. Fails as text::vocabularyOf.
[[nodiscard]] Result<std::vector<formats::GgufEntry>> ggufTokenizerOf(const std::filesystem::path& model, int vocabulary);

/// Writes an adapter as llama.cpp reads it beside its base model's file: float32, general.type "adapter".
[[nodiscard]] Status writeGgufAdapter(const std::filesystem::path& path, const DecoderConfig& config, const LoraSet& adapter);

/// An adapter file of that kind, read back onto a decoder. Fails with corrupt or unsupported, naming the tensor.
[[nodiscard]] Result<std::shared_ptr<LoraSet>> readGgufAdapter(const std::filesystem::path& path, const Decoder& decoder);

} // namespace precedent::core
