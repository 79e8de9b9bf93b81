#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/piece_cache.h"
#include "core/text/token_model.h"
#include "core/text/tokenizer_tables.h"
#include "core/text/word_breaks.h"
#include "precedent/base/result.h"

namespace precedent::text {

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
class BpeModel final : public TokenModel {
public:
    /// Fails with corrupt where a merge names a token that the vocabulary lacks.
    [[nodiscard]] static Result<std::unique_ptr<const TokenModel>> make(
        TokenIds tokenIds, const MergeList& merges, const BpeOptions& options);

    void encode(std::string_view piece, std::vector<int>& ids) const override;
    [[nodiscard]] const TokenIds& tokenIds() const override { return m_tokenIds; }

private:
    [[nodiscard]] Status addMerges(const MergeList& merges);
    void encodeWord(std::string_view word, std::vector<int>& ids) const;
    void firstSymbols(std::string_view piece, std::vector<int>& symbols) const;
    void merge(std::vector<int>& symbols) const;

    TokenIds m_tokenIds;
    MergeTable m_merges;
    BpeOptions m_options;
    std::optional<int> m_unknownId;
    ByteIds m_byteIds{};
    WordBreaks m_breaks;
    PieceCache m_cache;
};

} // namespace precedent::text
