#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace precedent::text {

/// A sentence or list item of an answer.
struct Sentence {
    std::string text; ///< as written, trimmed, without its list marker
    std::string normalized; ///< lower case, contractions written out, quotations as one word, single spaces
    int words = 0;
    bool listItem = false; ///< has a number or bullet before it
    bool code = false; ///< inside a code fence
    bool question = false;
    bool inQuotation = false; ///< begins inside quotation marks, or with them: words that the answer writes, not its own
    bool quoted = false; ///< nothing but a quotation
};

/// Cuts an answer into sentences: at line ends and after sentence ends, not after abbreviations, numbers or initials.
/// At most `most` sentences; the rest is left out.
[[nodiscard]] std::vector<Sentence> splitSentences(std::string_view text, std::size_t most = 400);

/// Lower case ASCII, typographic marks made plain, contractions written out ("can't" to "cannot").
[[nodiscard]] std::string normalizeForMatching(std::string_view text);

/// Words in letters or digits of a text, in lower case.
[[nodiscard]] std::vector<std::string> wordsOf(std::string_view text);

} // namespace precedent::text
