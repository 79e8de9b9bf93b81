#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/jinja/runtime.h"
#include "core/text/jinja/value.h"

/// Python's operations on str, over UTF-8: what counts is characters, not bytes.
namespace precedent::text::jinja {

[[nodiscard]] std::size_t characters(const Text& text);
void forEachCharacter(std::string_view bytes, const std::function<void(std::string_view)>& visit);
/// Where each character begins, and the end of the last.
[[nodiscard]] std::vector<std::size_t> boundaries(std::string_view bytes);

/// The first place of `part` at or after `from`, in linear time; npos if there is none.
[[nodiscard]] std::size_t findBytes(Runtime& runtime, std::string_view text, std::string_view part, std::size_t from);

struct SliceBounds {
    std::optional<std::int64_t> from;
    std::optional<std::int64_t> to;
    std::optional<std::int64_t> step;
};
/// The indices from, from + step ... before `to` that a slice picks from a sequence of `length`, clipped as Python
/// does. Fails for a step of zero.
struct SliceIndices {
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::int64_t step = 1;
    std::int64_t count = 0;
};
[[nodiscard]] SliceIndices slicedIndices(Runtime& runtime, const SliceBounds& bounds, std::size_t length);
[[nodiscard]] Value slicedText(Runtime& runtime, const Text& text, const SliceBounds& bounds);
/// The character at an index, negative ones counted from the end; none past the ends.
[[nodiscard]] std::optional<Value> characterAt(Runtime& runtime, const Text& text, std::int64_t index);

enum class Side { left = 1, right = 2, both = 3 };
/// Without the characters of `set` (none: white space) at its ends.
[[nodiscard]] std::string_view stripped(Runtime& runtime, std::string_view text, std::optional<std::string_view> set, Side side);
/// str.splitlines().
[[nodiscard]] std::vector<std::string_view> lines(std::string_view text, bool keepEnds = false);
/// str.split() and, from the right, str.rsplit(). Without a separator: at white space, no empty parts.
[[nodiscard]] std::vector<std::string_view> split(
    Runtime& runtime, std::string_view text, std::optional<std::string_view> separator, std::int64_t most, bool fromRight);
/// At most `count` places replaced; below zero: all.
[[nodiscard]] Value replaced(
    Runtime& runtime, std::string_view text, std::string_view part, std::string_view by, std::int64_t count, bool safe = false);
/// The five characters that HTML escapes, as markupsafe writes them.
[[nodiscard]] std::string escaped(std::string_view text);
/// The text with its sides filled up to `width` characters.
[[nodiscard]] Value padded(Runtime& runtime, const Text& text, std::int64_t width, std::string_view fill, Side filledSide);

} // namespace precedent::text::jinja
