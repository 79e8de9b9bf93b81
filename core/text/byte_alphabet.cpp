#include "core/text/byte_alphabet.h"

#include <cstdint>

#include "core/text/unicode.h"

namespace precedent::text {
namespace {

/// Code points of the alphabet end below this: 256 + the 68 bytes that print nothing by themselves.
constexpr std::uint32_t kAlphabetEnd = 256 + 68;

bool printsItself(std::uint32_t byte)
{
    return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
}

std::array<std::uint32_t, 256> codePoints()
{
    std::array<std::uint32_t, 256> points{};
    std::uint32_t next = 256;
    for (std::uint32_t byte = 0; byte < 256; ++byte)
        points[byte] = printsItself(byte) ? byte : next++;
    return points;
}

std::array<int, kAlphabetEnd> bytesByCodePoint()
{
    std::array<int, kAlphabetEnd> bytes{};
    bytes.fill(-1);
    const auto points = codePoints();
    for (std::size_t byte = 0; byte < points.size(); ++byte)
        bytes[points[byte]] = static_cast<int>(byte);
    return bytes;
}

} // namespace

const std::array<std::string, 256>& byteAlphabet()
{
    static const std::array<std::string, 256> alphabet = [] {
        std::array<std::string, 256> made;
        const auto points = codePoints();
        for (std::size_t byte = 0; byte < made.size(); ++byte)
            appendUtf8(made[byte], points[byte]);
        return made;
    }();
    return alphabet;
}

std::optional<std::string> bytesOfAlphabet(std::string_view token)
{
    static const std::array<int, kAlphabetEnd> bytes = bytesByCodePoint();
    std::string out;
    for (std::size_t at = 0; at < token.size();) {
        const std::size_t length = characterLength(token, at);
        if (length == 0)
            return std::nullopt;
        const std::uint32_t point = codePointAt(token, at, length);
        if (point >= kAlphabetEnd || bytes[point] < 0)
            return std::nullopt;
        out.push_back(static_cast<char>(static_cast<unsigned char>(bytes[point])));
        at += length;
    }
    return out;
}

} // namespace precedent::text
