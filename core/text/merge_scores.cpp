#include "core/text/merge_scores.h"

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <utility>

#include "core/text/bpe_model.h"
#include "core/text/unicode.h"
#include "core/text/vocabulary_check.h"

namespace precedent::text {
namespace {

/// Longer tokens are left to the end: looking at all pairs for each merge would take too long, and no model has them.
constexpr std::size_t kLongestToken = 512;
/// Longer tokens are not split, for the same reason.
constexpr std::size_t kLongestSplit = 4096;
/// Of all merges; those of 262,144 tokens take five million.
constexpr std::size_t kMostBytes = std::size_t{1} << 28;
constexpr std::uint32_t kNotMade = ~std::uint32_t{0};

class TokenMaking {
public:
    TokenMaking(const TokenIds& tokenIds, const MergeList& merges)
        : m_tokenIds(tokenIds)
    {
        m_merges.reserve(merges.size());
        for (std::size_t rank = 0; rank < merges.size(); ++rank) {
            const int left = idOf(merges.left(rank));
            const int right = idOf(merges.right(rank));
            const int joined = idOf(merges.joined(rank));
            if (left >= 0 && right >= 0 && joined >= 0)
                m_merges.add(left, right, {static_cast<std::uint32_t>(rank), joined});
        }
    }

    /// The rank of the last merge that makes `token` of its characters.
    [[nodiscard]] std::uint32_t lastRank(std::string_view token) const
    {
        std::vector<int> symbols;
        for (std::size_t at = 0; at < token.size() && token.size() <= kLongestToken;) {
            const std::size_t length = stepLength(token, at);
            symbols.push_back(idOf(token.substr(at, length)));
            at += length;
        }
        std::uint32_t rank = kNotMade;
        while (symbols.size() > 1) {
            const auto [best, at] = bestMerge(symbols);
            if (best == nullptr)
                return kNotMade;
            rank = best->rank;
            symbols[at] = best->id;
            symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(at) + 1);
        }
        return rank;
    }

private:
    [[nodiscard]] int idOf(std::string_view text) const
    {
        const auto found = m_tokenIds.find(text);
        return found == m_tokenIds.end() ? -1 : found->second;
    }

    [[nodiscard]] std::pair<const MergeTable::Merge*, std::size_t> bestMerge(const std::vector<int>& symbols) const
    {
        std::pair<const MergeTable::Merge*, std::size_t> best{nullptr, 0};
        for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
            const MergeTable::Merge* merge = symbols[i] < 0 || symbols[i + 1] < 0 ? nullptr : m_merges.find(symbols[i], symbols[i + 1]);
            if (merge != nullptr && (best.first == nullptr || merge->rank < best.first->rank))
                best = {merge, i};
        }
        return best;
    }

    const TokenIds& m_tokenIds;
    MergeTable m_merges;
};

class MergeFinding {
public:
    MergeFinding(const TokenIds& tokenIds, const std::vector<float>& scores, const std::vector<bool>& merges)
        : m_tokenIds(tokenIds)
        , m_merges(merges)
        , m_isPart(scores.size(), false)
    {
        m_order.reserve(tokenIds.size());
        for (const auto& [text, id] : tokenIds) {
            if (merges[static_cast<std::size_t>(id)])
                m_order.push_back({scores[static_cast<std::size_t>(id)], id, text});
        }
        std::sort(m_order.begin(), m_order.end(), [](const Token& one, const Token& other) {
            return std::tuple(other.score, other.text.size(), one.id) < std::tuple(one.score, one.text.size(), other.id);
        });
    }

