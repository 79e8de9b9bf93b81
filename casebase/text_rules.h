#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "precedent/base/domain.h"

namespace precedent::casebase {

/// The offset of the first byte that is not UTF-8 (overlong forms, surrogates and values past U+10FFFF are none), or nullopt.
[[nodiscard]] std::optional<std::size_t> firstInvalidUtf8(std::string_view text);

/// Throws a Failure (invalidArgument) if `text` is no UTF-8 or holds a NUL: the search index and SQL could not hold it.
void requireStorable(std::string_view text, const char* field, const std::string& entity);

/// Without white space at the ends, runs of it inside as one space. Two texts with the same form are duplicates.
[[nodiscard]] std::string squeezed(std::string_view text);

/// Lower-case ASCII letters, digits and bytes past ASCII; everything else as single spaces between words.
[[nodiscard]] std::string titleKey(std::string_view title);

/// 64 bits that are equal for messages equal in role and squeezed content (and in `salt`).
[[nodiscard]] std::int64_t sameKey(const std::vector<Message>& messages, std::string_view salt = {});
[[nodiscard]] bool sameMessages(const std::vector<Message>& a, const std::vector<Message>& b);

/// The contents of all turns, joined by line ends: what the search index holds (see the *_text views).
[[nodiscard]] std::string joinedContents(const std::vector<Message>& messages);

/// At most `bytes` of the text, cut between characters, on one line.
[[nodiscard]] std::string firstLine(std::string_view text, std::size_t bytes);

} // namespace precedent::casebase
