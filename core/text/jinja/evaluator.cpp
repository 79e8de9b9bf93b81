#include "core/text/jinja/evaluator.h"

#include <algorithm>

#include "core/text/jinja/attributes.h"
#include "core/text/jinja/filters.h"
#include "core/text/jinja/python_values.h"

namespace precedent::text::jinja {

Evaluator::Evaluator(Runtime& runtime)
    : m_runtime(runtime)
    , m_scope(std::make_shared<Scope>())
{
}

std::string Evaluator::render(const Syntax& syntax, const std::vector<std::pair<std::string, Value>>& variables)
{
    for (const auto& [name, value] : variables)
        setName(name, value);
    // The template's own names are apart from those passed in, as `set` in a template does not change its caller's.
    const Inner inner(*this, m_scope);
    TextBuilder out(m_runtime);
    m_out = &out;
    (void)run(syntax.body);
    m_out = nullptr;
    return out.str();
}

Evaluator::Inner::Inner(Evaluator& evaluator, std::shared_ptr<Scope> outer)
    : m_evaluator(evaluator)
    , m_before(evaluator.m_scope)
{
    evaluator.m_scope = std::make_shared<Scope>();
    evaluator.m_scope->outer = std::move(outer);
}

const Value* Evaluator::lookUp(std::string_view name) const
{
    for (const Scope* scope = m_scope.get(); scope != nullptr; scope = scope->outer.get()) {
        if (const auto found = scope->names.find(name); found != scope->names.end())
            return &found->second;
    }
    return nullptr;
}

void Evaluator::setName(std::string_view name, const Value& value) { m_scope->names.insert_or_assign(name, value); }

Value Evaluator::evaluate(const Expression& expression)
{
    const Runtime::Level level(m_runtime);
    m_runtime.spend();
    m_runtime.setLine(expression.line);
    return std::visit([this](const auto& node) { return evaluate(node); }, expression.node);
}

Value Evaluator::evaluate(const NameRef& node)
{
    const Value* found = lookUp(node.name);
    return found != nullptr ? *found : globalNamed(m_runtime, node.name);
}

Value Evaluator::evaluate(const Sequence& node)
{
    std::vector<Value> items;
    items.reserve(node.items.size());
    for (const ExpressionPtr& item : node.items)
        items.push_back(evaluate(*item));
    return node.isTuple ? m_runtime.tuple(std::move(items)) : m_runtime.list(std::move(items));
}

Value Evaluator::evaluate(const DictDisplay& node)
{
    Dict made({});
    for (const auto& [keyNode, valueNode] : node.entries) {
        const Value key = evaluate(*keyNode);
        const Value value = evaluate(*valueNode);
        if (const Value* known = find(m_runtime, made, key))
            *const_cast<Value*>(known) = value;
        else
            made.entries.emplace_back(key, value);
    }
    return m_runtime.dict(std::move(made.entries));
}

Value Evaluator::evaluate(const AttributeOf& node)
{
    const Value object = evaluate(*node.object);
    return attributeOf(m_runtime, object, node.name);
}

Value Evaluator::evaluate(const ItemOf& node)
{
    const Value object = evaluate(*node.object);
    return itemOf(m_runtime, object, evaluate(*node.key));
}

Value Evaluator::evaluate(const SliceOf& node)
{
    const Value object = evaluate(*node.object);
    const auto bound = [&](const ExpressionPtr& part) -> std::optional<std::int64_t> {
        const Value value = part == nullptr ? Value(None{}) : evaluate(*part);
        if (isNone(value))
            return std::nullopt;
        const std::optional<std::int64_t> index = integerOf(value);
        if (!index)
            m_runtime.fail("the bounds of a slice are whole numbers, and one is of type " + typeName(value));
        return index;
    };
    SliceBounds bounds;
    bounds.from = bound(node.from);
    bounds.to = bound(node.to);
    bounds.step = bound(node.step);
    return sliceOf(m_runtime, object, bounds);
}

Arguments Evaluator::evaluateArguments(const CallArguments& arguments)
{
    Arguments given;
    for (const ExpressionPtr& argument : arguments.positional)
        given.positional.push_back(evaluate(*argument));
    for (const auto& [name, argument] : arguments.named)
        given.named.emplace_back(name, evaluate(*argument));
    if (arguments.unpacked != nullptr) {
        const std::vector<Value> more = elements(m_runtime, evaluate(*arguments.unpacked));
        given.positional.insert(given.positional.end(), more.begin(), more.end());
    }
    if (arguments.unpackedNamed != nullptr) {
        const Value value = evaluate(*arguments.unpackedNamed);
        const Dict* dict = as<Dict>(value);
        if (dict == nullptr)
            m_runtime.fail("\"**\" unpacks a dict, and is given " + typeName(value));
        for (const auto& [key, argument] : dict->entries)
            given.named.emplace_back(str(m_runtime, key), argument);
    }
    m_runtime.take((given.positional.size() + given.named.size()) * sizeof(Value));
    return given;
}

Value Evaluator::evaluate(const Call& node)
{
    const int line = m_runtime.line();
    const Value callee = evaluate(*node.callee);
    const Arguments arguments = evaluateArguments(node.arguments);
    m_runtime.setLine(line);
    return call(m_runtime, callee, arguments);
}

Value Evaluator::filtered(const FilterOf& node, const Value* blockText)
{
    const int line = m_runtime.line();
    Value input;
    if (node.input == nullptr)
        input = *blockText;
    else if (blockText != nullptr)
        input = filtered(*node.input, *blockText);
    else
        input = evaluate(*node.input);
    const Arguments arguments = evaluateArguments(node.arguments);
    m_runtime.setLine(line);
    return filterNamed(m_runtime, node.name)(m_runtime, input, arguments);
}

Value Evaluator::evaluate(const TestOf& node)
{
    const int line = m_runtime.line();
    const Value input = evaluate(*node.input);
    const Arguments arguments = evaluateArguments(node.arguments);
    m_runtime.setLine(line);
    return testNamed(m_runtime, node.name)(m_runtime, input, arguments);
}

Value Evaluator::evaluate(const Unary& node)
{
    const Value operand = evaluate(*node.operand);
    if (node.op == Unary::Op::logicalNot)
        return !truth(operand);
    return negative(m_runtime, operand, node.op == Unary::Op::minus);
}

Value Evaluator::evaluate(const Binary& node)
{
    const int line = m_runtime.line();
    const Value left = evaluate(*node.left);
    const Value right = evaluate(*node.right);
    m_runtime.setLine(line);
    return arithmetic(m_runtime, node.op, left, right);
}

Value Evaluator::evaluate(const Logical& node)
{
    const Value left = evaluate(*node.left);
    return truth(left) == node.isAnd ? evaluate(*node.right) : left;
}

Value Evaluator::evaluate(const Comparison& node)
{
    const int line = m_runtime.line();
    Value left = evaluate(*node.first);
    for (const auto& [op, operand] : node.rest) {
        const Value right = evaluate(*operand);
        m_runtime.setLine(line);
        if (!compare(m_runtime, op, left, right))
            return false;
        left = right;
    }
    return true;
}

Value Evaluator::evaluate(const Concatenation& node)
{
    TextBuilder out(m_runtime);
    for (const ExpressionPtr& part : node.parts)
        addStr(out, m_runtime, evaluate(*part));
    return out.finish();
}

Value Evaluator::evaluate(const Conditional& node)
{
    if (truth(evaluate(*node.test)))
        return evaluate(*node.chosen);
    if (node.otherwise != nullptr)
        return evaluate(*node.otherwise);
    return m_runtime.undefined("the \"if\" within an expression is false and has no \"else\"");
}

} // namespace precedent::text::jinja
