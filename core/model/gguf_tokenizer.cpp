#include "core/model/gguf_tokenizer.h"

namespace precedent::core {

Result<std::vector<formats::GgufEntry>> ggufTokenizerOfFolder(const std::filesystem::path& folder, int)
{
    return Error(ErrorCode::unsupported, "The tokenizer of " + folder.string() + " cannot be written as GGUF yet.",
        "Export it as a Hugging Face folder (hf).");
}

} // namespace precedent::core
