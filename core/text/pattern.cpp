#include "core/text/pattern.h"

#include <vector>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace precedent::text {
namespace {

const pcre2_code* codeOf(const std::shared_ptr<const void>& code) { return static_cast<const pcre2_code*>(code.get()); }

struct FreeMatchData {
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

std::string messageOf(int error)
{
    std::vector<PCRE2_UCHAR> buffer(256);
    const int length = pcre2_get_error_message(error, buffer.data(), buffer.size());
    return length < 0 ? "error " + std::to_string(error) : std::string(buffer.begin(), buffer.begin() + length);
}

} // namespace

Result<Pattern> Pattern::literal(std::string text)
{
    Pattern pattern;
    pattern.m_literal = std::move(text);
    return pattern;
}

Result<Pattern> Pattern::regex(const std::string& expression)
{
    int error = 0;
    PCRE2_SIZE offset = 0;
    pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()), expression.size(),
        PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF, &error, &offset, nullptr);
    if (code == nullptr) {
        return Error(ErrorCode::unsupported,
            "The regular expression is not understood at byte " + std::to_string(offset) + " (" + messageOf(error) + "): " + expression);
    }
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    Pattern pattern;
    pattern.m_code = std::shared_ptr<const void>(
        code, [](const void* held) { pcre2_code_free(const_cast<pcre2_code*>(static_cast<const pcre2_code*>(held))); });
    return pattern;
}

Result<Pattern> Pattern::fromJson(const nlohmann::json& json, const std::string& where)
{
    if (json.is_string())
        return literal(json.get<std::string>());
    if (json.is_object() && json.size() == 1 && json.begin()->is_string()) {
        const std::string text = json.begin()->get<std::string>();
        if (json.begin().key() == "String")
            return literal(text);
        if (json.begin().key() == "Regex") {
            Result<Pattern> pattern = regex(text);
            if (!pattern)
                return pattern.error().in(where);
            return pattern;
        }
    }
    return Error(ErrorCode::unsupported, where + ": the pattern is neither a String nor a Regex.");
}

void Pattern::forEachMatch(std::string_view text, const std::function<void(std::size_t, std::size_t)>& found) const
{
    if (isLiteral()) {
        if (m_literal.empty())
            return;
        for (std::size_t at = text.find(m_literal); at != std::string_view::npos; at = text.find(m_literal, at + m_literal.size()))
            found(at, at + m_literal.size());
        return;
    }
    const pcre2_code* code = codeOf(m_code);
    const std::unique_ptr<pcre2_match_data, FreeMatchData> data(pcre2_match_data_create_from_pattern(code, nullptr));
    if (!data)
        return;
    const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data() == nullptr ? "" : text.data());
    std::size_t at = 0;
    while (at < text.size()) {
        int matched = pcre2_match(code, subject, text.size(), at, PCRE2_NOTEMPTY, data.get(), nullptr);
        if (matched == PCRE2_ERROR_JIT_STACKLIMIT)
            matched = pcre2_match(code, subject, text.size(), at, PCRE2_NOTEMPTY | PCRE2_NO_JIT, data.get(), nullptr);
        if (matched < 0)
            return;
        const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(data.get());
        // \K or a lookbehind can report a start before `at`, or an end before the start.
        if (bounds[0] < at || bounds[1] <= bounds[0])
            return;
        found(bounds[0], bounds[1]);
        at = bounds[1];
    }
}

std::string Pattern::replaceAll(std::string_view text, std::string_view replacement, std::size_t limit) const
{
    std::string out;
    out.reserve(text.size());
    std::size_t from = 0;
    forEachMatch(text, [&](std::size_t start, std::size_t end) {
        if (out.size() > limit)
            return;
        out.append(text.substr(from, start - from));
        out.append(replacement);
        from = end;
    });
    out.append(text.substr(from));
    return out;
}

} // namespace precedent::text
