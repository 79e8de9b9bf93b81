#include "core/text/jinja/parser.h"

#include <algorithm>

#include "core/text/jinja/runtime.h"

namespace precedent::text::jinja {
namespace {

/// Statements nest no deeper than this.
constexpr int kDeepestBlocks = 60;

class StatementParser {
public:
    explicit StatementParser(std::string_view source)
        : m_stream(tokenize(source))
        , m_expressions(m_stream, m_syntax.literals)
    {
    }

    Syntax run()
    {
        m_syntax.body = statements({});
        if (m_stream.current().kind != TokenKind::end)
            m_stream.fail("the statement \"" + m_stream.current().text + "\" closes nothing here");
        return std::move(m_syntax);
    }

private:
    /// Up to a tag that begins with one of `ends`, whose name is then the current token; to the template's end where
    /// there is none to look for.
    Block statements(const std::vector<std::string>& ends)
    {
        if (++m_depth > kDeepestBlocks)
            m_stream.fail("more than " + std::to_string(kDeepestBlocks) + " statements are nested in each other");
        Block block;
        while (true) {
            const Token& token = m_stream.current();
            if (token.kind == TokenKind::data) {
                if (!token.text.empty())
                    block.push_back({token.line, Data{token.text}});
                m_stream.take();
            } else if (token.kind == TokenKind::variableBegin) {
                m_stream.take();
                block.push_back({token.line, Print{m_expressions.tuple()}});
                m_stream.expect(TokenKind::variableEnd);
            } else if (token.kind == TokenKind::blockBegin) {
                m_stream.take();
                if (m_stream.current().kind == TokenKind::name &&
                    std::find(ends.begin(), ends.end(), m_stream.current().text) != ends.end())
                    break;
                statement(block);
                m_stream.expect(TokenKind::blockEnd);
            } else {
                break;
            }
        }
        --m_depth;
        return block;
    }

    /// The rest of an opening tag, and what it encloses up to one of `ends`, which is taken and returned in `end`.
    Block enclosed(const std::vector<std::string>& ends, std::string& end)
    {
        const int line = m_stream.current().line;
        m_stream.skipOp(":");
        m_stream.expect(TokenKind::blockEnd);
        Block body = statements(ends);
        if (m_stream.current().kind == TokenKind::end)
            throw Fault{ErrorCode::corrupt, line, "the statement that begins here never ends: {% " + ends.back() + " %} is missing"};
        end = m_stream.take().text;
        return body;
    }

    Block enclosed(const std::string& end)
    {
        std::string ignored;
        return enclosed({end}, ignored);
    }

    void statement(Block& block)
    {
        const int line = m_stream.current().line;
        const std::string tag = m_stream.expectAnyName();
        const auto add = [&](auto node) { block.push_back({line, std::move(node)}); };
        if (tag == "if")
            add(ifStatement());
        else if (tag == "for")
            add(forStatement());
        else if (tag == "set")
            setStatement(line, block);
        else if (tag == "macro")
            add(macro());
        else if (tag == "call")
            add(callBlock());
        else if (tag == "filter")
            add(filterBlock());
        else if (tag == "with")
            add(withBlock());
        else if (tag == "generation")
            add(With{{}, outsideLoop("endgeneration")});
        else if (tag == "break" || tag == "continue")
            add(loopExit(tag));
        else if (tag == "print")
            printStatement(line, block);
        else
            unknown(tag);
    }

    [[noreturn]] void unknown(const std::string& tag)
    {
        if (tag.starts_with("end") || tag == "else" || tag == "elif")
            m_stream.fail("the statement \"" + tag + "\" closes nothing here");
        m_stream.fail("the statement \"" + tag + "\" is not known here", ErrorCode::unsupported);
    }

    If ifStatement()
    {
        If made;
        std::string end;
        do {
            ExpressionPtr condition = m_expressions.tuple(false);
            Block body = enclosed({"elif", "else", "endif"}, end);
            made.branches.emplace_back(std::move(condition), std::move(body));
        } while (end == "elif");
        if (end == "else")
            made.otherwise = enclosed("endif");
        return made;
    }

    For forStatement()
    {
        For made;
        made.target = m_expressions.target(false);
        m_stream.expectName("in");
        made.items = m_expressions.tuple(false);
        if (m_stream.skipName("if"))
            made.condition = m_expressions.expression();
        if (m_stream.atName("recursive"))
            m_stream.fail("a recursive for is not supported here", ErrorCode::unsupported);
        ++m_loops;
        std::string end;
        made.body = enclosed({"else", "endfor"}, end);
        --m_loops;
        if (end == "else")
            made.otherwise = enclosed("endfor");
        return made;
    }

