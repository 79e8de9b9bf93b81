#include "core/text/wordpiece_model.h"

#include <algorithm>

#include "core/text/unicode.h"

namespace precedent::text {

WordPieceModel::WordPieceModel(TokenIds tokenIds, Options options)
    : m_tokenIds(std::move(tokenIds))
    , m_options(std::move(options))
{
    for (const auto& [token, id] : m_tokenIds)
        m_longestToken = std::max(m_longestToken, token.size());
}

std::vector<int> WordPieceModel::cut(std::string_view word) const
{
    std::vector<std::size_t> starts; // of its characters, and the end
    for (std::size_t at = 0; at < word.size(); at += stepLength(word, at))
        starts.push_back(at);
    if (starts.size() > m_options.longestWord)
        return {m_options.unknownId};
    starts.push_back(word.size());
    std::vector<int> ids;
    for (std::size_t from = 0; from + 1 < starts.size();) {
        const std::string lead = from > 0 ? m_options.prefix : std::string();
        std::size_t to = std::min(starts.size() - 1, from + m_longestToken); // a character has a byte at least
        TokenIds::const_iterator found = m_tokenIds.end();
        for (; to > from && found == m_tokenIds.end(); --to)
            found = m_tokenIds.find(lead + std::string(word.substr(starts[from], starts[to] - starts[from])));
        if (found == m_tokenIds.end())
            return {m_options.unknownId};
        ids.push_back(found->second);
        from = to + 1; // the loop has gone one beyond
    }
    return ids;
}

void WordPieceModel::encode(std::string_view piece, std::vector<int>& ids) const
{
    if (piece.empty() || m_cache.append(piece, ids))
        return;
    std::vector<int> found = cut(piece);
    ids.insert(ids.end(), found.begin(), found.end());
    m_cache.keep(piece, std::move(found));
}

} // namespace precedent::text
