#include "core/text/jinja/string_escapes.h"

#include <charconv>
#include <cstdint>

#include "core/text/unicode.h"

namespace precedent::text::jinja {
namespace {

constexpr std::uint32_t kLastCodePoint = 0x10FFFF;

/// Appends the character of `digits` hexadecimal digits at `at` and goes past them.
bool takeHex(std::string_view literal, std::size_t& at, std::size_t digits, std::string& out)
{
    std::uint32_t codePoint = 0;
    const std::string_view hex = literal.substr(at, digits);
    const auto read = std::from_chars(hex.data(), hex.data() + hex.size(), codePoint, 16);
    const bool surrogate = codePoint >= 0xD800 && codePoint <= 0xDFFF;
    if (hex.size() != digits || read.ec != std::errc() || read.ptr != hex.data() + hex.size() || codePoint > kLastCodePoint || surrogate)
        return false;
    appendUtf8(out, codePoint);
    at += digits;
    return true;
}

void takeOctal(std::string_view literal, std::size_t& at, std::string& out)
{
    std::uint32_t codePoint = 0;
    for (int digits = 0; digits < 3 && at < literal.size() && literal[at] >= '0' && literal[at] <= '7'; ++digits)
        codePoint = codePoint * 8 + static_cast<std::uint32_t>(literal[at++] - '0');
    appendUtf8(out, codePoint);
}

} // namespace

std::string withoutEscapes(std::string_view literal, std::string& problem)
{
    constexpr std::string_view kLetters = "abfnrtv\\'\"\n";
    constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\'\"";
    std::string out;
    for (std::size_t at = 0; at < literal.size();) {
        if (literal[at] != '\\' || at + 1 >= literal.size()) {
            out += literal[at++];
            continue;
        }
        const char letter = literal[at + 1];
        const std::size_t escape = at;
        at += 2;
        bool good = true;
        if (const std::size_t known = kLetters.find(letter); known < kMeanings.size()) {
            out += kMeanings[known];
        } else if (letter == 'x' || letter == 'u' || letter == 'U') {
            good = takeHex(literal, at, letter == 'x' ? 2 : letter == 'u' ? 4 : 8, out);
        } else if (letter >= '0' && letter <= '7') {
            takeOctal(literal, --at, out);
        } else if (letter == 'N') {
            good = false;
        } else if (letter != '\n') {
            out += literal.substr(escape, 2);
        }
        if (!good) {
            problem = "the escape \"" + std::string(literal.substr(escape, 10)) + "\" stands for no character";
            return out;
        }
    }
    return out;
}

} // namespace precedent::text::jinja
