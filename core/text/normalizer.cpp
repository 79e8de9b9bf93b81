#include "core/text/normalizer.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>

#include "core/text/characters_map.h"
#include "core/text/json_fields.h"
#include "core/text/pattern.h"
#include "core/text/unicode.h"

namespace precedent::text {
namespace {

/// Normal form KC makes eleven bytes of one at most (U+FDFA).
constexpr std::size_t kMostGrowth = 16;

std::string stripped(std::string_view text, bool left, bool right)
{
    std::size_t from = 0;
    std::size_t to = text.size();
    while (left && from < to) {
        const std::size_t length = stepLength(text, from);
        if (!isSpace(codePointAt(text, from, length)))
            break;
        from += length;
    }
    // From the left again, since a character's beginning cannot be told from its end in broken text.
    std::size_t lastEnd = from;
    for (std::size_t at = from; right && at < to;) {
        const std::size_t length = stepLength(text, at);
        if (!isSpace(codePointAt(text, at, length)))
            lastEnd = at + length;
        at += length;
    }
    if (right)
        to = lastEnd;
    return std::string(text.substr(from, to - from));
}

/// Of control characters, those that separate become spaces and the others go: what translation models' data had done
/// to it, as Hugging Face's Nmt normalizer says.
std::string nmtNormalized(std::string_view text)
{
    const auto within = [](std::uint32_t point, std::uint32_t from, std::uint32_t to) { return point >= from && point <= to; };
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = stepLength(text, at);
        const std::string_view character = text.substr(at, length);
        const std::uint32_t point = length == characterLength(text, at) ? codePointAt(text, at, length) : 0;
        at += length;
        const bool goes =
            within(point, 0x01, 0x08) || point == 0x0B || within(point, 0x0E, 0x1F) || point == 0x7F || point == 0x8F || point == 0x9F;
        const bool separates = within(point, 0x09, 0x0A) || within(point, 0x0C, 0x0D) || point == 0x1680 || within(point, 0x200B, 0x200F) ||
            within(point, 0x2028, 0x2029) || point == 0x2581 || point == 0xFEFF || point == 0xFFFD;
        if (separates)
            out.push_back(' ');
        else if (!goes)
            out += character;
    }
    return out;
}

/// BERT's cleaning: control characters go, each kind of space is a plain one.
std::string bertCleaned(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); at += stepLength(text, at)) {
        const std::size_t length = characterLength(text, at);
        if (length == 0)
            continue;
        const std::uint32_t point = codePointAt(text, at, length);
        if (isSpace(point))
            out.push_back(' ');
        else if (point != 0xFFFD && !isControl(point))
            out.append(text.substr(at, length));
    }
    return out;
}

/// Of the ideographs that BERT takes for words of their own; kana and Hangul are none.
bool isIdeograph(std::uint32_t point)
{
    constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 8> kRanges{{{0x4E00, 0x9FFF}, {0x3400, 0x4DBF}, {0x20000, 0x2A6DF},
        {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF}, {0xF900, 0xFAFF}, {0x2F800, 0x2FA1F}}};
    return std::any_of(
        kRanges.begin(), kRanges.end(), [point](const auto& range) { return point >= range.first && point <= range.second; });
}

std::string ideographsApart(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = stepLength(text, at);
        const bool apart = length > 1 && isIdeograph(codePointAt(text, at, length));
        out.append(apart ? " " : "").append(text.substr(at, length)).append(apart ? " " : "");
        at += length;
    }
    return out;
}

} // namespace

Result<Normalizer> Normalizer::fromJson(const nlohmann::json& json)
{
    Normalizer normalizer;
    const std::string where = "normalizer";
    PRECEDENT_TRY(forEachPart(json, "normalizers", where,
        [&](const nlohmann::json& part, const std::string& type) { return normalizer.add(type, part, where); }));
    return normalizer;
}

std::string Normalizer::apply(std::string text) const
{
    const std::size_t limit = longestRewriting(text.size(), kMostGrowth);
    for (const Step& step : m_steps) {
        std::string rewritten = step(text, limit);
        if (rewritten.size() <= limit)
            text = std::move(rewritten);
    }
    return text;
}

