#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/text/token_model.h"
#include "precedent/base/result.h"

namespace precedent::text {

constexpr std::int64_t kHighestId = (std::int64_t{1} << 24) - 1;

/// Merges as pairs of tokens, best first, in one buffer: as strings of their own they would cost ten times the memory.
class MergeList {
public:
    void add(std::string_view left, std::string_view right);
    /// "left right"; false where it is not two tokens with a space between. A token may begin with a space that is one.
    [[nodiscard]] bool addLine(std::string_view line);

    [[nodiscard]] std::size_t size() const { return m_ends.size() / 2; }
    [[nodiscard]] std::string_view left(std::size_t index) const { return part(2 * index); }
    [[nodiscard]] std::string_view right(std::size_t index) const { return part(2 * index + 1); }
    /// Both, side by side: what they make.
    [[nodiscard]] std::string_view joined(std::size_t index) const;

private:
    [[nodiscard]] std::size_t beginOf(std::size_t part) const { return part == 0 ? 0 : m_ends[part - 1]; }
    [[nodiscard]] std::string_view part(std::size_t part) const;
    std::string m_text;
    std::vector<std::uint32_t> m_ends; ///< left and right in turn
};

/// The large tables of a tokenizer.json, taken out while it is parsed: as JSON values they would cost ten times the
/// memory.
struct TokenizerTables {
    TokenIds tokenIds; ///< of a BPE model, whose vocabulary is an object
    std::vector<std::pair<std::string, double>> scored; ///< of a unigram model, whose vocabulary is a list; by id
    MergeList merges;
};

/// Parses a tokenizer.json into `tables` and the rest of it. Fails with corrupt, saying which entry is not as it
/// should be, or unsupported where there is more beside the tables than a tokenizer has.
[[nodiscard]] Result<nlohmann::json> parseTokenizerJson(std::string_view bytes, TokenizerTables& tables);

} // namespace precedent::text
