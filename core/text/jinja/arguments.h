#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/jinja/python_values.h"

namespace precedent::text::jinja {

/// The arguments of one call laid out in the order of its parameters. Fails, naming the function, for arguments that
/// are missing, too many, unknown, or of a wrong type.
class BoundArguments {
public:
    /// `names` of the parameters; the first `required` must be given.
    BoundArguments(Runtime& runtime, const Arguments& given, std::string function, std::initializer_list<std::string_view> names,
        std::size_t required);

    /// Null where it is not given.
    [[nodiscard]] const Value* at(std::size_t i) const { return m_values[i] ? &*m_values[i] : nullptr; }
    [[nodiscard]] bool has(std::size_t i) const { return m_values[i].has_value(); }
    /// Given, and not None.
    [[nodiscard]] bool hasValue(std::size_t i) const { return has(i) && !isNone(*m_values[i]); }
    [[nodiscard]] const Text& text(std::size_t i) const;
    [[nodiscard]] std::int64_t integer(std::size_t i) const;
    [[nodiscard]] std::int64_t integerOr(std::size_t i, std::int64_t fallback) const { return hasValue(i) ? integer(i) : fallback; }
    [[nodiscard]] bool flagOr(std::size_t i, bool fallback) const { return has(i) ? truth(*m_values[i]) : fallback; }

private:
    [[noreturn]] void failType(std::size_t i, const std::string& wanted) const;

    Runtime& m_runtime;
    std::string m_function;
    std::vector<std::string_view> m_names;
    std::vector<std::optional<Value>> m_values;
};

} // namespace precedent::text::jinja
