#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

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

    /// Calls `found(token, from, to)` in order; the ranges do not overlap.
    void forEach(std::string_view text, const std::function<void(const AddedToken&, std::size_t, std::size_t)>& found) const;

private:
    struct Longest {
        int token = -1;
        std::size_t end = 0;
    };
    [[nodiscard]] Longest longestAt(std::string_view text, std::size_t at) const;

    std::vector<AddedToken> m_tokens;
    // A trie: edges by (node, byte), and the token that ends in a node.
    std::unordered_map<std::uint64_t, std::uint32_t> m_edges;
    std::vector<int> m_ends{-1};
    bool m_begins[256] = {};
};

} // namespace precedent::text