    [[nodiscard]] Result<MergeList> find()
    {
        for (std::size_t from = 0; from < m_order.size();) {
            std::size_t to = from;
            m_splits.clear();
            for (; to < m_order.size() && m_order[to].score == m_order[from].score; ++to)
                addSplits(m_order[to]);
            from = to;
            PRECEDENT_TRY(checkTies());
            for (const Split& split : m_splits) {
                m_list.add(split.token.substr(0, split.length), split.token.substr(split.length));
                m_isPart[static_cast<std::size_t>(split.left)] = m_isPart[static_cast<std::size_t>(split.right)] = true;
                m_bytes += split.token.size();
            }
            if (m_bytes > kMostBytes)
                return inexact(Made::file, "its tokens can be made of one another in too many ways");
        }
        return std::move(m_list);
    }

private:
    struct Token {
        float score;
        int id;
        std::string_view text;
    };
    struct Split {
        int id;
        int left;
        int right;
        std::string_view token;
        std::size_t length; ///< of the left part
    };

    [[nodiscard]] int idOf(std::string_view text) const
    {
        const auto found = m_tokenIds.find(text);
        return found == m_tokenIds.end() || !m_merges[static_cast<std::size_t>(found->second)] ? -1 : found->second;
    }

    void addSplits(const Token& token)
    {
        if (token.text.size() > kLongestSplit)
            return;
        const std::size_t begin = m_splits.size();
        for (std::size_t at = stepLength(token.text, 0); at < token.text.size(); at += stepLength(token.text, at)) {
            const int left = idOf(token.text.substr(0, at));
            const int right = left < 0 ? -1 : idOf(token.text.substr(at));
            if (right >= 0)
                m_splits.push_back({token.id, left, right, token.text, at});
        }
        std::sort(m_splits.begin() + static_cast<std::ptrdiff_t>(begin), m_splits.end(),
            [](const Split& one, const Split& other) { return std::pair(one.left, one.right) < std::pair(other.left, other.right); });
    }

    /// Of tokens of one score the leftmost is made first, of merges the best. That is the same in a run of one character:
    /// all before its first untouched pair is made already, so what is leftmost is also longest. Llama's runs of spaces
    /// are such tokens.
    [[nodiscard]] Status checkTies() const
    {
        const bool isTie = std::any_of(m_splits.begin(), m_splits.end(), [&](const Split& split) { return split.id != m_splits[0].id; });
        for (const Split& split : m_splits) {
            if (isTie && (!isRun(split.token) || m_isPart[static_cast<std::size_t>(split.id)]))
                return inexact(Made::file, "the token \"" + toValidUtf8(split.token) + "\" has the score of other tokens");
        }
        return {};
    }

    static bool isRun(std::string_view text)
    {
        const std::size_t length = stepLength(text, 0);
        return text.substr(length) == text.substr(0, text.size() - length);
    }

    const TokenIds& m_tokenIds;
    const std::vector<bool>& m_merges;
    std::vector<bool> m_isPart; ///< by id: of a token of a higher score
    std::vector<Token> m_order;
    std::vector<Split> m_splits; ///< of tokens of one score
    MergeList m_list;
    std::size_t m_bytes = 0;
};

} // namespace

Result<MergeList> mergesOfScores(const TokenIds& tokenIds, const std::vector<float>& scores, const std::vector<bool>& merges)
{
    return MergeFinding(tokenIds, scores, merges).find();
}

std::vector<float> scoresOfMerges(const TokenIds& tokenIds, const MergeList& merges, std::size_t size)
{
    const TokenMaking making(tokenIds, merges);
    std::vector<std::pair<std::uint32_t, std::size_t>> order;
    std::vector<bool> known(size, false);
    order.reserve(size);
    for (const auto& [token, id] : tokenIds) {
        const auto index = static_cast<std::size_t>(id);
        if (index >= size || known[index])
            continue;
        known[index] = true;
        order.emplace_back(making.lastRank(token), index);
    }
    for (std::size_t index = 0; index < size; ++index) {
        if (!known[index])
            order.emplace_back(kNotMade, index);
    }
    std::sort(order.begin(), order.end());
    std::vector<float> scores(size, 0.0F);
    for (std::size_t place = 0; place < order.size(); ++place)
        scores[order[place].second] = 0.0F - static_cast<float>(place);
    return scores;
}

} // namespace precedent::text
