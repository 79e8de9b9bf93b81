#include "core/text/jinja/python_text.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "core/text/jinja/lexer.h"
#include "core/text/unicode.h"

namespace precedent::text::jinja {
namespace {

bool isSpaceAt(std::string_view text, std::size_t at, std::size_t length)
{
    const std::uint32_t codePoint = codePointAt(text, at, length);
    return (length > 1 || codePoint < 0x80) && isPythonSpace(codePoint);
}

std::size_t previousCharacter(std::string_view text, std::size_t end)
{
    for (std::size_t back = 1; back <= 4 && back <= end; ++back) {
        if (characterLength(text, end - back) == back)
            return end - back;
    }
    return end - 1;
}

bool isLineBreak(std::uint32_t c)
{
    return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

// Once there are `most` parts the rest is one more, which keeps the space at its far end.
std::vector<std::string_view> words(std::string_view text, std::int64_t most)
{
    std::vector<std::string_view> parts;
    for (std::size_t at = 0; at < text.size();) {
        if (isSpaceAt(text, at, stepLength(text, at))) {
            at += stepLength(text, at);
            continue;
        }
        const bool rest = most >= 0 && static_cast<std::int64_t>(parts.size()) == most;
        std::size_t end = rest ? text.size() : at;
        while (end < text.size() && !isSpaceAt(text, end, stepLength(text, end)))
            end += stepLength(text, end);
        parts.push_back(text.substr(at, end - at));
        at = end;
    }
    return parts;
}

std::vector<std::string_view> wordsFromRight(std::string_view text, std::int64_t most)
{
    std::vector<std::string_view> parts;
    const auto spaceBefore = [&](std::size_t end) {
        const std::size_t at = previousCharacter(text, end);
        return isSpaceAt(text, at, end - at);
    };
    for (std::size_t end = text.size(); end > 0;) {
        if (spaceBefore(end)) {
            end = previousCharacter(text, end);
            continue;
        }
        const bool rest = most >= 0 && static_cast<std::int64_t>(parts.size()) == most;
        std::size_t at = rest ? 0 : end;
        while (at > 0 && !spaceBefore(at))
            at = previousCharacter(text, at);
        parts.push_back(text.substr(at, end - at));
        end = at;
    }
    std::reverse(parts.begin(), parts.end());
    return parts;
}

} // namespace

std::size_t characters(const Text& text)
{
    if (text.ascii)
        return text.bytes.size();
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.bytes.size(); at += stepLength(text.bytes, at))
        ++count;
    return count;
}

void forEachCharacter(std::string_view bytes, const std::function<void(std::string_view)>& visit)
{
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t length = stepLength(bytes, at);
        visit(bytes.substr(at, length));
        at += length;
    }
}

std::vector<std::size_t> boundaries(std::string_view bytes)
{
    std::vector<std::size_t> starts;
    for (std::size_t at = 0; at < bytes.size(); at += stepLength(bytes, at))
        starts.push_back(at);
    starts.push_back(bytes.size());
    return starts;
}

std::size_t findBytes(Runtime& runtime, std::string_view text, std::string_view part, std::size_t from)
{
    if (from > text.size())
        return std::string_view::npos;
    if (part.empty())
        return from;
    const void* found = memmem(text.data() + from, text.size() - from, part.data(), part.size()); // linear, unlike string_view::find
    const std::size_t at =
        found == nullptr ? std::string_view::npos : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    runtime.spendBytes((found == nullptr ? text.size() : at) - from + part.size());
    return at;
}

SliceIndices slicedIndices(Runtime& runtime, const SliceBounds& bounds, std::size_t length)
{
    const auto size = static_cast<std::int64_t>(length);
    const std::int64_t step = std::clamp(bounds.step.value_or(1), -size - 1, size + 1);
    if (bounds.step == 0)
        runtime.fail("a slice has a step of zero");
    const std::int64_t low = step < 0 ? -1 : 0;
    const std::int64_t high = step < 0 ? size - 1 : size;
    const auto clipped = [&](std::int64_t index) { return std::clamp(index < 0 ? index + size : index, low, high); };
    const std::int64_t from = bounds.from ? clipped(*bounds.from) : step < 0 ? high : low;
    const std::int64_t to = bounds.to ? clipped(*bounds.to) : step < 0 ? low : high;
    const std::int64_t span = step < 0 ? from - to : to - from;
    const std::int64_t count = span <= 0 ? 0 : (span - 1) / std::abs(step) + 1;
    runtime.spend(static_cast<std::size_t>(1 + count / 8));
    return {from, to, step, count};
}

Value slicedText(Runtime& runtime, const Text& text, const SliceBounds& bounds)
{
    if (!text.ascii)
        runtime.spendBytes(text.bytes.size());
    const SliceIndices indices = slicedIndices(runtime, bounds, characters(text));
    const std::string_view bytes = text.bytes;
    TextBuilder out(runtime);
    if (text.ascii && indices.step == 1)
        return out.add(bytes.substr(static_cast<std::size_t>(indices.from), static_cast<std::size_t>(indices.count))).finish(text.safe);
    runtime.take(bytes.size() * sizeof(std::size_t));
    const std::vector<std::size_t> starts = boundaries(bytes);
    for (std::int64_t i = 0; i < indices.count; ++i) {
        const auto at = static_cast<std::size_t>(indices.from + i * indices.step);
        out.add(bytes.substr(starts[at], starts[at + 1] - starts[at]));
    }
    return out.finish(text.safe);
}

