#pragma once

#include <string>
#include <string_view>

#include "core/text/jinja/python_text.h"

/// Looking things up as jinja2's sandbox does: `a.b` prefers a method to an entry, `a['b']` an entry to a method, and
/// what is not there is undefined.
namespace precedent::text::jinja {

[[nodiscard]] Value attributeOf(Runtime& runtime, const Value& object, const std::string& name);
[[nodiscard]] Value itemOf(Runtime& runtime, const Value& object, const Value& key);
/// object[from:to:step]. Fails for what has no slices.
[[nodiscard]] Value sliceOf(Runtime& runtime, const Value& object, const SliceBounds& bounds);
/// Fails where `callee` is no function.
[[nodiscard]] Value call(Runtime& runtime, const Value& callee, const Arguments& arguments);

using TextMethod = Value (*)(Runtime&, const Text&, const Arguments&);
/// A method of str, or null.
[[nodiscard]] TextMethod textMethod(std::string_view name);

} // namespace precedent::text::jinja
