#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/text/jinja/runtime.h"
#include "core/text/jinja/syntax.h"

namespace precedent::text::jinja {

/// Names of one block, and of those around it. Shared, because a macro keeps the scope that it was defined in.
struct Scope {
    std::shared_ptr<Scope> outer;
    std::unordered_map<std::string_view, Value> names;
};

/// Renders one syntax tree once.
class Evaluator {
public:
    explicit Evaluator(Runtime& runtime);

    /// The template's text. `variables` are what the caller passes in.
    [[nodiscard]] std::string render(const Syntax& syntax, const std::vector<std::pair<std::string, Value>>& variables);

private:
    enum class Flow { onward, breaksLoop, continuesLoop };

    // expressions
    Value evaluate(const Expression& expression);
    Value evaluate(const Literal& node) { return node.value; }
    Value evaluate(const NameRef& node);
    Value evaluate(const Sequence& node);
    Value evaluate(const DictDisplay& node);
    Value evaluate(const AttributeOf& node);
    Value evaluate(const ItemOf& node);
    Value evaluate(const SliceOf& node);
    Value evaluate(const Call& node);
    Value evaluate(const FilterOf& node) { return filtered(node, nullptr); }
    Value evaluate(const TestOf& node);
    Value evaluate(const Unary& node);
    Value evaluate(const Binary& node);
    Value evaluate(const Logical& node);
    Value evaluate(const Comparison& node);
    Value evaluate(const Concatenation& node);
    Value evaluate(const Conditional& node);
    /// `blockText` is the input of the innermost filter, where that has none of its own.
    Value filtered(const FilterOf& node, const Value* blockText);
    Value filtered(const Expression& chain, const Value& blockText) { return filtered(std::get<FilterOf>(chain.node), &blockText); }
    Arguments evaluateArguments(const CallArguments& arguments);

    // statements
    Flow run(const Block& block);
    Flow run(const Statement& statement);
    Flow execute(const Data& node);
    Flow execute(const Print& node);
    Flow execute(const If& node);
    Flow execute(const For& node);
    Flow execute(const Set& node);
    Flow execute(const SetBlock& node);
    Flow execute(const MacroDefinition& node);
    Flow execute(const CallBlock& node);
    Flow execute(const FilterBlock& node);
    Flow execute(const With& node);
    Flow execute(const LoopExit& node) { return node.isBreak ? Flow::breaksLoop : Flow::continuesLoop; }
    std::vector<Value> chosenItems(const For& node);
    /// The text that a block writes, in a scope of its own.
    Value captured(const Block& block, Flow& flow);
    /// `signature` and `body` are parts of the syntax tree.
    Value macro(const std::string& name, const Signature& signature, const Block& body);
    Value runMacro(const std::string& name, const Signature& signature, const Block& body, const std::shared_ptr<Scope>& scope,
        const Arguments& given);
    void bindParameters(const std::string& name, const Signature& signature, const Arguments& given);

    void assignTo(const Target& target, const Value& value);
    [[nodiscard]] const Value* lookUp(std::string_view name) const;
    void setName(std::string_view name, const Value& value);
    void write(std::string_view text) { m_out->add(text); }

    /// A scope within the present one, or within another, for as long as it is held.
    class Inner {
    public:
        Inner(Evaluator& evaluator, std::shared_ptr<Scope> outer);
        ~Inner() { m_evaluator.m_scope = std::move(m_before); }
        Inner(const Inner&) = delete;
        Inner& operator=(const Inner&) = delete;

    private:
        Evaluator& m_evaluator;
        std::shared_ptr<Scope> m_before;
    };

    Runtime& m_runtime;
    std::shared_ptr<Scope> m_scope;
    TextBuilder* m_out = nullptr;
};

} // namespace precedent::text::jinja
