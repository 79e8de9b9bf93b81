#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/prefix_trie.h"

namespace precedent::text {

/// One entry of `added_tokens`.
struct AddedToken {
    int id = 0;
    std::string content;
    bool singleWord = false; ///< matches only where no word character touches it
    bool leftStrip = false; ///< takes the white space before it
    bool rightStrip = false; ///< takes the white space after it
    bool normalized = false; ///< is looked for in the normalized text
    bool special = false;
};

/// Finds added tokens in a text: leftmost first, and of those that begin there the longest. Immutable once filled.
class AddedTokenFinder {
public:
    /// `pattern` is what to look for; the token's content, perhaps normalized. Empty patterns are ignored.
    void add(AddedToken token, std::string_view pattern);
    /// Takes what was added into use; nothing is found before.
    void finish();

    /// Calls `found(token, from, to)` in order; the ranges do not overlap.
    void forEach(std::string_view text, const std::function<void(const AddedToken&, std::size_t, std::size_t)>& found) const;

private:
    std::vector<AddedToken> m_tokens;
    std::vector<std::string> m_patterns; ///< of the tokens, until they are in the trie
    PrefixTrie m_trie;
    bool m_begins[256] = {};
};

} // namespace precedent::text
