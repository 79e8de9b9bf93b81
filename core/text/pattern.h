#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "precedent/base/json.h"
#include "precedent/base/result.h"

namespace precedent::text {

/// The longest that a tokenizer's steps may make a text of `size` bytes, where honest ones make it `times` as long at
/// most. A file could name steps that double the text a hundred times.
[[nodiscard]] constexpr std::size_t longestRewriting(std::size_t size, std::size_t times) { return 64 + times * size; }

/// A literal or regular expression that finds its matches from left to right (PCRE2, UTF and UCP, compiled to machine
/// code where that works). Bytes that are no UTF-8 match nothing. Immutable; any thread.
class Pattern {
public:
    [[nodiscard]] static Result<Pattern> literal(std::string text);
    /// Fails with unsupported, saying where the expression is not understood.
    [[nodiscard]] static Result<Pattern> regex(const std::string& expression);
    /// From tokenizer.json: {"String": ...} or {"Regex": ...}.
    [[nodiscard]] static Result<Pattern> fromJson(const nlohmann::json& json, const std::string& where);

    /// Calls `found(from, to)` for each match that is not empty, in order. A text on which the engine gives up is
    /// treated as if the rest of it matched nothing.
    void forEachMatch(std::string_view text, const std::function<void(std::size_t, std::size_t)>& found) const;

    /// Stops soon after the result is longer than `limit`, which then is all that can be said of it.
    [[nodiscard]] std::string replaceAll(std::string_view text, std::string_view replacement, std::size_t limit = ~std::size_t{0}) const;
    [[nodiscard]] bool isLiteral() const { return m_code == nullptr; }
    [[nodiscard]] const std::string& literalText() const { return m_literal; }

private:
    Pattern() = default;
    std::string m_literal;
    std::shared_ptr<const void> m_code;
};

} // namespace precedent::text