std::optional<Value> characterAt(Runtime& runtime, const Text& text, std::int64_t index)
{
    if (!text.ascii)
        runtime.spendBytes(text.bytes.size());
    const auto length = static_cast<std::int64_t>(characters(text));
    const std::int64_t at = index < 0 ? index + length : index;
    if (at < 0 || at >= length)
        return std::nullopt;
    if (text.ascii)
        return runtime.text(text.bytes.substr(static_cast<std::size_t>(at), 1), text.safe);
    std::size_t start = 0;
    for (std::int64_t i = 0; i < at; ++i)
        start += stepLength(text.bytes, start);
    return runtime.text(text.bytes.substr(start, stepLength(text.bytes, start)), text.safe);
}

std::string_view stripped(Runtime& runtime, std::string_view text, std::optional<std::string_view> set, Side side)
{
    std::set<std::string_view> unwanted;
    if (set) {
        runtime.spend(set->size());
        forEachCharacter(*set, [&](std::string_view character) { unwanted.insert(character); });
    }
    const auto goes = [&](std::size_t at, std::size_t length) {
        return set ? unwanted.count(text.substr(at, length)) > 0 : isSpaceAt(text, at, length);
    };
    const std::size_t before = text.size();
    while (side != Side::right && !text.empty() && goes(0, stepLength(text, 0)))
        text.remove_prefix(stepLength(text, 0));
    while (side != Side::left && !text.empty()) {
        const std::size_t last = previousCharacter(text, text.size());
        if (!goes(last, text.size() - last))
            break;
        text.remove_suffix(text.size() - last);
    }
    runtime.spend(1 + (before - text.size()) / 8);
    return text;
}

std::vector<std::string_view> lines(std::string_view text, bool keepEnds)
{
    std::vector<std::string_view> parts;
    std::size_t start = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = stepLength(text, at);
        const bool whole = length > 1 || static_cast<unsigned char>(text[at]) < 0x80;
        if (!whole || !isLineBreak(codePointAt(text, at, length))) {
            at += length;
            continue;
        }
        const std::size_t end = at + (text.substr(at, 2) == "\r\n" ? 2 : length);
        parts.push_back(text.substr(start, (keepEnds ? end : at) - start));
        start = at = end;
    }
    if (start < text.size())
        parts.push_back(text.substr(start));
    return parts;
}

std::vector<std::string_view> split(
    Runtime& runtime, std::string_view text, std::optional<std::string_view> separator, std::int64_t most, bool fromRight)
{
    runtime.spendBytes(text.size());
    if (!separator)
        return fromRight ? wordsFromRight(text, most) : words(text, most);
    if (separator->empty())
        runtime.fail("a text is split at an empty separator");
    std::vector<std::string_view> parts;
    const auto full = [&] { return most >= 0 && static_cast<std::int64_t>(parts.size()) == most; };
    if (fromRight) {
        runtime.spend(text.size() / 64 * separator->size()); // rfind may compare so much
        for (std::size_t at = 0; !full() && (at = text.rfind(*separator)) != std::string_view::npos;) {
            parts.push_back(text.substr(at + separator->size()));
            text = text.substr(0, at);
        }
        parts.push_back(text);
        std::reverse(parts.begin(), parts.end());
        return parts;
    }
    std::size_t from = 0;
    for (std::size_t at = 0; !full() && (at = findBytes(runtime, text, *separator, from)) != std::string_view::npos;) {
        parts.push_back(text.substr(from, at - from));
        from = at + separator->size();
    }
    parts.push_back(text.substr(from));
    return parts;
}

Value replaced(Runtime& runtime, std::string_view text, std::string_view part, std::string_view by, std::int64_t count, bool safe)
{
    TextBuilder out(runtime);
    std::size_t from = 0;
    for (std::int64_t done = 0; count < 0 || done < count; ++done) {
        // An empty part stands before each character and at the end.
        std::size_t at = from;
        if (!part.empty())
            at = findBytes(runtime, text, part, from);
        else if (done > 0)
            at = from < text.size() ? from + stepLength(text, from) : std::string_view::npos;
        if (at == std::string_view::npos)
            break;
        runtime.spend();
        out.add(text.substr(from, at - from)).add(by);
        from = at + part.size();
    }
    return out.add(text.substr(std::min(from, text.size()))).finish(safe);
}

std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '\'':
            out += "&#39;";
            break;
        case '"':
            out += "&#34;";
            break;
        default:
            out += c;
        }
    }
    return out;
}

Value padded(Runtime& runtime, const Text& text, std::int64_t width, std::string_view fill, Side filledSide)
{
    const auto missing = width - static_cast<std::int64_t>(characters(text));
    if (missing <= 0)
        return &text;
    // str.center puts the odd one to the left where the width is odd.
    const std::int64_t left = filledSide == Side::left ? missing : filledSide == Side::right ? 0 : missing / 2 + (missing & width & 1);
    TextBuilder out(runtime);
    runtime.spend(static_cast<std::size_t>(missing));
    return out.add(fill, static_cast<std::size_t>(left)).add(text.bytes).add(fill, static_cast<std::size_t>(missing - left)).finish();
}

} // namespace precedent::text::jinja
