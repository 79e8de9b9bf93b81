#include "core/text/added_tokens.h"

#include "core/text/unicode.h"

namespace precedent::text {
namespace {

std::uint64_t edgeKey(std::uint32_t node, char byte) { return (static_cast<std::uint64_t>(node) << 8) | static_cast<unsigned char>(byte); }

bool wordCharacterBefore(std::string_view text, std::size_t at)
{
    std::size_t from = at;
    while (from > 0 && at - from < 4) {
        --from;
        const std::size_t length = characterLength(text, from);
        if (length == at - from)
            return isWordCharacter(codePointAt(text, from, length));
    }
    return false;
}

bool wordCharacterAfter(std::string_view text, std::size_t at)
{
    const std::size_t length = at < text.size() ? characterLength(text, at) : 0;
    return length > 0 && isWordCharacter(codePointAt(text, at, length));
}

/// Where the white space that ends at `at` begins, not before `least`.
std::size_t spaceStart(std::string_view text, std::size_t at, std::size_t least)
{
    std::size_t start = at;
    for (std::size_t from = at; from > least && start - from < 4;) {
        --from;
        const std::size_t length = characterLength(text, from);
        if (length == 0 || from + length != start)
            continue;
        if (!isSpace(codePointAt(text, from, length)))
            break;
        start = from;
    }
    return start;
}

std::size_t spaceEnd(std::string_view text, std::size_t at)
{
    while (at < text.size()) {
        const std::size_t length = characterLength(text, at);
        if (length == 0 || !isSpace(codePointAt(text, at, length)))
            break;
        at += length;
    }
    return at;
}

} // namespace

void AddedTokenFinder::add(AddedToken token, std::string_view pattern)
{
    if (pattern.empty())
        return;
    std::uint32_t node = 0;
    for (const char byte : pattern) {
        const auto [edge, isNew] = m_edges.try_emplace(edgeKey(node, byte), static_cast<std::uint32_t>(m_ends.size()));
        if (isNew)
            m_ends.push_back(-1);
        node = edge->second;
    }
    m_begins[static_cast<unsigned char>(pattern.front())] = true;
    m_ends[node] = static_cast<int>(m_tokens.size());
    m_tokens.push_back(std::move(token));
}

AddedTokenFinder::Longest AddedTokenFinder::longestAt(std::string_view text, std::size_t at) const
{
    Longest longest;
    std::uint32_t node = 0;
    for (std::size_t i = at; i < text.size(); ++i) {
        const auto edge = m_edges.find(edgeKey(node, text[i]));
        if (edge == m_edges.end())
            break;
        node = edge->second;
        if (m_ends[node] >= 0)
            longest = {m_ends[node], i + 1};
    }
    return longest;
}

void AddedTokenFinder::forEach(std::string_view text, const std::function<void(const AddedToken&, std::size_t, std::size_t)>& found) const
{
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size();) {
        if (!m_begins[static_cast<unsigned char>(text[at])]) {
            ++at;
            continue;
        }
        const Longest longest = longestAt(text, at);
        if (longest.token < 0) {
            ++at;
            continue;
        }
        const AddedToken& token = m_tokens[static_cast<std::size_t>(longest.token)];
        if (token.singleWord && (wordCharacterBefore(text, at) || wordCharacterAfter(text, longest.end))) {
            at = longest.end;
            continue;
        }
        const std::size_t from = token.leftStrip ? spaceStart(text, at, done) : at;
        done = token.rightStrip ? spaceEnd(text, longest.end) : longest.end;
        found(token, from, done);
        at = done;
    }
}

} // namespace precedent::text
