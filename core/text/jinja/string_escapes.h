#pragma once

#include <string>
#include <string_view>

namespace precedent::text::jinja {

/// A string literal's text between its quotes, with Python's escapes resolved (\n, \x41, \101, \u2581, \U0001F600; an
/// unknown one stays as it is). `problem` says in a clause what cannot be resolved.
[[nodiscard]] std::string withoutEscapes(std::string_view literal, std::string& problem);

} // namespace precedent::text::jinja
