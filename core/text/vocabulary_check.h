#pragma once

#include "core/text/tokenizer_parts.h"
#include "precedent/base/result.h"
#include "precedent/text/vocabulary.h"

namespace precedent::text {

/// Fails with unsupported, showing a text, where the tokenizers of a file and of the vocabulary made of it give
/// different ids: for a token's own text, for texts of many kinds, or for a text with an added token in it.
///
/// For merging that is a proof: if two sets of merges put the tokens in one order, and make the same of every token's
/// own text, they make the same of every text (see scoresOfMerges()). `brokenText`: bytes that are no UTF-8 count too.
[[nodiscard]] Status checkSameIds(const TokenizerParts& file, const Vocabulary& vocabulary, bool brokenText = true);

} // namespace precedent::text
