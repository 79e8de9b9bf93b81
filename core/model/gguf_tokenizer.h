#pragma once

#include <filesystem>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/formats/gguf.h"

namespace precedent::core {

/// The tokenizer.* metadata that a GGUF file has for a Hugging Face folder's tokenizer and chat template. Tokens are filled up
/// to `vocabulary`, the rows of the embedding. Fails with unsupported for a tokenizer that GGUF has no exact form of.
[[nodiscard]] Result<std::vector<formats::GgufEntry>> ggufTokenizerOfFolder(const std::filesystem::path& folder, int vocabulary);

} // namespace precedent::core