Status Normalizer::add(const std::string& type, const nlohmann::json& json, const std::string& where)
{
    if (type == "Replace")
        return addReplace(json, where);
    if (type == "Precompiled")
        return addPrecompiled(json, where);
    if (type == "BertNormalizer") {
        addBert(json);
        return {};
    }
    return addSimple(type, json, where);
}

Status Normalizer::addReplace(const nlohmann::json& json, const std::string& where)
{
    if (!json.contains("pattern"))
        return unsupportedEntry(where, "a Replace without \"pattern\"");
    Result<Pattern> pattern = Pattern::fromJson(json["pattern"], where);
    PRECEDENT_TRY(pattern);
    addStep([pattern = std::move(*pattern), content = stringField(json, "content")](
                const std::string& text, std::size_t limit) { return pattern.replaceAll(text, content, limit); });
    return {};
}

Status Normalizer::addPrecompiled(const nlohmann::json& json, const std::string& where)
{
    // Models without a map of their own have the entry as well, with nothing in it.
    const std::string encoded = stringField(json, "precompiled_charsmap");
    if (encoded.empty())
        return {};
    const std::optional<std::string> bytes = bytesOfBase64(encoded);
    if (!bytes)
        return Error(ErrorCode::corrupt, where + ": \"precompiled_charsmap\" is not base64.");
    Result<CharactersMap> read = CharactersMap::parse(*bytes);
    if (!read)
        return read.error().in(where);
    const auto map = std::make_shared<const CharactersMap>(std::move(*read));
    addStep([map](const std::string& text, std::size_t limit) { return map->normalizedByGrapheme(text, limit); });
    return {};
}

void Normalizer::addBert(const nlohmann::json& json)
{
    const bool lowercase = boolField(json, "lowercase", true);
    if (boolField(json, "clean_text", true))
        addStep([](const std::string& text, std::size_t) { return bertCleaned(text); });
    if (boolField(json, "handle_chinese_chars", true))
        addStep([](const std::string& text, std::size_t) { return ideographsApart(text); });
    if (boolField(json, "strip_accents", lowercase)) // null: as `lowercase`
        addStep([](const std::string& text, std::size_t) { return withoutAccents(normalizeUnicode(text, UnicodeForm::nfd)); });
    if (lowercase)
        addStep([](const std::string& text, std::size_t) { return toLowerCase(text); });
}

Status Normalizer::addSimple(const std::string& type, const nlohmann::json& json, const std::string& where)
{
    using Rewrite = std::string (*)(std::string_view);
    static const std::map<std::string, Rewrite, std::less<>> kRewrites{
        {"NFC", [](std::string_view text) { return normalizeUnicode(text, UnicodeForm::nfc); }},
        {"NFD", [](std::string_view text) { return normalizeUnicode(text, UnicodeForm::nfd); }},
        {"NFKC", [](std::string_view text) { return normalizeUnicode(text, UnicodeForm::nfkc); }},
        {"NFKD", [](std::string_view text) { return normalizeUnicode(text, UnicodeForm::nfkd); }},
        {"Nmt", nmtNormalized},
        {"Lowercase", toLowerCase},
        {"StripAccents", withoutAccents},
    };
    if (const auto found = kRewrites.find(type); found != kRewrites.end()) {
        addStep([rewrite = found->second](const std::string& text, std::size_t) { return rewrite(text); });
    } else if (type == "Strip") {
        addStep([left = boolField(json, "strip_left", true), right = boolField(json, "strip_right", true)](
                    const std::string& text, std::size_t) { return stripped(text, left, right); });
    } else if (type == "Prepend") {
        addStep([prefix = stringField(json, "prepend")](
                    const std::string& text, std::size_t limit) { return text.empty() || prefix.size() > limit ? text : prefix + text; });
    } else {
        return unsupportedEntry(where, "the type \"" + type + "\"");
    }
    return {};
}

} // namespace precedent::text
