#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace precedent::text {

/// Finds which of many texts a text begins with, at every position of a long one. Immutable; any thread.
class PrefixTrie {
public:
    PrefixTrie() = default;
    /// Texts with their values (>= 0); empty texts are left out, of equal texts the one with the lowest value counts.
    explicit PrefixTrie(std::vector<std::pair<std::string_view, int>> texts);

    /// Calls `found(length, value)` for each of the texts that `text` begins with, shortest first.
    template <typename Found>
    void forEachPrefix(std::string_view text, const Found& found) const
    {
        std::uint32_t node = 0;
        for (std::size_t i = 0; i < text.size(); ++i) {
            node = child(node, static_cast<unsigned char>(text[i]));
            if (node == 0)
                return;
            if (m_nodes[node].value >= 0)
                found(i + 1, m_nodes[node].value);
        }
    }

private:
    /// Children stand side by side, in the order of their bytes.
    struct Node {
        std::uint32_t firstChild = 0;
        std::uint16_t children = 0;
        unsigned char byte = 0;
        int value = -1;
    };
    /// 0, which is the root and nobody's child, if there is none.
    [[nodiscard]] std::uint32_t child(std::uint32_t node, unsigned char byte) const;
    std::vector<Node> m_nodes;
};

} // namespace precedent::text
