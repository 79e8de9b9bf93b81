#include "core/text/prefix_trie.h"

#include <algorithm>

namespace precedent::text {
namespace {

/// Texts [from, to) of the sorted list share their first `depth` bytes, which lead to `node`.
struct Branch {
    std::uint32_t node;
    std::size_t from;
    std::size_t to;
};

} // namespace

PrefixTrie::PrefixTrie(std::vector<std::pair<std::string_view, int>> texts)
{
    std::sort(texts.begin(), texts.end());
    texts.erase(std::unique(texts.begin(), texts.end(), [](const auto& a, const auto& b) { return a.first == b.first; }), texts.end());
    m_nodes.emplace_back();
    std::vector<Branch> level{{0, 0, texts.size()}};
    for (std::size_t depth = 0; !level.empty(); ++depth) {
        std::vector<Branch> below;
        for (Branch branch : level) {
            // The shortest comes first: the text that ends here, if one does.
            if (branch.from < branch.to && texts[branch.from].first.size() == depth) {
                if (depth > 0)
                    m_nodes[branch.node].value = texts[branch.from].second;
                ++branch.from;
            }
            m_nodes[branch.node].firstChild = static_cast<std::uint32_t>(m_nodes.size());
            while (branch.from < branch.to) {
                const char byte = texts[branch.from].first[depth];
                std::size_t to = branch.from + 1;
                while (to < branch.to && texts[to].first[depth] == byte)
                    ++to;
                below.push_back({static_cast<std::uint32_t>(m_nodes.size()), branch.from, to});
                ++m_nodes[branch.node].children;
                m_nodes.push_back({0, 0, static_cast<unsigned char>(byte), -1});
                branch.from = to;
            }
        }
        level = std::move(below);
    }
}

std::uint32_t PrefixTrie::child(std::uint32_t node, unsigned char byte) const
{
    if (m_nodes.empty())
        return 0;
    const auto begin = m_nodes.begin() + m_nodes[node].firstChild;
    const auto end = begin + m_nodes[node].children;
    const auto found =
        std::lower_bound(begin, end, byte, [](const Node& candidate, unsigned char wanted) { return candidate.byte < wanted; });
    return found != end && found->byte == byte ? static_cast<std::uint32_t>(found - m_nodes.begin()) : 0;
}

} // namespace precedent::text
