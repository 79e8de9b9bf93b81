#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/text/piece_cache.h"
#include "core/text/token_model.h"
#include "core/text/word_breaks.h"
#include "precedent/base/result.h"

namespace precedent::text {

/// SentencePiece's byte-pair encoding: whichever two neighbours make the token of the highest score become it, the
/// leftmost first where scores are equal. What is no token falls back to bytes, or to the unknown token where the
/// vocabulary has no bytes (a run of such characters is one). Immutable but for a cache of words; any thread.
class ScoreBpeModel final : public TokenModel {
public:
    struct Token {
        float score = 0; ///< no NaN
        bool merges = false; ///< text may become this token
    };
    /// `tokens`: by id, of all ids in `tokenIds`. An `unknownId` that is not set drops what is unknown.
    ScoreBpeModel(TokenIds tokenIds, std::vector<Token> tokens, std::optional<int> unknownId);

    void encode(std::string_view piece, std::vector<int>& ids) const override;
    [[nodiscard]] const TokenIds& tokenIds() const override { return m_tokenIds; }

private:
    class Merging;
    /// Of a token that text may become; -1 if there is none.
    [[nodiscard]] int mergedId(std::string_view text) const;
    void appendCharacter(std::string_view character, std::vector<int>& ids) const;

    TokenIds m_tokenIds;
    std::vector<Token> m_tokens;
    std::size_t m_longest = 0;
    std::optional<int> m_unknownId;
    ByteIds m_byteIds{};
    WordBreaks m_breaks;
    PieceCache m_cache;
};

} // namespace precedent::text
