#include "core/text/normalizer.h"

#include "core/text/json_fields.h"
#include "core/text/pattern.h"
#include "core/text/unicode.h"

namespace precedent::text {
namespace {

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
    for (const Step& step : m_steps)
        text = step(std::move(text));
    return text;
}

Status Normalizer::add(const std::string& type, const nlohmann::json& json, const std::string& where)
{
    if (type == "Replace") {
        if (!json.contains("pattern"))
            return unsupportedEntry(where, "a Replace without \"pattern\"");
        Result<Pattern> pattern = Pattern::fromJson(json["pattern"], where);
        PRECEDENT_TRY(pattern);
        m_steps.emplace_back([pattern = std::move(*pattern), content = stringField(json, "content")](
                                 std::string text) { return pattern.replaceAll(text, content); });
        return {};
    }
    return addSimple(type, json, where);
}

Status Normalizer::addSimple(const std::string& type, const nlohmann::json& json, const std::string& where)
{
    const auto unicodeStep = [](UnicodeForm form) -> Step { return [form](std::string text) { return normalizeUnicode(text, form); }; };
    if (type == "NFC")
        m_steps.push_back(unicodeStep(UnicodeForm::nfc));
    else if (type == "NFD")
        m_steps.push_back(unicodeStep(UnicodeForm::nfd));
    else if (type == "NFKC")
        m_steps.push_back(unicodeStep(UnicodeForm::nfkc));
    else if (type == "NFKD")
        m_steps.push_back(unicodeStep(UnicodeForm::nfkd));
    else if (type == "Lowercase")
        m_steps.emplace_back([](std::string text) { return toLowerCase(text); });
    else if (type == "StripAccents")
        m_steps.emplace_back([](std::string text) { return withoutAccents(text); });
    else if (type == "Strip")
        m_steps.emplace_back([left = boolField(json, "strip_left", true), right = boolField(json, "strip_right", true)](
                                 std::string text) { return stripped(text, left, right); });
    else if (type == "Prepend")
        m_steps.emplace_back([prefix = stringField(json, "prepend")](std::string text) { return text.empty() ? text : prefix + text; });
    else
        return unsupportedEntry(where, "the type \"" + type + "\"");
    return {};
}

} // namespace precedent::text
