#include "casebase/text_rules.h"

#include "casebase/connection.h"
#include "precedent/base/random.h"

namespace precedent::casebase {
namespace {

bool isSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Length of the well-formed UTF-8 sequence at `p`, or 0 (Unicode 15, table 3-7).
std::size_t sequenceLength(const unsigned char* p, std::size_t left)
{
    const unsigned char lead = p[0];
    const auto continues = [&](std::size_t i, unsigned char low, unsigned char high) { return i < left && p[i] >= low && p[i] <= high; };
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return continues(1, 0x80, 0xbf) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef) {
        const unsigned char low = lead == 0xe0 ? 0xa0 : 0x80;
        const unsigned char high = lead == 0xed ? 0x9f : 0xbf;
        return continues(1, low, high) && continues(2, 0x80, 0xbf) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        const unsigned char low = lead == 0xf0 ? 0x90 : 0x80;
        const unsigned char high = lead == 0xf4 ? 0x8f : 0xbf;
        return continues(1, low, high) && continues(2, 0x80, 0xbf) && continues(3, 0x80, 0xbf) ? 4 : 0;
    }
    return 0;
}

} // namespace

std::optional<std::size_t> firstInvalidUtf8(std::string_view text)
{
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t i = 0;
    while (i < text.size()) {
        if (bytes[i] < 0x80) {
            ++i;
            continue;
        }
        const std::size_t length = sequenceLength(bytes + i, text.size() - i);
        if (length == 0)
            return i;
        i += length;
    }
    return std::nullopt;
}

void requireStorable(std::string_view text, const char* field, const std::string& entity)
{
    if (const auto bad = firstInvalidUtf8(text))
        fail(ErrorCode::invalidArgument,
            "The " + std::string(field) + " of " + entity + " is not UTF-8: byte " + std::to_string(*bad) + " does not fit.",
            "Convert the text to UTF-8.");
    if (const auto nul = text.find('\0'); nul != std::string_view::npos)
        fail(ErrorCode::invalidArgument,
            "The " + std::string(field) + " of " + entity + " holds a NUL character at byte " + std::to_string(nul) + ".",
            "Remove it; texts cannot hold one.");
}

std::string squeezed(std::string_view text)
{
    std::string result;
    result.reserve(text.size());
    bool gap = false;
    for (const char c : text) {
        if (isSpace(c)) {
            gap = !result.empty();
            continue;
        }
        if (gap)
            result += ' ';
        gap = false;
        result += c;
    }
    return result;
}

std::string titleKey(std::string_view title)
{
    std::string result;
    bool gap = false;
    for (const char c : title) {
        const auto byte = static_cast<unsigned char>(c);
        const bool upper = c >= 'A' && c <= 'Z';
        if (upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || byte >= 0x80) {
            if (gap && !result.empty())
                result += ' ';
            gap = false;
            result += upper ? static_cast<char>(c - 'A' + 'a') : c;
        } else {
            gap = true;
        }
    }
    return result;
}

std::int64_t sameKey(const std::vector<Message>& messages, std::string_view salt)
{
    std::uint64_t key = streamOf(salt);
    for (const Message& message : messages) {
        key = key * 0x9e3779b97f4a7c15ULL + streamOf(message.role);
        key = key * 0x9e3779b97f4a7c15ULL + streamOf(squeezed(message.content));
    }
    return static_cast<std::int64_t>(key);
}

bool sameMessages(const std::vector<Message>& a, const std::vector<Message>& b)
{
    if (a.size() != b.size())
        return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i].role != b[i].role || squeezed(a[i].content) != squeezed(b[i].content))
            return false;
    }
    return true;
}

std::string joinedContents(const std::vector<Message>& messages)
{
    std::string result;
    for (std::size_t i = 0; i < messages.size(); ++i) {
        if (i > 0)
            result += '\n';
        result += messages[i].content;
    }
    return result;
}

std::string firstLine(std::string_view text, std::size_t bytes)
{
    std::string line = squeezed(text.substr(0, bytes * 2));
    if (line.size() > bytes)
        line.resize(bytes);
    // The cut may have gone through a character.
    line.resize(firstInvalidUtf8(line).value_or(line.size()));
    return line;
}

} // namespace precedent::casebase
