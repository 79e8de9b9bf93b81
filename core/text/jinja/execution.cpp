#include <algorithm>

#include "core/text/jinja/attributes.h"
#include "core/text/jinja/evaluator.h"
#include "core/text/jinja/python_values.h"

namespace precedent::text::jinja {
namespace {

constexpr std::size_t kScopeBytes = 512; // of one that a macro keeps

} // namespace

Evaluator::Flow Evaluator::run(const Block& block)
{
    for (const Statement& statement : block) {
        if (const Flow flow = run(statement); flow != Flow::onward)
            return flow;
    }
    return Flow::onward;
}

Evaluator::Flow Evaluator::run(const Statement& statement)
{
    const Runtime::Level level(m_runtime);
    m_runtime.spend();
    m_runtime.setLine(statement.line);
    return std::visit([this](const auto& node) { return execute(node); }, statement.node);
}

Evaluator::Flow Evaluator::execute(const Data& node)
{
    write(node.text);
    return Flow::onward;
}

Evaluator::Flow Evaluator::execute(const Print& node)
{
    addStr(*m_out, m_runtime, evaluate(*node.value));
    return Flow::onward;
}

Evaluator::Flow Evaluator::execute(const If& node)
{
    for (const auto& [condition, body] : node.branches) {
        if (truth(evaluate(*condition)))
            return run(body);
    }
    return run(node.otherwise);
}

std::vector<Value> Evaluator::chosenItems(const For& node)
{
    std::vector<Value> items = elements(m_runtime, evaluate(*node.items));
    if (node.condition == nullptr)
        return items;
    const Inner inner(*this, m_scope);
    std::vector<Value> chosen;
    for (const Value& item : items) {
        assignTo(node.target, item);
        if (truth(evaluate(*node.condition)))
            chosen.push_back(item);
    }
    return chosen;
}

Evaluator::Flow Evaluator::execute(const For& node)
{
    std::vector<Value> items = chosenItems(node);
    m_runtime.take(items.size() * sizeof(Value));
    auto* loop = m_runtime.make<Loop>(std::move(items));
    // jinja2 runs `else` where no turn came to its end: with `continue` or `break` in each, too.
    bool anyComplete = false;
    for (; loop->index0 < loop->items.size(); ++loop->index0) {
        const Inner inner(*this, m_scope);
        m_runtime.spend();
        assignTo(node.target, loop->items[loop->index0]);
        setName("loop", loop);
        const Flow flow = run(node.body);
        if (flow == Flow::breaksLoop)
            break;
        anyComplete = anyComplete || flow == Flow::onward;
    }
    if (anyComplete || node.otherwise.empty())
        return Flow::onward;
    const Inner inner(*this, m_scope);
    return run(node.otherwise);
}

Evaluator::Flow Evaluator::execute(const Set& node)
{
    assignTo(node.target, evaluate(*node.value));
    return Flow::onward;
}

Value Evaluator::captured(const Block& block, Flow& flow)
{
    const Inner inner(*this, m_scope);
    TextBuilder text(m_runtime);
    TextBuilder* before = std::exchange(m_out, &text);
    flow = run(block);
    m_out = before;
    return text.finish();
}

Evaluator::Flow Evaluator::execute(const SetBlock& node)
{
    Flow flow = Flow::onward;
    const Value text = captured(node.body, flow);
    assignTo(node.target, node.filter == nullptr ? text : filtered(*node.filter, text));
    return flow;
}

Evaluator::Flow Evaluator::execute(const FilterBlock& node)
{
    Flow flow = Flow::onward;
    const Value text = captured(node.body, flow);
    addStr(*m_out, m_runtime, filtered(*node.filter, text));
    return flow;
}

Evaluator::Flow Evaluator::execute(const With& node)
{
    std::vector<Value> values;
    for (const auto& assignment : node.assignments)
        values.push_back(evaluate(*assignment.second));
    const Inner inner(*this, m_scope);
    for (std::size_t i = 0; i < values.size(); ++i)
        assignTo(node.assignments[i].first, values[i]);
    return run(node.body);
}

Evaluator::Flow Evaluator::execute(const MacroDefinition& node)
{
    setName(node.name, macro(node.name, node.signature, node.body));
    return Flow::onward;
}

Evaluator::Flow Evaluator::execute(const CallBlock& node)
{
    const auto& called = std::get<Call>(node.call->node);
    const Value callee = evaluate(*called.callee);
    Arguments arguments = evaluateArguments(called.arguments);
    arguments.named.emplace_back("caller", macro("caller", node.signature, node.body));
    addStr(*m_out, m_runtime, call(m_runtime, callee, arguments));
    return Flow::onward;
}

Value Evaluator::macro(const std::string& name, const Signature& signature, const Block& body)
{
    m_runtime.take(kScopeBytes);
    return m_runtime.function(name, [this, name, &signature, &body, scope = m_scope](Runtime&, const Arguments& given) {
        return runMacro(name, signature, body, scope, given);
    });
}

Value Evaluator::runMacro(
    const std::string& name, const Signature& signature, const Block& body, const std::shared_ptr<Scope>& scope, const Arguments& given)
{
    const Inner inner(*this, scope);
    bindParameters(name, signature, given);
    TextBuilder text(m_runtime);
    TextBuilder* before = std::exchange(m_out, &text);
    (void)run(body);
    m_out = before;
    return text.finish();
}

void Evaluator::bindParameters(const std::string& name, const Signature& signature, const Arguments& given)
{
    const std::size_t count = signature.names.size();
    if (given.positional.size() > count)
        m_runtime.fail("the macro \"" + name + "\" takes " + std::to_string(count) + " arguments at most, and " +
            std::to_string(given.positional.size()) + " are given");
    const auto unknown = std::find_if(given.named.begin(), given.named.end(), [&](const auto& entry) {
        return entry.first != "caller" && std::find(signature.names.begin(), signature.names.end(), entry.first) == signature.names.end();
    });
    if (unknown != given.named.end())
        m_runtime.fail("the macro \"" + name + "\" takes no argument \"" + unknown->first + "\"");
    for (const auto& [key, value] : given.named) {
        if (key == "caller")
            setName("caller", value);
    }
    const std::size_t firstDefault = count - signature.defaults.size();
    for (std::size_t i = 0; i < count; ++i) {
        const std::string& parameter = signature.names[i];
        const auto named =
            std::find_if(given.named.begin(), given.named.end(), [&](const auto& entry) { return entry.first == parameter; });
        if (i < given.positional.size())
            setName(parameter, given.positional[i]);
        else if (named != given.named.end())
            setName(parameter, named->second);
        else if (i >= firstDefault)
            setName(parameter, evaluate(*signature.defaults[i - firstDefault]));
        else
            setName(parameter, m_runtime.undefined("the parameter \"" + parameter + "\" was not given"));
    }
}

void Evaluator::assignTo(const Target& target, const Value& value)
{
    if (target.isTuple) {
        const std::vector<Value> parts = elements(m_runtime, value);
        if (parts.size() != target.parts.size())
            m_runtime.fail(
                "a value of " + std::to_string(parts.size()) + " parts is assigned to " + std::to_string(target.parts.size()) + " names");
        for (std::size_t i = 0; i < parts.size(); ++i)
            assignTo(target.parts[i], parts[i]);
        return;
    }
    if (target.attribute.empty()) {
        setName(target.name, value);
        return;
    }
    const Value* found = lookUp(target.name);
    auto* const* space = found == nullptr ? nullptr : std::get_if<Namespace*>(found);
    if (space == nullptr)
        m_runtime.fail("\"" + target.name + "." + target.attribute + "\" is assigned to, and \"" + target.name + "\" is no namespace");
    if (target.attribute.starts_with('_'))
        m_runtime.fail("an attribute of a namespace is a text that does not begin with _");
    assign(m_runtime, **space, target.attribute, value);
}

} // namespace precedent::text::jinja
