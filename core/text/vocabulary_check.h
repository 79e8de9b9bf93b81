#pragma once

#include "core/text/tokenizer_parts.h"
#include "precedent/base/result.h"
#include "precedent/text/vocabulary.h"

namespace precedent::text {

/// Which of the two was made of the other.
enum class Made { vocabulary, file };

/// What the made one cannot say, so that ids would differ. `what` is a clause.
[[nodiscard]] Error inexact(Made made, const std::string& what);

/// Fails with unsupported, showing a text, where the tokenizers of a file and of a vocabulary, one of which was made of
/// the other, give different ids: for a token's own text, for texts of many kinds, or for a text with an added token.
///
/// For merging that is a proof: if two sets of merges put the tokens in one order, and make the same of every token's
/// own text, they make the same of every text (see scoresOfMerges()). `brokenText`: bytes that are no UTF-8 count too.
[[nodiscard]] Status checkSameIds(const TokenizerParts& file, const Vocabulary& vocabulary, Made made, bool brokenText);

} // namespace precedent::text
