#pragma once

#include <string>

#include "precedent/base/result.h"
#include "precedent/formats/gguf.h"
#include "precedent/text/vocabulary.h"

namespace precedent::core {

/// What a GGUF file says of its tokenizer. Fails with corrupt for a key of another type than the format gives it, naming it.
[[nodiscard]] Result<text::Vocabulary> ggufVocabulary(const formats::GgufFile& file);

} // namespace precedent::core
