#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/text/piece_cache.h"
#include "core/text/token_model.h"

namespace precedent::text {

/// WordPiece, as BERT cuts words (arXiv 1810.04805): the longest token that begins the word, then always the longest that goes on,
/// which the vocabulary marks by a prefix. A word that cannot be cut to its end so, or is too long, is one unknown token.
/// Immutable but for a cache of words; any thread.
class WordPieceModel final : public TokenModel {
public:
    struct Options {
        std::string prefix = "##"; ///< of tokens that go on a word
        int unknownId = 0;
        std::size_t longestWord = 100; ///< characters
    };
    WordPieceModel(TokenIds tokenIds, Options options);

    void encode(std::string_view piece, std::vector<int>& ids) const override;
    [[nodiscard]] const TokenIds& tokenIds() const override { return m_tokenIds; }

private:
    [[nodiscard]] std::vector<int> cut(std::string_view word) const;

    const TokenIds m_tokenIds;
    const Options m_options;
    std::size_t m_longestToken = 0; ///< bytes
    PieceCache m_cache;
};

} // namespace precedent::text