    void setStatement(int line, Block& block)
    {
        Target target = m_expressions.target(true);
        if (m_stream.skipOp("=")) {
            block.push_back({line, Set{std::move(target), m_expressions.tuple()}});
            return;
        }
        ExpressionPtr filter = m_expressions.filterChain(false);
        block.push_back({line, SetBlock{std::move(target), std::move(filter), enclosed("endset")}});
    }

    /// {% print a, b %} writes one after the other.
    void printStatement(int line, Block& block)
    {
        do
            block.push_back({line, Print{m_expressions.expression()}});
        while (m_stream.skipOp(","));
    }

    Signature signature()
    {
        Signature made;
        m_stream.expectOp("(");
        while (!m_stream.atOp(")")) {
            made.names.push_back(m_stream.expectAnyName());
            if (m_stream.skipOp("="))
                made.defaults.push_back(m_expressions.expression());
            else if (!made.defaults.empty())
                m_stream.fail("the parameter \"" + made.names.back() + "\" has no default and follows one that has");
            if (!m_stream.skipOp(","))
                break;
        }
        m_stream.expectOp(")");
        return made;
    }

    /// The body of a macro and its like: the loops around it are not its own.
    Block outsideLoop(const std::string& end)
    {
        const int loops = std::exchange(m_loops, 0);
        Block body = enclosed(end);
        m_loops = loops;
        return body;
    }

    MacroDefinition macro()
    {
        MacroDefinition made;
        made.name = m_stream.expectAnyName();
        made.signature = signature();
        made.body = outsideLoop("endmacro");
        return made;
    }

    CallBlock callBlock()
    {
        CallBlock made;
        if (m_stream.atOp("("))
            made.signature = signature();
        made.call = m_expressions.expression();
        if (!std::holds_alternative<Call>(made.call->node))
            m_stream.fail("a call block calls nothing");
        made.body = outsideLoop("endcall");
        return made;
    }

    FilterBlock filterBlock()
    {
        ExpressionPtr filter = m_expressions.filterChain(true);
        return {std::move(filter), enclosed("endfilter")};
    }

    With withBlock()
    {
        With made;
        while (m_stream.current().kind != TokenKind::blockEnd) {
            Target target = m_expressions.target(false);
            m_stream.expectOp("=");
            made.assignments.emplace_back(std::move(target), m_expressions.expression());
            if (!m_stream.skipOp(","))
                break;
        }
        made.body = enclosed("endwith");
        return made;
    }

    LoopExit loopExit(const std::string& tag)
    {
        if (m_loops == 0)
            m_stream.fail("\"" + tag + "\" stands outside a loop");
        return {tag == "break"};
    }

    TokenStream m_stream;
    Syntax m_syntax;
    ExpressionParser m_expressions;
    int m_depth = 0;
    int m_loops = 0;
};

std::string described(const Token& token)
{
    switch (token.kind) {
    case TokenKind::end:
        return "the template ends";
    case TokenKind::blockEnd:
        return "%} stands there";
    case TokenKind::variableEnd:
        return "}} stands there";
    case TokenKind::text:
        return "a text in quotes stands there";
    default:
        return "\"" + token.text + "\" stands there";
    }
}

} // namespace

void TokenStream::expectOp(std::string_view op)
{
    if (!skipOp(op))
        failExpecting("\"" + std::string(op) + "\"");
}

void TokenStream::expectName(std::string_view name)
{
    if (!skipName(name))
        failExpecting("\"" + std::string(name) + "\"");
}

std::string TokenStream::expectAnyName()
{
    if (current().kind != TokenKind::name)
        failExpecting("a name");
    return take().text;
}

void TokenStream::expect(TokenKind kind)
{
    if (current().kind != kind)
        failExpecting(kind == TokenKind::blockEnd ? "%}" : "}}");
    take();
}

void TokenStream::failExpecting(const std::string& what) const { fail(what + " is expected, and " + described(current())); }

void TokenStream::fail(const std::string& message, ErrorCode code) const { throw Fault{code, current().line, message}; }

Syntax parse(std::string_view source) { return StatementParser(source).run(); }

} // namespace precedent::text::jinja
