#pragma once

#include <string_view>
#include <vector>

#include "core/text/token_model.h"
#include "core/text/tokenizer_tables.h"
#include "precedent/base/result.h"

namespace precedent::text {

/// Scores under which merging by scores does what these merges do, as SentencePiece numbers its pieces: 0 for the token
/// of the best merge, -1 for the next, and so on; then, in the order of their ids, those that no merge makes.
///
/// Of the merges that make a token one alone ever happens: the last one in merging the token's own characters. For
/// while two neighbours are about to become the token no merge has crossed its ends, so that all merges between them
/// were those of the token by itself, in the same order. Its place is the token's. `size`: number of ids.
[[nodiscard]] std::vector<float> scoresOfMerges(const TokenIds& tokenIds, const MergeList& merges, std::size_t size);

/// The other way round: all ways to make a token of two others, tokens of higher scores first, of one score the longer,
/// as converters order them. `merges`: by id, whether text may become the token at all; both are by id, of all ids in
/// `tokenIds`. Fails with unsupported where tokens share a score (then the leftmost is made first, which an order of
/// merges can say of runs of one character only), or where the merges would be out of all proportion to the tokens.
[[nodiscard]] Result<MergeList> mergesOfScores(const TokenIds& tokenIds, const std::vector<float>& scores, const std::vector<bool>& merges);

} // namespace precedent::text
