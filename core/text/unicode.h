#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "precedent/base/result.h"

namespace precedent::text {

/// Length in bytes of the well-formed UTF-8 character at `at`, or 0 where there is none (at < text.size()).
[[nodiscard]] std::size_t characterLength(std::string_view text, std::size_t at);

/// As characterLength(), but 1 for a byte that begins no character: a step that always gets on.
[[nodiscard]] inline std::size_t stepLength(std::string_view text, std::size_t at)
{
    const std::size_t length = characterLength(text, at);
    return length == 0 ? 1 : length;
}

/// The code point of the well-formed character of `length` bytes at `at`.
[[nodiscard]] std::uint32_t codePointAt(std::string_view text, std::size_t at, std::size_t length);

void appendUtf8(std::string& text, std::uint32_t codePoint);

/// Well-formed UTF-8: each maximal broken part becomes U+FFFD.
[[nodiscard]] std::string toValidUtf8(std::string_view text);

/// Bytes at the end of `text` that may be the beginning of a character (0 to 3).
[[nodiscard]] std::size_t unfinishedTail(std::string_view text);

[[nodiscard]] bool isAscii(std::string_view text);
[[nodiscard]] bool isSpace(std::uint32_t codePoint);
[[nodiscard]] bool isNumeric(std::uint32_t codePoint);
/// Control characters and what has no character assigned, is private or half of one (category C).
[[nodiscard]] bool isControl(std::uint32_t codePoint);
[[nodiscard]] bool isPunctuation(std::uint32_t codePoint);
/// Letters, marks, digits and '_' (what `\w` matches).
[[nodiscard]] bool isWordCharacter(std::uint32_t codePoint);

enum class UnicodeForm { nfc, nfd, nfkc, nfkd };

/// Normalized text; bytes that are no UTF-8 pass through unchanged.
[[nodiscard]] std::string normalizeUnicode(std::string_view text, UnicodeForm form);
/// Lower case, locale-free; bytes that are no UTF-8 pass through unchanged.
[[nodiscard]] std::string toLowerCase(std::string_view text);
/// Calls `visit` for each grapheme cluster (Unicode Standard Annex 29), in order; a byte that is no UTF-8 is one.
void forEachGrapheme(std::string_view text, const std::function<void(std::string_view)>& visit);
/// Drops nonspacing marks (category Mn).
[[nodiscard]] std::string withoutAccents(std::string_view text);

} // namespace precedent::text
