#pragma once

#include <filesystem>
#include <string>

#include "core/model/decoder.h"
#include "core/model/lora.h"
#include "precedent/architecture/model_text.h"
#include "precedent/base/result.h"

namespace precedent::core {

/// Writes the decoder's weights, an attached adapter merged in, as one GGUF file; matrices as f32, f16, bf16 or q8_0 (rows
/// that are no multiple of 32 as bf16), vectors as f32. `texts` are added to the metadata. `note` receives what the format
/// cannot say. Fails with unsupported for what GGUF cannot say at all, or as formats::writeGguf.
[[nodiscard]] Status writeGgufModel(const std::filesystem::path& path, const Decoder& decoder, const std::string& name,
    const std::string& type, const GgufTexts& texts, std::string& note);

/// Writes an adapter as llama.cpp reads it beside its base model's file: float32, general.type "adapter".
[[nodiscard]] Status writeGgufAdapter(const std::filesystem::path& path, const DecoderConfig& config, const LoraSet& adapter);

/// An adapter file of that kind, read back onto a decoder. Fails with corrupt or unsupported, naming the tensor.
[[nodiscard]] Result<std::shared_ptr<LoraSet>> readGgufAdapter(const std::filesystem::path& path, const Decoder& decoder);

} // namespace precedent::core
