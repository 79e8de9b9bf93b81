#include "core/text/unicode.h"

#include <algorithm>
#include <memory>

#include <unicode/brkiter.h>
#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>

namespace precedent::text {
namespace {

/// What each lead byte allows as its second byte (Unicode 15, table 3-7), and the character's length.
struct Lead {
    std::size_t length;
    unsigned char low;
    unsigned char high;
};

Lead leadOf(unsigned char byte)
{
    if (byte < 0x80)
        return {1, 0, 0};
    if (byte >= 0xC2 && byte <= 0xDF)
        return {2, 0x80, 0xBF};
    if (byte == 0xE0)
        return {3, 0xA0, 0xBF};
    if (byte == 0xED)
        return {3, 0x80, 0x9F};
    if (byte >= 0xE1 && byte <= 0xEF)
        return {3, 0x80, 0xBF};
    if (byte == 0xF0)
        return {4, 0x90, 0xBF};
    if (byte >= 0xF1 && byte <= 0xF3)
        return {4, 0x80, 0xBF};
    if (byte == 0xF4)
        return {4, 0x80, 0x8F};
    return {0, 0, 0};
}

/// Bytes at `at` that are a well-formed beginning of a character, up to the whole of it; `whole` says which.
std::size_t wellFormedPrefix(std::string_view text, std::size_t at, bool& whole)
{
    const Lead lead = leadOf(static_cast<unsigned char>(text[at]));
    whole = false;
    if (lead.length == 0)
        return 0;
    for (std::size_t i = 1; i < lead.length; ++i) {
        if (at + i >= text.size())
            return i;
        const auto byte = static_cast<unsigned char>(text[at + i]);
        const bool fits = i == 1 ? (byte >= lead.low && byte <= lead.high) : (byte >= 0x80 && byte <= 0xBF);
        if (!fits)
            return i;
    }
    whole = true;
    return lead.length;
}

/// Applies `change` to each run of well-formed UTF-8 and copies the bytes between them.
std::string changeWellFormedRuns(std::string_view text, const std::function<void(std::string_view, std::string&)>& change)
{
    std::string out;
    out.reserve(text.size());
    std::size_t at = 0;
    while (at < text.size()) {
        std::size_t end = at;
        while (end < text.size()) {
            const std::size_t length = characterLength(text, end);
            if (length == 0)
                break;
            end += length;
        }
        if (end > at)
            change(text.substr(at, end - at), out);
        if (end < text.size())
            out.push_back(text[end++]);
        at = end;
    }
    return out;
}

const icu::Normalizer2* normalizerFor(UnicodeForm form, UErrorCode& status)
{
    switch (form) {
    case UnicodeForm::nfc:
        return icu::Normalizer2::getNFCInstance(status);
    case UnicodeForm::nfd:
        return icu::Normalizer2::getNFDInstance(status);
    case UnicodeForm::nfkc:
        return icu::Normalizer2::getNFKCInstance(status);
    case UnicodeForm::nfkd:
        return icu::Normalizer2::getNFKDInstance(status);
    }
    return nullptr;
}

/// One that has the rules; copies of it do the work, since an iterator is one thread's.
const icu::BreakIterator* graphemeRules()
{
    static const std::unique_ptr<const icu::BreakIterator> rules = [] {
        UErrorCode status = U_ZERO_ERROR;
        std::unique_ptr<const icu::BreakIterator> made(icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status));
        return U_FAILURE(status) ? nullptr : std::move(made);
    }();
    return rules.get();
}

/// Graphemes of well-formed text; characters where ICU has no rules.
void forEachGraphemeOfRun(std::string_view run, icu::BreakIterator* breaks, const std::function<void(std::string_view)>& visit)
{
    UErrorCode status = U_ZERO_ERROR;
    UText* opened = utext_openUTF8(nullptr, run.data(), static_cast<std::int64_t>(run.size()), &status);
    const std::unique_ptr<UText, UText* (*)(UText*)> text(opened, utext_close);
    if (breaks != nullptr)
        breaks->setText(text.get(), status);
    const bool broken = breaks == nullptr || U_FAILURE(status);
    for (std::size_t from = 0; from < run.size();) {
        const std::int32_t next = broken ? icu::BreakIterator::DONE : breaks->next();
        const std::size_t end = next == icu::BreakIterator::DONE ? from + stepLength(run, from) : static_cast<std::size_t>(next);
        visit(run.substr(from, end - from));
        from = end;
    }
}

/// ICU takes lengths as int32_t, so longer runs go in pieces cut before an ASCII character, where no form composes.
constexpr std::size_t kLargestRun = std::size_t{1} << 28;

void inPieces(std::string_view run, std::string& out, const std::function<void(std::string_view, std::string&)>& change)
{
    while (run.size() > kLargestRun) {
        std::size_t cut = kLargestRun;
        while (cut > 1 && static_cast<unsigned char>(run[cut]) >= 0x80)
            --cut;
        change(run.substr(0, cut), out);
        run.remove_prefix(cut);
    }
    change(run, out);
}

} // namespace

std::size_t characterLength(std::string_view text, std::size_t at)
{
    bool whole = false;
    const std::size_t length = wellFormedPrefix(text, at, whole);
    return whole ? length : 0;
}

std::uint32_t codePointAt(std::string_view text, std::size_t at, std::size_t length)
{
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at + i])); };
    switch (length) {
    case 2:
        return ((byte(0) & 0x1FU) << 6) | (byte(1) & 0x3FU);
    case 3:
        return ((byte(0) & 0x0FU) << 12) | ((byte(1) & 0x3FU) << 6) | (byte(2) & 0x3FU);
    case 4:
        return ((byte(0) & 0x07U) << 18) | ((byte(1) & 0x3FU) << 12) | ((byte(2) & 0x3FU) << 6) | (byte(3) & 0x3FU);
    default:
        return byte(0);
    }
}

