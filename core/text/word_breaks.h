#pragma once

#include <set>
#include <string>
#include <string_view>

#include "core/text/token_model.h"

namespace precedent::text {

/// "▁" (U+2581), which SentencePiece writes for a space.
inline constexpr std::string_view kEscapedSpace = "\xE2\x96\x81";

/// Where a text of escaped spaces may be cut without changing what merging makes of it: before a "▁" that follows a
/// character which no token has before a "▁". Merging words is much faster than merging a page, and words repeat.
class WordBreaks {
public:
    /// Never cuts.
    WordBreaks() = default;
    /// Looks through all tokens. Never cuts either where "▁" itself is no token, since a run of unknown characters
    /// may then become one token.
    explicit WordBreaks(const TokenIds& tokenIds);

    /// End of the word that begins at `from`.
    [[nodiscard]] std::size_t wordEnd(std::string_view text, std::size_t from) const;

private:
    bool m_cuts = false;
    std::set<std::string, std::less<>> m_joining; ///< characters that some token has before a "▁"
};

} // namespace precedent::text
