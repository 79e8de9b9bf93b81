#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "precedent/base/result.h"

namespace precedent::text {

/// SentencePiece's `precompiled_charsmap`: which characters become which before a text is cut. The bytes hold a double
/// array of 32-bit units (Darts-clone's layout: label in bits 0 to 7, leaf in bit 8, offset from bit 10 on, eight bits
/// further left where bit 9 is set) and the replacements, each ended by a zero byte. Immutable; any thread.
class CharactersMap {
public:
    /// Fails with corrupt where the sizes do not fit one another or a replacement has no end.
    [[nodiscard]] static Result<CharactersMap> parse(std::string_view bytes);

    struct Match {
        std::size_t length; ///< bytes of the text that are replaced
        std::string_view replacement; ///< lives as long as the map
    };
    /// Of the entries that `text` begins with the longest (as SentencePiece takes it) or the shortest.
    [[nodiscard]] std::optional<Match> longestAt(std::string_view text) const { return matchAt(text, false); }
    [[nodiscard]] std::optional<Match> shortestAt(std::string_view text) const { return matchAt(text, true); }

    /// As Hugging Face's normalizer does it: a grapheme of fewer than six bytes that begins with an entry becomes the
    /// shortest such entry's replacement, whole; other graphemes go character by character. Stops soon after the result is longer than
    /// `limit`.
    [[nodiscard]] std::string normalizedByGrapheme(std::string_view text, std::size_t limit) const;

private:
    CharactersMap() = default;
    [[nodiscard]] std::optional<Match> matchAt(std::string_view text, bool shortest) const;
    void appendCharacters(std::string_view text, std::string& out) const;
    std::vector<std::uint32_t> m_units;
    std::string m_replacements;
};

/// The bytes of base64 text; nothing if it is none.
[[nodiscard]] std::optional<std::string> bytesOfBase64(std::string_view text);

} // namespace precedent::text