void appendUtf8(std::string& text, std::uint32_t codePoint)
{
    const auto add = [&](std::uint32_t byte) { text.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
    if (codePoint < 0x80) {
        add(codePoint);
    } else if (codePoint < 0x800) {
        add(0xC0 | (codePoint >> 6));
        add(0x80 | (codePoint & 0x3F));
    } else if (codePoint < 0x10000) {
        add(0xE0 | (codePoint >> 12));
        add(0x80 | ((codePoint >> 6) & 0x3F));
        add(0x80 | (codePoint & 0x3F));
    } else {
        add(0xF0 | (codePoint >> 18));
        add(0x80 | ((codePoint >> 12) & 0x3F));
        add(0x80 | ((codePoint >> 6) & 0x3F));
        add(0x80 | (codePoint & 0x3F));
    }
}

std::string toValidUtf8(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    std::size_t at = 0;
    while (at < text.size()) {
        bool whole = false;
        const std::size_t length = wellFormedPrefix(text, at, whole);
        if (whole)
            out.append(text.substr(at, length));
        else
            out += "\xEF\xBF\xBD";
        at += std::max<std::size_t>(length, 1);
    }
    return out;
}

std::size_t unfinishedTail(std::string_view text)
{
    for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
        const std::size_t at = text.size() - back;
        if ((static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U)
            continue;
        bool whole = false;
        const std::size_t length = wellFormedPrefix(text, at, whole);
        return !whole && length == back ? back : 0;
    }
    return 0;
}

bool isAscii(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool isSpace(std::uint32_t codePoint) { return u_isUWhiteSpace(static_cast<UChar32>(codePoint)) != 0; }

bool isNumeric(std::uint32_t codePoint) { return (U_GET_GC_MASK(static_cast<UChar32>(codePoint)) & U_GC_N_MASK) != 0; }

bool isControl(std::uint32_t codePoint) { return (U_GET_GC_MASK(static_cast<UChar32>(codePoint)) & U_GC_C_MASK) != 0; }

bool isPunctuation(std::uint32_t codePoint)
{
    const bool asciiSymbol = (codePoint >= '!' && codePoint <= '/') || (codePoint >= ':' && codePoint <= '@') ||
        (codePoint >= '[' && codePoint <= '`') || (codePoint >= '{' && codePoint <= '~');
    return asciiSymbol || (U_GET_GC_MASK(static_cast<UChar32>(codePoint)) & U_GC_P_MASK) != 0;
}

bool isWordCharacter(std::uint32_t codePoint)
{
    return codePoint == '_' || (U_GET_GC_MASK(static_cast<UChar32>(codePoint)) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_ND_MASK)) != 0;
}

std::string normalizeUnicode(std::string_view text, UnicodeForm form)
{
    if (isAscii(text))
        return std::string(text);
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* normalizer = normalizerFor(form, status);
    if (U_FAILURE(status) || normalizer == nullptr)
        return std::string(text);
    const auto normalizePiece = [&](std::string_view piece, std::string& out) {
        UErrorCode pieceStatus = U_ZERO_ERROR;
        std::string normalized;
        icu::StringByteSink<std::string> sink(&normalized);
        normalizer->normalizeUTF8(0, icu::StringPiece(piece.data(), static_cast<std::int32_t>(piece.size())), sink, nullptr, pieceStatus);
        out.append(U_FAILURE(pieceStatus) ? piece : std::string_view(normalized));
    };
    return changeWellFormedRuns(text, [&](std::string_view run, std::string& out) { inPieces(run, out, normalizePiece); });
}

std::string toLowerCase(std::string_view text)
{
    const auto lowerPiece = [](std::string_view piece, std::string& out) {
        UErrorCode status = U_ZERO_ERROR;
        std::string lowered;
        icu::StringByteSink<std::string> sink(&lowered);
        icu::CaseMap::utf8ToLower("", 0, icu::StringPiece(piece.data(), static_cast<std::int32_t>(piece.size())), sink, nullptr, status);
        out.append(U_FAILURE(status) ? piece : std::string_view(lowered));
    };
    return changeWellFormedRuns(text, [&](std::string_view run, std::string& out) { inPieces(run, out, lowerPiece); });
}

void forEachGrapheme(std::string_view text, const std::function<void(std::string_view)>& visit)
{
    const bool simple = isAscii(text) && text.find('\r') == std::string_view::npos;
    const icu::BreakIterator* rules = simple ? nullptr : graphemeRules();
    const std::unique_ptr<icu::BreakIterator> breaks(rules == nullptr ? nullptr : rules->clone());
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        while (end < text.size()) {
            const std::size_t length = characterLength(text, end);
            if (length == 0 || end + length - at > kLargestRun)
                break;
            end += length;
        }
        if (end > at)
            forEachGraphemeOfRun(text.substr(at, end - at), breaks.get(), visit);
        else
            visit(text.substr(end++, 1));
        at = end;
    }
}

std::string withoutAccents(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t length = characterLength(text, at);
        const bool mark = length > 1 && (U_GET_GC_MASK(static_cast<UChar32>(codePointAt(text, at, length))) & U_GC_MN_MASK) != 0;
        const std::size_t step = std::max<std::size_t>(length, 1);
        if (!mark)
            out.append(text.substr(at, step));
        at += step;
    }
    return out;
}

} // namespace precedent::text
