#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace precedent::casebase {

/// Lower-case words of a text, punctuation and spacing dropped; the form in which texts are compared.
[[nodiscard]] std::vector<std::string> comparableWords(std::string_view text);

/// Jaccard similarity of the sets of `n` consecutive words. Texts of fewer words than `n` are one shingle.
[[nodiscard]] double shingleSimilarity(std::string_view a, std::string_view b, std::size_t n = 5);

/// Whether two requests count as the same for leaks: equal words, a shared run of 8 words, or a Jaccard similarity of
/// 5-word shingles of at least 0.5. Symmetric, the same on every machine. Declared twins are told apart by the caller.
[[nodiscard]] bool nearDuplicate(std::string_view a, std::string_view b);

/// nearDuplicate() against many texts without comparing each pair; the same answers. Value type; find() is const and
/// may be called from several threads.
class NearDuplicateIndex {
public:
    void add(const std::string& id, std::string_view text);
    /// Ids of the added texts that are near-duplicates of `text`, in the order they were added.
    [[nodiscard]] std::vector<std::string> find(std::string_view text) const;
    [[nodiscard]] std::size_t size() const { return m_ids.size(); }

private:
    std::vector<std::string> m_ids;
    std::vector<std::uint32_t> m_shingleCounts;
    std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> m_shingles; ///< hash of 5 words -> text numbers
    std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> m_runs; ///< hash of 8 words -> text numbers
};

} // namespace precedent::casebase
