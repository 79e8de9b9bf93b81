#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "precedent/base/result.h"

namespace precedent::text {

/// Text lookup without a copy of the key.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
using TokenIds = std::unordered_map<std::string, int, TextHash, std::equal_to<>>;

/// Merges by the pair of ids they join: open addressing, since a vocabulary has hundreds of thousands of them and
/// every symbol of a text asks twice.
class MergeTable {
public:
    struct Merge {
        std::uint32_t rank;
        int id;
    };
    void reserve(std::size_t count);
    /// A pair that is already there keeps the later rank, as in the reference implementation.
    void add(int left, int right, Merge merge);
    [[nodiscard]] const Merge* find(int left, int right) const;

private:
    struct Slot {
        std::uint64_t key;
        Merge merge;
    };
    [[nodiscard]] std::size_t slotOf(std::uint64_t key) const;
    void grow(std::size_t slots);
    std::vector<Slot> m_slots;
    std::size_t m_used = 0;
};

/// What a tokenizer.json says of its BPE model.
struct BpeOptions {
    std::optional<std::string> unknownToken;
    bool fuseUnknown = false;
    bool byteFallback = false;
    bool ignoreMerges = false;
};

/// Byte-pair encoding of one piece of text. Immutable but for a cache of words, which is locked; any thread.
class BpeModel {
public:
    /// Fails with corrupt where a merge names a token that the vocabulary lacks, or an id is out of range.
    [[nodiscard]] static Result<std::unique_ptr<const BpeModel>> make(
        TokenIds vocabulary, const std::vector<std::pair<std::string, std::string>>& merges, const BpeOptions& options);

    /// Appends the ids of the piece.
    void encode(std::string_view piece, std::vector<int>& ids) const;

    [[nodiscard]] const TokenIds& vocabulary() const { return m_vocabulary; }

private:
    BpeModel() = default;
    [[nodiscard]] Status addMerges(const std::vector<std::pair<std::string, std::string>>& merges);
    void firstSymbols(std::string_view piece, std::vector<int>& symbols) const;
    void merge(std::vector<int>& symbols) const;

    TokenIds m_vocabulary;
    MergeTable m_merges;
    BpeOptions m_options;
    std::optional<int> m_unknownId;
    std::array<int, 256> m_byteIds{};
    mutable std::mutex m_cacheLock;
    mutable std::unordered_map<std::string, std::vector<int>, TextHash, std::equal_to<>> m_cache;
};

} // namespace precedent::text
