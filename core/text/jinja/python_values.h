#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/jinja/runtime.h"
#include "core/text/jinja/value.h"

/// What Python does with values of any type: truth, equality, order, iteration, arithmetic, str() and repr().
namespace precedent::text::jinja {

[[nodiscard]] bool truth(const Value& value);
[[nodiscard]] bool equal(Runtime& runtime, const Value& left, const Value& right);
/// Below zero, zero, or above. Fails for types that Python does not order; `op` is named in the failure.
[[nodiscard]] int ordered(Runtime& runtime, const Value& left, const Value& right, std::string_view op = "<");
/// "==", "!=", "<", "<=", ">", ">=", "in" or "not in".
[[nodiscard]] bool compare(Runtime& runtime, std::string_view op, const Value& left, const Value& right);
[[nodiscard]] bool contains(Runtime& runtime, const Value& container, const Value& item);

/// + - * / // % **
[[nodiscard]] Value arithmetic(Runtime& runtime, std::string_view op, const Value& left, const Value& right);
[[nodiscard]] Value negative(Runtime& runtime, const Value& value, bool minus);

/// len(). Fails for what has none.
[[nodiscard]] std::int64_t length(Runtime& runtime, const Value& value);
[[nodiscard]] std::optional<std::int64_t> lengthIfAny(const Value& value);
/// What iterating gives: elements, a dict's keys, a string's characters. An iterator is used up. Fails for what
/// cannot be iterated.
[[nodiscard]] std::vector<Value> elements(Runtime& runtime, const Value& value);
[[nodiscard]] bool isIterable(const Value& value);
/// The value of a key, or null.
[[nodiscard]] const Value* find(Runtime& runtime, const Dict& dict, const Value& key);
[[nodiscard]] const Value* find(const Namespace& space, std::string_view name);
void assign(Runtime& runtime, Namespace& space, const std::string& name, const Value& value);

/// Appends str(value) or repr(value).
void addStr(TextBuilder& out, Runtime& runtime, const Value& value);
void addRepr(TextBuilder& out, Runtime& runtime, const Value& value);
[[nodiscard]] std::string str(Runtime& runtime, const Value& value);

/// Appends the value as transformers' tojson does: json.dumps with ensure_ascii=False by default.
struct JsonStyle {
    bool ensureAscii = false;
    std::optional<std::string> indent; ///< of one level; none: all in one line
    std::string itemSeparator = ", ";
    std::string keySeparator = ": ";
    bool sortKeys = false;
};
void addJson(TextBuilder& out, Runtime& runtime, const Value& value, const JsonStyle& style);

/// repr() of a float: the shortest digits that read back as it.
[[nodiscard]] std::string reprOf(double value);
/// int() and float() of a text; none where Python raises ValueError. A whole number over 64 bits fails.
[[nodiscard]] std::optional<std::int64_t> parseInteger(Runtime& runtime, std::string_view text, int base = 10);
[[nodiscard]] std::optional<double> parseReal(std::string_view text);
/// A bool or int as int; none for others.
[[nodiscard]] std::optional<std::int64_t> integerOf(const Value& value);
/// A bool, int or float as float; none for others.
[[nodiscard]] std::optional<double> realOf(const Value& value);

/// The value of arithmetic on int that leaves 64 bits.
[[noreturn]] void failOverflow(Runtime& runtime);
/// Fails with the reason of an undefined value.
[[noreturn]] void failUndefined(Runtime& runtime, const Undefined& undefined);

} // namespace precedent::text::jinja
