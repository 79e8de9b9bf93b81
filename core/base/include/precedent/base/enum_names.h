#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace precedent {

/// The value whose toString() is `text`, among `values`; nothing if there is none.
template <typename Enum, std::size_t N>
[[nodiscard]] std::optional<Enum> enumNamed(const std::array<Enum, N>& values, std::string_view text)
{
    for (const Enum value : values) {
        if (text == toString(value))
            return value;
    }
    return std::nullopt;
}

} // namespace precedent
