#include "core/text/sentencepiece_normalizer.h"

#include "core/text/unicode.h"
#include "core/text/word_breaks.h"

namespace precedent::text {
namespace {

/// What stands in the place of the text's beginning, and how much of the text that is.
CharactersMap::Match replaced(std::string_view text, const std::optional<CharactersMap>& characters)
{
    if (characters) {
        if (const auto match = characters->longestAt(text))
            return *match;
    }
    const std::size_t length = characterLength(text, 0);
    if (length == 0)
        return {1, "\xEF\xBF\xBD"};
    return {length, text.substr(0, length)};
}

void dropSpacesAtEnd(std::string& text)
{
    while (text.ends_with(kEscapedSpace))
        text.resize(text.size() - kEscapedSpace.size());
}

} // namespace

std::string SentencePieceNormalizer::apply(std::string_view text, std::size_t limit) const
{
    std::string out;
    out.reserve(text.size() + text.size() / 2);
    bool afterSpace = removeExtraSpaces;
    bool begun = false;
    while (!text.empty() && out.size() <= limit) {
        const CharactersMap::Match match = replaced(text, characters);
        text.remove_prefix(match.length);
        for (const char c : match.replacement) {
            if (c == ' ' && afterSpace)
                continue;
            if (!begun && addSpacePrefix)
                out += kEscapedSpace;
            begun = true;
            if (c == ' ')
                out += kEscapedSpace;
            else
                out.push_back(c);
            afterSpace = removeExtraSpaces && c == ' ';
        }
    }
    if (removeExtraSpaces)
        dropSpacesAtEnd(out);
    return out;
}

} // namespace precedent::text
