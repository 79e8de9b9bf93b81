#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace precedent::text::jinja {

// Python's str methods for letters. Bytes that are no UTF-8 pass through unchanged.
[[nodiscard]] std::string upperCase(std::string_view text);
[[nodiscard]] std::string lowerCase(std::string_view text);
/// str.title(): a letter after no letter in title case, the others in lower case.
[[nodiscard]] std::string titleCase(std::string_view text);
/// str.capitalize(): the first character in title case, the rest in lower case.
[[nodiscard]] std::string capitalized(std::string_view text);
[[nodiscard]] std::string swappedCase(std::string_view text);

enum class CharacterClass { alpha, decimal, digit, numeric, alphanumeric, space };
/// Whether there is a character and all are of the class (str.isalpha() and its like).
[[nodiscard]] bool isAllOf(std::string_view text, CharacterClass what);
/// str.isupper() and str.islower(): a letter that has case, and none of the other.
[[nodiscard]] bool isUpper(std::string_view text);
[[nodiscard]] bool isLower(std::string_view text);
/// Whether repr() writes the character as it is.
[[nodiscard]] bool isPrintable(std::uint32_t codePoint);

} // namespace precedent::text::jinja
