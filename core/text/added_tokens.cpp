#include "core/text/added_tokens.h"

#include <algorithm>

#include "core/text/unicode.h"

namespace precedent::text {
namespace {

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
    m_begins[static_cast<unsigned char>(pattern.front())] = true;
    m_patterns.emplace_back(pattern);
    m_tokens.push_back(std::move(token));
}

void AddedTokenFinder::finish()
{
    // Of tokens with one pattern the last counts, and the trie keeps the lowest value.
    std::vector<std::pair<std::string_view, int>> texts;
    texts.reserve(m_patterns.size());
    const auto last = static_cast<int>(m_patterns.size()) - 1;
    for (int i = 0; i <= last; ++i)
        texts.emplace_back(m_patterns[static_cast<std::size_t>(i)], last - i);
    m_trie = PrefixTrie(std::move(texts));
    m_patterns = {};
    std::reverse(m_tokens.begin(), m_tokens.end());
}

void AddedTokenFinder::forEach(std::string_view text, const std::function<void(const AddedToken&, std::size_t, std::size_t)>& found) const
{
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size();) {
        if (!m_begins[static_cast<unsigned char>(text[at])]) {
            ++at;
            continue;
        }
        int longest = -1;
        std::size_t end = at;
        m_trie.forEachPrefix(text.substr(at), [&](std::size_t length, int index) {
            longest = index;
            end = at + length;
        });
        if (longest < 0) {
            ++at;
            continue;
        }
        const AddedToken& token = m_tokens[static_cast<std::size_t>(longest)];
        if (token.singleWord && (wordCharacterBefore(text, at) || wordCharacterAfter(text, end))) {
            at = end;
            continue;
        }
        const std::size_t from = token.leftStrip ? spaceStart(text, at, done) : at;
        done = token.rightStrip ? spaceEnd(text, end) : end;
        found(token, from, done);
        at = done;
    }
}

} // namespace precedent::text
