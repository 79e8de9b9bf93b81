#include "core/text/jinja/parser.h"

#include <algorithm>

#include "core/text/jinja/runtime.h"

namespace precedent::text::jinja {
namespace {

/// Brackets nest, and operators follow each other, no deeper than this: trees are walked with the machine's stack.
constexpr int kDeepest = 120;

int heightOf(const ExpressionPtr& expression) { return expression == nullptr ? 0 : expression->height; }

int heightOf(const CallArguments& arguments)
{
    int height = std::max(heightOf(arguments.unpacked), heightOf(arguments.unpackedNamed));
    for (const ExpressionPtr& argument : arguments.positional)
        height = std::max(height, heightOf(argument));
    for (const auto& argument : arguments.named)
        height = std::max(height, heightOf(argument.second));
    return height;
}

bool isComparison(const Token& token)
{
    return token.kind == TokenKind::op &&
        (token.text == "==" || token.text == "!=" || token.text == "<" || token.text == "<=" || token.text == ">" || token.text == ">=");
}

/// What a test's argument without brackets may begin with. Names that go on with the expression around are none.
bool beginsTestArgument(const Token& token)
{
    switch (token.kind) {
    case TokenKind::name:
        return token.text != "else" && token.text != "or" && token.text != "and";
    case TokenKind::text:
    case TokenKind::integer:
    case TokenKind::real:
        return true;
    case TokenKind::op:
        return token.text == "[" || token.text == "{";
    default:
        return false;
    }
}

class Deeper {
public:
    Deeper(int& depth, const TokenStream& stream)
        : m_depth(depth)
    {
        if (m_depth >= kDeepest)
            stream.fail("more than " + std::to_string(kDeepest) + " levels of an expression are nested in each other");
        ++m_depth;
    }
    ~Deeper() { --m_depth; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

private:
    int& m_depth;
};

} // namespace

template <typename Node>
ExpressionPtr ExpressionParser::make(int line, Node node, int height)
{
    if (height > kDeepest)
        m_stream.fail("an expression goes on for more than " + std::to_string(kDeepest) + " operators");
    return std::make_unique<Expression>(Expression{line, height + 1, std::move(node)});
}

ExpressionPtr ExpressionParser::expression(bool conditional)
{
    const Deeper deeper(m_depth, m_stream);
    ExpressionPtr chosen = logicalOr();
    while (conditional && m_stream.atName("if")) {
        const int line = m_stream.take().line;
        ExpressionPtr condition = logicalOr();
        ExpressionPtr otherwise = m_stream.skipName("else") ? expression() : nullptr;
        const int height = std::max({heightOf(chosen), heightOf(condition), heightOf(otherwise)});
        chosen = make(line, Conditional{std::move(condition), std::move(chosen), std::move(otherwise)}, height);
    }
    return chosen;
}

ExpressionPtr ExpressionParser::logicalOr()
{
    ExpressionPtr left = logicalAnd();
    while (m_stream.atName("or")) {
        const int line = m_stream.take().line;
        ExpressionPtr right = logicalAnd();
        const int height = std::max(heightOf(left), heightOf(right));
        left = make(line, Logical{false, std::move(left), std::move(right)}, height);
    }
    return left;
}

ExpressionPtr ExpressionParser::logicalAnd()
{
    ExpressionPtr left = logicalNot();
    while (m_stream.atName("and")) {
        const int line = m_stream.take().line;
        ExpressionPtr right = logicalNot();
        const int height = std::max(heightOf(left), heightOf(right));
        left = make(line, Logical{true, std::move(left), std::move(right)}, height);
    }
    return left;
}

ExpressionPtr ExpressionParser::logicalNot()
{
    if (!m_stream.atName("not"))
        return comparison();
    const Deeper deeper(m_depth, m_stream);
    const int line = m_stream.take().line;
    ExpressionPtr operand = logicalNot();
    const int height = heightOf(operand);
    return make(line, Unary{Unary::Op::logicalNot, std::move(operand)}, height);
}

ExpressionPtr ExpressionParser::comparison()
{
    const int line = m_stream.current().line;
    ExpressionPtr first = sum();
    std::vector<std::pair<std::string, ExpressionPtr>> rest;
    int height = heightOf(first);
    while (true) {
        std::string op;
        if (isComparison(m_stream.current()) || m_stream.atName("in")) {
            op = m_stream.take().text;
        } else if (m_stream.atName("not") && TokenStream::is(m_stream.following(), TokenKind::name, "in")) {
            m_stream.take();
            m_stream.take();
            op = "not in";
        } else {
            break;
        }
        rest.emplace_back(std::move(op), sum());
        height = std::max(height, heightOf(rest.back().second));
    }
    return rest.empty() ? std::move(first) : make(line, Comparison{std::move(first), std::move(rest)}, height);
}

ExpressionPtr ExpressionParser::sum()
{
    ExpressionPtr left = concatenation();
    while (m_stream.atOp("+") || m_stream.atOp("-")) {
        const Token& op = m_stream.take();
        ExpressionPtr right = concatenation();
        const int height = std::max(heightOf(left), heightOf(right));
        left = make(op.line, Binary{op.text, std::move(left), std::move(right)}, height);
    }
    return left;
}

ExpressionPtr ExpressionParser::concatenation()
{
    const int line = m_stream.current().line;
    Concatenation all;
    all.parts.push_back(product());
    int height = heightOf(all.parts.back());
    while (m_stream.skipOp("~")) {
        all.parts.push_back(product());
        height = std::max(height, heightOf(all.parts.back()));
    }
    return all.parts.size() == 1 ? std::move(all.parts.front()) : make(line, std::move(all), height);
}

ExpressionPtr ExpressionParser::product()
{
    ExpressionPtr left = power();
    while (m_stream.atOp("*") || m_stream.atOp("/") || m_stream.atOp("//") || m_stream.atOp("%")) {
        const Token& op = m_stream.take();
        ExpressionPtr right = power();
        const int height = std::max(heightOf(left), heightOf(right));
        left = make(op.line, Binary{op.text, std::move(left), std::move(right)}, height);
    }
    return left;
}

ExpressionPtr ExpressionParser::power()
{
    ExpressionPtr left = unary();
    while (m_stream.atOp("**")) {
        const Token& op = m_stream.take();
        ExpressionPtr right = unary();
        const int height = std::max(heightOf(left), heightOf(right));
        left = make(op.line, Binary{op.text, std::move(left), std::move(right)}, height);
    }
    return left;
}

ExpressionPtr ExpressionParser::unary(bool withFilter)
{
    ExpressionPtr result;
    if (m_stream.atOp("-") || m_stream.atOp("+")) {
        const Deeper deeper(m_depth, m_stream);
        const Token& op = m_stream.take();
        ExpressionPtr operand = unary(false);
        const int height = heightOf(operand);
        result = make(op.line, Unary{op.text == "-" ? Unary::Op::minus : Unary::Op::plus, std::move(operand)}, height);
    } else {
        result = primary();
    }
    result = postfix(std::move(result));
    return withFilter ? filtersAndTests(std::move(result)) : std::move(result);
}

ExpressionPtr ExpressionParser::primary()
{
    const Token& token = m_stream.current();
    switch (token.kind) {
    case TokenKind::name:
        return name();
    case TokenKind::integer:
        return make(token.line, Literal{m_stream.take().integer}, 0);
    case TokenKind::real:
        return make(token.line, Literal{m_stream.take().real}, 0);
    case TokenKind::text: {
        std::string joined;
        while (m_stream.current().kind == TokenKind::text)
            joined += m_stream.take().text;
        auto text = std::make_unique<Text>(std::move(joined));
        const Text* made = text.get();
        m_literals.push_back(std::move(text));
        return make(token.line, Literal{made}, 0);
    }
    default:
        break;
    }
    if (m_stream.atOp("("))
        return parenthesised();
    if (m_stream.atOp("["))
        return list();
    if (m_stream.atOp("{"))
        return dict();
    m_stream.failExpecting("an expression");
}

ExpressionPtr ExpressionParser::name()
{
    const Token& token = m_stream.take();
    if (token.text == "true" || token.text == "True")
        return make(token.line, Literal{true}, 0);
    if (token.text == "false" || token.text == "False")
        return make(token.line, Literal{false}, 0);
    if (token.text == "none" || token.text == "None")
        return make(token.line, Literal{None{}}, 0);
    return make(token.line, NameRef{token.text}, 0);
}

bool ExpressionParser::atTupleEnd() const
{
    const TokenKind kind = m_stream.current().kind;
    return kind == TokenKind::variableEnd || kind == TokenKind::blockEnd || m_stream.atOp(")");
}

ExpressionPtr ExpressionParser::tuple(bool conditional)
{
    const int line = m_stream.current().line;
    Sequence all{true, {}};
    bool comma = false;
    int height = 0;
    while (!(comma && atTupleEnd())) {
        all.items.push_back(expression(conditional));
        height = std::max(height, heightOf(all.items.back()));
        if (!m_stream.skipOp(","))
            break;
        comma = true;
    }
    return comma ? make(line, std::move(all), height) : std::move(all.items.front());
}

ExpressionPtr ExpressionParser::parenthesised()
{
    const int line = m_stream.take().line;
    if (m_stream.skipOp(")"))
        return make(line, Sequence{true, {}}, 0);
    ExpressionPtr inside = tuple();
    m_stream.expectOp(")");
    return inside;
}

ExpressionPtr ExpressionParser::list()
{
    const int line = m_stream.take().line;
    Sequence all;
    int height = 0;
    while (!m_stream.atOp("]")) {
        all.items.push_back(expression());
        height = std::max(height, heightOf(all.items.back()));
        if (!m_stream.skipOp(","))
            break;
    }
    m_stream.expectOp("]");
    return make(line, std::move(all), height);
}

ExpressionPtr ExpressionParser::dict()
{
    const int line = m_stream.take().line;
    DictDisplay all;
    int height = 0;
    while (!m_stream.atOp("}")) {
        ExpressionPtr key = expression();
        m_stream.expectOp(":");
        all.entries.emplace_back(std::move(key), expression());
        height = std::max({height, heightOf(all.entries.back().first), heightOf(all.entries.back().second)});
        if (!m_stream.skipOp(","))
            break;
    }
    m_stream.expectOp("}");
    return make(line, std::move(all), height);
}

ExpressionPtr ExpressionParser::postfix(ExpressionPtr object)
{
    while (true) {
        if (m_stream.atOp(".") || m_stream.atOp("[")) {
            object = subscript(std::move(object));
        } else if (m_stream.atOp("(")) {
            const int line = m_stream.current().line;
            CallArguments given = arguments();
            const int height = std::max(heightOf(object), heightOf(given));
            object = make(line, Call{std::move(object), std::move(given)}, height);
        } else {
            return object;
        }
    }
}

ExpressionPtr ExpressionParser::subscript(ExpressionPtr object)
{
    const Token& token = m_stream.take();
    const int height = heightOf(object);
    if (token.text == ".") {
        const Token& attribute = m_stream.take();
        if (attribute.kind == TokenKind::name)
            return make(token.line, AttributeOf{std::move(object), attribute.text}, height);
        if (attribute.kind != TokenKind::integer)
            m_stream.failExpecting("a name or a number after the dot");
        return make(token.line, ItemOf{std::move(object), make(token.line, Literal{attribute.integer}, 0)}, height);
    }
    ExpressionPtr from = m_stream.atOp(":") ? nullptr : expression();
    if (!m_stream.skipOp(":")) {
        m_stream.expectOp("]");
        const int taller = std::max(height, heightOf(from));
        return make(token.line, ItemOf{std::move(object), std::move(from)}, taller);
    }
    const auto part = [&]() -> ExpressionPtr { return m_stream.atOp(":") || m_stream.atOp("]") ? nullptr : expression(); };
    ExpressionPtr to = part();
    ExpressionPtr step = m_stream.skipOp(":") ? part() : nullptr;
    m_stream.expectOp("]");
    const int taller = std::max({height, heightOf(from), heightOf(to), heightOf(step)});
    return make(token.line, SliceOf{std::move(object), std::move(from), std::move(to), std::move(step)}, taller);
}

ExpressionPtr ExpressionParser::filtersAndTests(ExpressionPtr input)
{
    while (true) {
        if (m_stream.skipOp("|")) {
            input = filter(std::move(input));
        } else if (m_stream.atName("is")) {
            input = test(std::move(input));
        } else if (m_stream.atOp("(")) {
            input = postfix(std::move(input));
        } else {
            return input;
        }
    }
}

ExpressionPtr ExpressionParser::filter(ExpressionPtr input)
{
    const int line = m_stream.current().line;
    FilterOf made{std::move(input), m_stream.expectAnyName(), {}};
    if (m_stream.atOp("("))
        made.arguments = arguments();
    const int height = std::max(heightOf(made.input), heightOf(made.arguments));
    return make(line, std::move(made), height);
}

ExpressionPtr ExpressionParser::filterChain(bool firstWithoutBar)
{
    ExpressionPtr chain;
    while (firstWithoutBar || m_stream.skipOp("|")) {
        firstWithoutBar = false;
        chain = filter(std::move(chain));
    }
    return chain;
}

ExpressionPtr ExpressionParser::test(ExpressionPtr input)
{
    const int line = m_stream.take().line;
    const bool negated = m_stream.skipName("not");
    TestOf made{std::move(input), m_stream.expectAnyName(), {}};
    if (m_stream.atOp("(")) {
        made.arguments = arguments();
    } else if (beginsTestArgument(m_stream.current())) {
        if (m_stream.atName("is"))
            m_stream.fail("two tests with \"is\" follow each other; brackets are needed");
        made.arguments.positional.push_back(postfix(primary()));
    }
    const int height = std::max(heightOf(made.input), heightOf(made.arguments));
    ExpressionPtr result = make(line, std::move(made), height);
    return negated ? make(line, Unary{Unary::Op::logicalNot, std::move(result)}, height + 1) : std::move(result);
}

CallArguments ExpressionParser::arguments()
{
    m_stream.expectOp("(");
    CallArguments given;
    while (!m_stream.atOp(")")) {
        if (m_stream.skipOp("**")) {
            given.unpackedNamed = expression();
        } else if (m_stream.skipOp("*")) {
            given.unpacked = expression();
        } else if (m_stream.current().kind == TokenKind::name && TokenStream::is(m_stream.following(), TokenKind::op, "=")) {
            std::string key = m_stream.take().text;
            m_stream.take();
            given.named.emplace_back(std::move(key), expression());
        } else {
            if (!given.named.empty() || given.unpacked || given.unpackedNamed)
                m_stream.fail("an argument without a name follows those with names");
            given.positional.push_back(expression());
        }
        if (!m_stream.skipOp(","))
            break;
    }
    m_stream.expectOp(")");
    return given;
}

Target ExpressionParser::target(bool withNamespace)
{
    Target first = targetPart(withNamespace);
    if (!m_stream.atOp(","))
        return first;
    Target all;
    all.isTuple = true;
    all.parts.push_back(std::move(first));
    while (m_stream.skipOp(",") && (m_stream.current().kind == TokenKind::name || m_stream.atOp("(")) && !m_stream.atName("in"))
        all.parts.push_back(targetPart(withNamespace));
    return all;
}

Target ExpressionParser::targetPart(bool withNamespace)
{
    const Deeper deeper(m_depth, m_stream);
    if (m_stream.skipOp("(")) {
        Target inside = target(withNamespace);
        m_stream.expectOp(")");
        return inside;
    }
    Target made;
    made.name = m_stream.expectAnyName();
    if (made.name == "true" || made.name == "false" || made.name == "none" || made.name == "True" || made.name == "False" ||
        made.name == "None")
        m_stream.fail("\"" + made.name + "\" cannot be assigned to");
    if (withNamespace && m_stream.skipOp("."))
        made.attribute = m_stream.expectAnyName();
    return made;
}

} // namespace precedent::text::jinja
