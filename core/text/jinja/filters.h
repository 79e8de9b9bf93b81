#pragma once

#include <string>
#include <string_view>

#include "core/text/jinja/python_values.h"

namespace precedent::text::jinja {

/// A filter gets its input first, a test too; both get the arguments that stand in brackets.
using Filter = Value (*)(Runtime&, const Value&, const Arguments&);
using Test = bool (*)(Runtime&, const Value&, const Arguments&);

/// By name, null where there is none.
[[nodiscard]] Filter textFilter(std::string_view name);
[[nodiscard]] Filter collectionFilter(std::string_view name);
[[nodiscard]] Filter findFilter(std::string_view name);
[[nodiscard]] Test findTest(std::string_view name);

/// As above; what is not known fails, naming it.
[[nodiscard]] Filter filterNamed(Runtime& runtime, const std::string& name);
[[nodiscard]] Test testNamed(Runtime& runtime, const std::string& name);

/// The value of a global variable that every template has (range, namespace, raise_exception ...); undefined where
/// there is none.
[[nodiscard]] Value globalNamed(Runtime& runtime, std::string_view name);

} // namespace precedent::text::jinja
