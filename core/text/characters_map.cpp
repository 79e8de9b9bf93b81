#include "core/text/characters_map.h"

#include "core/text/unicode.h"

namespace precedent::text {
namespace {

/// Graphemes of this many bytes and more are never replaced as a whole.
constexpr std::size_t kLongGrapheme = 6;

std::uint32_t littleEndian(std::string_view bytes, std::size_t at)
{
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
    return value;
}

std::uint32_t labelOf(std::uint32_t unit) { return unit & 0x800000FFU; }
bool hasLeaf(std::uint32_t unit) { return (unit & 0x100U) != 0; }
std::uint32_t valueOf(std::uint32_t unit) { return unit & 0x7FFFFFFFU; }
std::uint32_t offsetOf(std::uint32_t unit) { return (unit >> 10) << ((unit & 0x200U) >> 6); }

int valueOfBase64(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

} // namespace

Result<CharactersMap> CharactersMap::parse(std::string_view bytes)
{
    if (bytes.size() < 4)
        return Error(ErrorCode::corrupt, "the map of characters has " + std::to_string(bytes.size()) + " bytes; its size alone takes 4.");
    const std::uint32_t arraySize = littleEndian(bytes, 0);
    if (arraySize == 0 || arraySize % 4 != 0 || arraySize > bytes.size() - 4) {
        return Error(ErrorCode::corrupt,
            "the map of characters has an array of " + std::to_string(arraySize) + " bytes in " + std::to_string(bytes.size()) +
                "; a multiple of 4 that fits was expected.");
    }
    CharactersMap map;
    map.m_units.reserve(arraySize / 4);
    for (std::size_t at = 4; at < 4 + std::size_t{arraySize}; at += 4)
        map.m_units.push_back(littleEndian(bytes, at));
    map.m_replacements = bytes.substr(4 + std::size_t{arraySize});
    if (!map.m_replacements.empty() && map.m_replacements.back() != '\0')
        return Error(ErrorCode::corrupt, "the map of characters has a last replacement without an end.");
    return map;
}

std::optional<CharactersMap::Match> CharactersMap::matchAt(std::string_view text, bool shortest) const
{
    std::optional<Match> match;
    std::size_t at = offsetOf(m_units[0]);
    for (std::size_t i = 0; i < text.size() && text[i] != '\0'; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        at ^= byte;
        if (at >= m_units.size() || labelOf(m_units[at]) != byte)
            break;
        const std::uint32_t unit = m_units[at];
        at ^= offsetOf(unit);
        if (!hasLeaf(unit))
            continue;
        if (at >= m_units.size() || valueOf(m_units[at]) >= m_replacements.size())
            break;
        match = Match{i + 1, std::string_view(m_replacements.c_str() + valueOf(m_units[at]))};
        if (shortest)
            break;
    }
    return match;
}

void CharactersMap::appendCharacters(std::string_view text, std::string& out) const
{
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view character = text.substr(at, stepLength(text, at));
        const std::optional<Match> match = shortestAt(character);
        out += match ? match->replacement : character;
        at += character.size();
    }
}

std::string CharactersMap::normalizedByGrapheme(std::string_view text, std::size_t limit) const
{
    std::string out;
    out.reserve(text.size());
    forEachGrapheme(text, [&](std::string_view grapheme) {
        if (out.size() > limit)
            return;
        const std::optional<Match> match = grapheme.size() < kLongGrapheme ? shortestAt(grapheme) : std::nullopt;
        if (match)
            out += match->replacement;
        else
            appendCharacters(grapheme, out);
    });
    return out;
}

std::optional<std::string> bytesOfBase64(std::string_view text)
{
    while (!text.empty() && text.back() == '=')
        text.remove_suffix(1);
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 3);
    std::uint32_t bits = 0;
    int held = 0;
    for (const char c : text) {
        const int value = valueOfBase64(c);
        if (value < 0)
            return std::nullopt;
        bits = (bits << 6) | static_cast<std::uint32_t>(value);
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes.push_back(static_cast<char>(static_cast<unsigned char>(bits >> held)));
        }
    }
    return bytes;
}

} // namespace precedent::text
