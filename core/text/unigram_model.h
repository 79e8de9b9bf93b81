#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/text/piece_cache.h"
#include "core/text/prefix_trie.h"
#include "core/text/token_model.h"

namespace precedent::text {

/// A unigram language model over tokens: of all ways to cut a piece the one of the highest sum of scores (Viterbi; Kudo
/// 2018, arXiv 1804.10959). A character that no token begins and ends with costs the least score less 10; a run of
/// such characters becomes its bytes, or one unknown token. Immutable but for a cache of words; any thread.
class UnigramModel final : public TokenModel {
public:
    struct Token {
        double score = 0; ///< a logarithm; no NaN
        bool matches = false; ///< text may become this token
    };
    struct Options {
        std::optional<int> unknownId; ///< none: unknown characters are dropped
        bool byteFallback = false;
    };
    /// `tokens`: by id, of all ids in `tokenIds`.
    UnigramModel(TokenIds tokenIds, std::vector<Token> tokens, Options options);

    void encode(std::string_view piece, std::vector<int>& ids) const override;
    [[nodiscard]] const TokenIds& tokenIds() const override { return m_tokenIds; }

private:
    /// The best way to a position of the piece: where its last token begins, and which it is.
    struct Step {
        double score = 0;
        std::size_t from = kNowhere;
        int id = kUnknown;
    };
    static constexpr std::size_t kNowhere = ~std::size_t{0};
    static constexpr int kUnknown = -1;

    [[nodiscard]] std::vector<Step> bestSteps(std::string_view piece) const;
    void appendUnknown(std::string_view run, std::vector<int>& ids) const;

    TokenIds m_tokenIds;
    std::vector<Token> m_tokens;
    Options m_options;
    ByteIds m_byteIds{};
    double m_unknownScore = 0;
    PrefixTrie m_trie;
    PieceCache m_cache;
};

} // namespace precedent::text
