#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace precedent::text::jinja {

enum class TokenKind { data, blockBegin, blockEnd, variableBegin, variableEnd, name, text, integer, real, op, end };

struct Token {
    TokenKind kind = TokenKind::end;
    int line = 1;
    std::string text; ///< data, name, operator, or a string with its escapes resolved
    std::int64_t integer = 0;
    double real = 0;
};

/// The tokens of a template, the last of kind `end`. Comments are left out and whitespace control is done: `-` and `+`
/// at tags, the newline after a block and the blanks before one (trim_blocks, lstrip_blocks), the template's last
/// newline. Throws a Fault for what is no token.
[[nodiscard]] std::vector<Token> tokenize(std::string_view source);

/// The characters for which Python's str.isspace() is true.
[[nodiscard]] bool isPythonSpace(std::uint32_t codePoint);

} // namespace precedent::text::jinja
