#include "core/text/unigram_model.h"

#include <algorithm>

#include "core/text/unicode.h"

namespace precedent::text {
namespace {

/// What SentencePiece and its descendants take off the least score for a character that they do not know.
constexpr double kUnknownPenalty = 10;

} // namespace

UnigramModel::UnigramModel(TokenIds tokenIds, std::vector<Token> tokens, Options options)
    : m_tokenIds(std::move(tokenIds))
    , m_tokens(std::move(tokens))
    , m_options(options)
    , m_byteIds(byteIdsOf(m_tokenIds))
{
    std::vector<std::pair<std::string_view, int>> texts;
    std::optional<double> least;
    for (const auto& [text, id] : m_tokenIds) {
        const Token& token = m_tokens[static_cast<std::size_t>(id)];
        if (!token.matches)
            continue;
        texts.emplace_back(text, id);
        least = std::min(least.value_or(token.score), token.score);
    }
    m_unknownScore = least.value_or(0) - kUnknownPenalty;
    m_trie = PrefixTrie(std::move(texts));
}

std::vector<UnigramModel::Step> UnigramModel::bestSteps(std::string_view piece) const
{
    std::vector<Step> steps(piece.size() + 1);
    const auto offer = [&](std::size_t from, std::size_t to, double score, int id) {
        if (steps[to].from == kNowhere || score > steps[to].score)
            steps[to] = {score, from, id};
    };
    for (std::size_t from = 0; from < piece.size();) {
        const double before = steps[from].score;
        const std::size_t length = stepLength(piece, from);
        bool known = false;
        m_trie.forEachPrefix(piece.substr(from), [&](std::size_t tokenLength, int id) {
            known = known || tokenLength == length;
            offer(from, from + tokenLength, before + m_tokens[static_cast<std::size_t>(id)].score, id);
        });
        if (!known)
            offer(from, from + length, before + m_unknownScore, kUnknown);
        from += length;
    }
    return steps;
}

void UnigramModel::appendUnknown(std::string_view run, std::vector<int>& ids) const
{
    if (m_options.byteFallback && appendBytes(run, m_byteIds, ids))
        return;
    if (m_options.unknownId)
        ids.push_back(*m_options.unknownId);
}

void UnigramModel::encode(std::string_view piece, std::vector<int>& ids) const
{
    if (piece.empty() || m_cache.append(piece, ids))
        return;
    const std::vector<Step> steps = bestSteps(piece);
    std::vector<std::size_t> ends;
    for (std::size_t end = piece.size(); end > 0; end = steps[end].from)
        ends.push_back(end);
    std::vector<int> found;
    std::size_t unknownFrom = piece.size();
    std::size_t from = 0;
    for (auto end = ends.rbegin(); end != ends.rend(); from = *end++) {
        if (steps[*end].id == kUnknown) {
            unknownFrom = std::min(unknownFrom, from);
            continue;
        }
        if (unknownFrom < from)
            appendUnknown(piece.substr(unknownFrom, from - unknownFrom), found);
        unknownFrom = piece.size();
        found.push_back(steps[*end].id);
    }
    if (unknownFrom < piece.size())
        appendUnknown(piece.substr(unknownFrom), found);
    ids.insert(ids.end(), found.begin(), found.end());
    m_cache.keep(piece, std::move(found));
}

} // namespace precedent::text
