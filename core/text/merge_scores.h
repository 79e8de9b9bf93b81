#pragma once

#include <string_view>
#include <vector>

#include "core/text/token_model.h"
#include "core/text/tokenizer_tables.h"

namespace precedent::text {

/// Scores under which merging by scores does what these merges do, as SentencePiece numbers its pieces: 0 for the token
/// of the best merge, -1 for the next, and so on; then, in the order of their ids, those that no merge makes.
///
/// Of the merges that make a token one alone ever happens: the last one in merging the token's own characters. For
/// while two neighbours are about to become the token no merge has crossed its ends, so that all merges between them
/// were those of the token by itself, in the same order. Its place is the token's. `size`: number of ids.
[[nodiscard]] std::vector<float> scoresOfMerges(const TokenIds& tokenIds, const MergeList& merges, std::size_t size);

} // namespace precedent::text
