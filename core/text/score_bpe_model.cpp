#include "core/text/score_bpe_model.h"

#include <algorithm>
#include <cstdint>
#include <queue>

#include "core/text/unicode.h"

namespace precedent::text {

/// The merging of one word. Symbols are neighbouring stretches of it, linked so that a symbol can go into its left
/// neighbour; what two of them make together is therefore a stretch as well.
class ScoreBpeModel::Merging {
public:
    Merging(const ScoreBpeModel& model, std::string_view word)
        : m_model(model)
        , m_word(word)
    {
        for (std::uint32_t at = 0; at < word.size();) {
            const auto length = static_cast<std::uint32_t>(stepLength(word, at));
            const auto index = static_cast<std::uint32_t>(m_symbols.size());
            m_symbols.push_back({at, length, index - 1, index + 1}); // before the first: past the end
            at += length;
        }
        for (std::uint32_t i = 0; i + 1 < m_symbols.size(); ++i)
            offer(i);
    }

    void run()
    {
        while (!m_queue.empty()) {
            const Candidate best = m_queue.top();
            m_queue.pop();
            Symbol& left = m_symbols[best.position];
            // The neighbours have changed if they are no longer as long as they were.
            if (left.length == 0 || left.next >= m_symbols.size() || left.length + m_symbols[left.next].length != best.length)
                continue;
            Symbol& right = m_symbols[left.next];
            left.length = best.length;
            left.next = right.next;
            right.length = 0;
            if (left.next < m_symbols.size())
                m_symbols[left.next].previous = best.position;
            if (left.previous < m_symbols.size())
                offer(left.previous);
            offer(best.position);
        }
    }

    template <typename Visit>
    void forEachSymbol(const Visit& visit) const
    {
        for (const Symbol& symbol : m_symbols) {
            if (symbol.length > 0)
                visit(m_word.substr(symbol.from, symbol.length));
        }
    }

private:
    struct Symbol {
        std::uint32_t from;
        std::uint32_t length; ///< 0: went into its left neighbour
        std::uint32_t previous;
        std::uint32_t next;
    };
    struct Candidate {
        float score;
        std::uint32_t position;
        std::uint32_t length; ///< of both together

        bool operator<(const Candidate& other) const { return score != other.score ? score < other.score : position > other.position; }
    };

    void offer(std::uint32_t position)
    {
        const Symbol& left = m_symbols[position];
        if (left.next >= m_symbols.size())
            return;
        const std::uint32_t length = left.length + m_symbols[left.next].length;
        if (const int id = m_model.mergedId(m_word.substr(left.from, length)); id >= 0)
            m_queue.push({m_model.m_tokens[static_cast<std::size_t>(id)].score, position, length});
    }

    const ScoreBpeModel& m_model;
    std::string_view m_word;
    std::vector<Symbol> m_symbols;
    std::priority_queue<Candidate> m_queue;
};

ScoreBpeModel::ScoreBpeModel(TokenIds tokenIds, std::vector<Token> tokens, std::optional<int> unknownId)
    : m_tokenIds(std::move(tokenIds))
    , m_tokens(std::move(tokens))
    , m_unknownId(unknownId)
    , m_byteIds(byteIdsOf(m_tokenIds))
{
    for (const auto& [text, id] : m_tokenIds) {
        if (m_tokens[static_cast<std::size_t>(id)].merges)
            m_longest = std::max(m_longest, text.size());
    }
    // A space that is unknown may be one unknown token with what is around it.
    if (mergedId(kEscapedSpace) >= 0)
        m_breaks = WordBreaks(m_tokenIds);
}

int ScoreBpeModel::mergedId(std::string_view text) const
{
    if (text.size() > m_longest)
        return -1;
    const auto found = m_tokenIds.find(text);
    return found != m_tokenIds.end() && m_tokens[static_cast<std::size_t>(found->second)].merges ? found->second : -1;
}

void ScoreBpeModel::appendCharacter(std::string_view character, std::vector<int>& ids) const
{
    if (appendBytes(character, m_byteIds, ids) || !m_unknownId)
        return;
    if (ids.empty() || ids.back() != *m_unknownId)
        ids.push_back(*m_unknownId);
}

void ScoreBpeModel::encode(std::string_view piece, std::vector<int>& ids) const
{
    for (std::size_t from = 0; from < piece.size();) {
        const std::string_view word = piece.substr(from, m_breaks.wordEnd(piece, from) - from);
        from += word.size();
        if (m_cache.append(word, ids))
            continue;
        Merging merging(*this, word);
        merging.run();
        std::vector<int> found;
        merging.forEachSymbol([&](std::string_view symbol) {
            if (const int id = mergedId(symbol); id >= 0)
                found.push_back(id);
            else
                appendCharacter(symbol, found);
        });
        ids.insert(ids.end(), found.begin(), found.end());
        m_cache.keep(word, std::move(found));
    }
}

} // namespace precedent::text
