#include "core/text/merge_scores.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/text/bpe_model.h"
#include "core/text/unicode.h"

namespace precedent::text {
namespace {

/// Longer tokens are left to the end: looking at all pairs for each merge would take too long, and no model has them.
constexpr std::size_t kLongestToken = 512;
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

} // namespace

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
