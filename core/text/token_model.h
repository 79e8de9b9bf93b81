#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace precedent::text {

/// Text lookup without a copy of the key.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
using TokenIds = std::unordered_map<std::string, int, TextHash, std::equal_to<>>;

/// What turns a piece of text into ids. Immutable to its callers; any thread.
class TokenModel {
public:
    virtual ~TokenModel() = default;
    TokenModel() = default;
    TokenModel(const TokenModel&) = delete;
    TokenModel& operator=(const TokenModel&) = delete;

    /// Appends the ids of the piece.
    virtual void encode(std::string_view piece, std::vector<int>& ids) const = 0;

    [[nodiscard]] virtual const TokenIds& tokenIds() const = 0;
};

/// Ids of "<0x00>" to "<0xFF>"; -1 where the vocabulary has none.
using ByteIds = std::array<int, 256>;
[[nodiscard]] ByteIds byteIdsOf(const TokenIds& tokenIds);

/// Appends one id a byte, or nothing (and false) if the vocabulary lacks one of them.
bool appendBytes(std::string_view text, const ByteIds& byteIds, std::vector<int>& ids);

} // namespace precedent::text
