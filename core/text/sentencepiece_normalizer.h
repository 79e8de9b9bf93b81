#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/text/characters_map.h"

namespace precedent::text {

/// What SentencePiece does to a text before it cuts it: characters by the map (the longest entry at each place),
/// spaces at the ends and doubled ones dropped, a space put before, and every space written "▁". Bytes that are no
/// UTF-8 become U+FFFD. Stops soon after the result is longer than `limit`. Immutable; any thread.
struct SentencePieceNormalizer {
    std::optional<CharactersMap> characters;
    bool addSpacePrefix = true;
    bool removeExtraSpaces = true;

    [[nodiscard]] std::string apply(std::string_view text, std::size_t limit) const;
};

} // namespace precedent::text
