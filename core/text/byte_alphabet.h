#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace precedent::text {

/// GPT-2's byte alphabet: each byte as one printable character (space is U+0120, "Ġ").
[[nodiscard]] const std::array<std::string, 256>& byteAlphabet();

/// The bytes that a token in the alphabet stands for; nothing if one of its characters is outside the alphabet.
[[nodiscard]] std::optional<std::string> bytesOfAlphabet(std::string_view token);

} // namespace precedent::text
