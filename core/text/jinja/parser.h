#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/text/jinja/lexer.h"
#include "core/text/jinja/syntax.h"

namespace precedent::text::jinja {

/// Walks the tokens of a template.
class TokenStream {
public:
    explicit TokenStream(std::vector<Token> tokens)
        : m_tokens(std::move(tokens))
    {
    }
    [[nodiscard]] const Token& current() const { return m_tokens[m_at]; }
    [[nodiscard]] const Token& following() const { return m_tokens[m_at + 1 < m_tokens.size() ? m_at + 1 : m_at]; }
    /// The current token; the stream goes on past it, but not past the last.
    const Token& take()
    {
        const Token& token = m_tokens[m_at];
        if (m_at + 1 < m_tokens.size())
            ++m_at;
        return token;
    }

    [[nodiscard]] bool atOp(std::string_view op) const { return is(current(), TokenKind::op, op); }
    [[nodiscard]] bool atName(std::string_view name) const { return is(current(), TokenKind::name, name); }
    bool skipOp(std::string_view op) { return atOp(op) && (take(), true); }
    bool skipName(std::string_view name) { return atName(name) && (take(), true); }
    void expectOp(std::string_view op);
    void expectName(std::string_view name);
    std::string expectAnyName();
    void expect(TokenKind kind);

    /// Fails at the current token: "WHAT was expected, and FOUND stands there".
    [[noreturn]] void failExpecting(const std::string& what) const;
    [[noreturn]] void fail(const std::string& message, ErrorCode code = ErrorCode::corrupt) const;

    static bool is(const Token& token, TokenKind kind, std::string_view text) { return token.kind == kind && token.text == text; }

private:
    std::vector<Token> m_tokens;
    std::size_t m_at = 0;
};

/// Parses expressions as jinja2 does: its order of operators is not Python's in every place. Throws a Fault.
class ExpressionParser {
public:
    /// `literals` takes the texts that literals hold.
    ExpressionParser(TokenStream& stream, std::vector<std::unique_ptr<Object>>& literals)
        : m_stream(stream)
        , m_literals(literals)
    {
    }

    /// `conditional`: whether "a if b else c" may stand here (not between `in` and the `if` of a for).
    ExpressionPtr expression(bool conditional = true);
    /// An expression, or several with commas between them, which make a tuple.
    ExpressionPtr tuple(bool conditional = true);
    /// "name(arguments) | name ...", without the input of the first. Null where no filter stands.
    ExpressionPtr filterChain(bool firstWithoutBar);
    Target target(bool withNamespace);

private:
    ExpressionPtr logicalOr();
    ExpressionPtr logicalAnd();
    ExpressionPtr logicalNot();
    ExpressionPtr comparison();
    ExpressionPtr sum();
    ExpressionPtr concatenation();
    ExpressionPtr product();
    ExpressionPtr power();
    ExpressionPtr unary(bool withFilter = true);
    ExpressionPtr primary();
    ExpressionPtr name();
    ExpressionPtr parenthesised();
    ExpressionPtr list();
    ExpressionPtr dict();
    ExpressionPtr postfix(ExpressionPtr object);
    ExpressionPtr filtersAndTests(ExpressionPtr input);
    ExpressionPtr subscript(ExpressionPtr object);
    ExpressionPtr filter(ExpressionPtr input);
    ExpressionPtr test(ExpressionPtr input);
    CallArguments arguments();
    [[nodiscard]] bool atTupleEnd() const;
    Target targetPart(bool withNamespace);

    template <typename Node>
    ExpressionPtr make(int line, Node node, int height);

    TokenStream& m_stream;
    std::vector<std::unique_ptr<Object>>& m_literals;
    int m_depth = 0;
};

/// Parses a template. Throws a Fault that names the line and what stands there.
[[nodiscard]] Syntax parse(std::string_view source);

} // namespace precedent::text::jinja
