#include "core/text/word_breaks.h"

namespace precedent::text {
namespace {

/// The character that ends at `end` (> 0), or the byte there where the text is broken.
std::string_view characterBefore(std::string_view text, std::size_t end)
{
    std::size_t from = end - 1;
    while (from > 0 && end - from < 4 && (static_cast<unsigned char>(text[from]) & 0xC0U) == 0x80U)
        --from;
    return text.substr(from, end - from);
}

} // namespace

WordBreaks::WordBreaks(const TokenIds& tokenIds)
    : m_cuts(tokenIds.contains(kEscapedSpace))
{
    m_joining.emplace(kEscapedSpace);
    for (const auto& [token, id] : tokenIds) {
        for (std::size_t at = token.find(kEscapedSpace, 1); at != std::string::npos; at = token.find(kEscapedSpace, at + 1))
            m_joining.emplace(characterBefore(token, at));
    }
}

std::size_t WordBreaks::wordEnd(std::string_view text, std::size_t from) const
{
    if (!m_cuts)
        return text.size();
    for (std::size_t at = text.find(kEscapedSpace, from + 1); at != std::string_view::npos; at = text.find(kEscapedSpace, at + 1)) {
        if (m_joining.find(characterBefore(text, at)) == m_joining.end())
            return at;
    }
    return text.size();
}

} // namespace precedent::text
