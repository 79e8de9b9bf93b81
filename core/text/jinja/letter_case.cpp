#include "core/text/jinja/letter_case.h"

#include <functional>

#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>

#include "core/text/jinja/lexer.h"
#include "core/text/unicode.h"

namespace precedent::text::jinja {
namespace {

void appendUpper(std::string_view run, std::string& out)
{
    UErrorCode status = U_ZERO_ERROR;
    std::string upper;
    icu::StringByteSink<std::string> sink(&upper);
    icu::CaseMap::utf8ToUpper("", 0, icu::StringPiece(run.data(), static_cast<std::int32_t>(run.size())), sink, nullptr, status);
    out.append(U_FAILURE(status) ? run : std::string_view(upper));
}

/// The title form of one character: for all but a few (the Latin digraphs and ligatures) its upper case.
void appendTitle(std::string_view character, std::string& out)
{
    const std::uint32_t codePoint = codePointAt(character, 0, character.size());
    const UChar32 title = u_totitle(static_cast<UChar32>(codePoint));
    std::string upper;
    appendUpper(character, upper);
    const bool several = upper.size() > stepLength(upper, 0); // as of ß
    if (!several)
        appendUtf8(out, static_cast<std::uint32_t>(title));
    else
        out += upper.substr(0, stepLength(upper, 0)) + lowerCase(std::string_view(upper).substr(stepLength(upper, 0)));
}

struct Character {
    std::string_view bytes;
    bool valid = false;
    UChar32 codePoint = 0;
};

void forEach(std::string_view text, const std::function<void(const Character&)>& visit)
{
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = characterLength(text, at);
        const std::size_t step = length == 0 ? 1 : length;
        visit({text.substr(at, step), length > 0, static_cast<UChar32>(codePointAt(text, at, step))});
        at += step;
    }
}

bool isCased(UChar32 c) { return u_hasBinaryProperty(c, UCHAR_UPPERCASE) || u_hasBinaryProperty(c, UCHAR_LOWERCASE) || u_istitle(c); }

bool isOf(UChar32 c, CharacterClass what)
{
    const auto numericType = static_cast<UNumericType>(u_getIntPropertyValue(c, UCHAR_NUMERIC_TYPE));
    switch (what) {
    case CharacterClass::alpha:
        return u_isalpha(c) != 0;
    case CharacterClass::decimal:
        return numericType == U_NT_DECIMAL;
    case CharacterClass::digit:
        return numericType == U_NT_DECIMAL || numericType == U_NT_DIGIT;
    case CharacterClass::numeric:
        return numericType != U_NT_NONE;
    case CharacterClass::alphanumeric:
        return u_isalpha(c) != 0 || numericType != U_NT_NONE;
    case CharacterClass::space:
        return isPythonSpace(static_cast<std::uint32_t>(c));
    }
    return false;
}

bool isAllCased(std::string_view text, UProperty wanted, UProperty unwanted)
{
    bool any = false;
    bool other = false;
    forEach(text, [&](const Character& c) {
        any = any || (c.valid && u_hasBinaryProperty(c.codePoint, wanted));
        other = other || (c.valid && (u_hasBinaryProperty(c.codePoint, unwanted) || u_istitle(c.codePoint)));
    });
    return any && !other;
}

} // namespace

std::string upperCase(std::string_view text)
{
    std::string out;
    std::string run;
    const auto flush = [&] {
        if (!run.empty())
            appendUpper(run, out);
        run.clear();
    };
    forEach(text, [&](const Character& c) {
        if (c.valid) {
            run += c.bytes;
            return;
        }
        flush();
        out += c.bytes;
    });
    flush();
    return out;
}

std::string lowerCase(std::string_view text) { return toLowerCase(text); }

std::string titleCase(std::string_view text)
{
    std::string out;
    bool afterLetter = false;
    forEach(text, [&](const Character& c) {
        if (!c.valid)
            out += c.bytes;
        else if (afterLetter)
            out += lowerCase(c.bytes);
        else
            appendTitle(c.bytes, out);
        afterLetter = c.valid && isCased(c.codePoint);
    });
    return out;
}

std::string capitalized(std::string_view text)
{
    if (text.empty())
        return {};
    const std::size_t first = stepLength(text, 0);
    std::string out;
    if (characterLength(text, 0) == 0)
        out = text.substr(0, 1);
    else
        appendTitle(text.substr(0, first), out);
    return out + lowerCase(text.substr(first));
}

std::string swappedCase(std::string_view text)
{
    std::string out;
    forEach(text, [&](const Character& c) {
        if (c.valid && u_hasBinaryProperty(c.codePoint, UCHAR_UPPERCASE))
            out += lowerCase(c.bytes);
        else if (c.valid && u_hasBinaryProperty(c.codePoint, UCHAR_LOWERCASE))
            out += upperCase(c.bytes);
        else
            out += c.bytes;
    });
    return out;
}

bool isAllOf(std::string_view text, CharacterClass what)
{
    bool all = !text.empty();
    forEach(text, [&](const Character& c) { all = all && c.valid && isOf(c.codePoint, what); });
    return all;
}

bool isUpper(std::string_view text) { return isAllCased(text, UCHAR_UPPERCASE, UCHAR_LOWERCASE); }
bool isLower(std::string_view text) { return isAllCased(text, UCHAR_LOWERCASE, UCHAR_UPPERCASE); }

bool isPrintable(std::uint32_t codePoint)
{
    constexpr std::uint32_t kHidden =
        U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CS_MASK | U_GC_CO_MASK | U_GC_CN_MASK | U_GC_ZL_MASK | U_GC_ZP_MASK | U_GC_ZS_MASK;
    return codePoint == ' ' || (U_GET_GC_MASK(static_cast<UChar32>(codePoint)) & kHidden) == 0;
}

} // namespace precedent::text::jinja
