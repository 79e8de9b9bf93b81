#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/text/jinja/value.h"

/// The syntax tree of a template. Immutable once parsed.
namespace precedent::text::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

struct Literal {
    Value value;
};
struct NameRef {
    std::string name;
};
struct Sequence {
    bool isTuple = false;
    std::vector<ExpressionPtr> items;
};
struct DictDisplay {
    std::vector<std::pair<ExpressionPtr, ExpressionPtr>> entries;
};
struct AttributeOf {
    ExpressionPtr object;
    std::string name;
};
struct ItemOf {
    ExpressionPtr object;
    ExpressionPtr key;
};
/// object[from:to:step]; each may be null.
struct SliceOf {
    ExpressionPtr object;
    ExpressionPtr from;
    ExpressionPtr to;
    ExpressionPtr step;
};
struct CallArguments {
    std::vector<ExpressionPtr> positional;
    std::vector<std::pair<std::string, ExpressionPtr>> named;
    ExpressionPtr unpacked; ///< *list
    ExpressionPtr unpackedNamed; ///< **dict
};
struct Call {
    ExpressionPtr callee;
    CallArguments arguments;
};
struct FilterOf {
    ExpressionPtr input; ///< null: the text of the block whose filter this is
    std::string name;
    CallArguments arguments;
};
struct TestOf {
    ExpressionPtr input;
    std::string name;
    CallArguments arguments;
};
struct Unary {
    enum class Op { minus, plus, logicalNot };
    Op op;
    ExpressionPtr operand;
};
struct Binary {
    std::string op; ///< + - * / // % **
    ExpressionPtr left;
    ExpressionPtr right;
};
struct Logical {
    bool isAnd = false;
    ExpressionPtr left;
    ExpressionPtr right;
};
/// a < b < c; operators as written, "in" and "not in" among them.
struct Comparison {
    ExpressionPtr first;
    std::vector<std::pair<std::string, ExpressionPtr>> rest;
};
/// a ~ b ~ c
struct Concatenation {
    std::vector<ExpressionPtr> parts;
};
struct Conditional {
    ExpressionPtr test;
    ExpressionPtr chosen;
    ExpressionPtr otherwise; ///< may be null
};

struct Expression {
    int line = 0;
    int height = 0; ///< of the tree below
    std::variant<Literal, NameRef, Sequence, DictDisplay, AttributeOf, ItemOf, SliceOf, Call, FilterOf, TestOf, Unary, Binary, Logical,
        Comparison, Concatenation, Conditional>
        node;
};

struct Statement;
using Block = std::vector<Statement>;

/// What is assigned to: a name, an attribute of a namespace, or several of them.
struct Target {
    std::string name;
    std::string attribute; ///< empty: the name itself
    std::vector<Target> parts; ///< not empty: a tuple to unpack into
    bool isTuple = false;
};

struct Data {
    std::string text;
};
struct Print {
    ExpressionPtr value;
};
struct If {
    std::vector<std::pair<ExpressionPtr, Block>> branches;
    Block otherwise;
};
struct For {
    Target target;
    ExpressionPtr items;
    ExpressionPtr condition; ///< may be null
    Block body;
    Block otherwise;
};
struct Set {
    Target target;
    ExpressionPtr value;
};
struct SetBlock {
    Target target;
    ExpressionPtr filter; ///< may be null
    Block body;
};
struct Signature {
    std::vector<std::string> names;
    std::vector<ExpressionPtr> defaults; ///< of the last names
};
struct MacroDefinition {
    std::string name;
    Signature signature;
    Block body;
};
struct CallBlock {
    Signature signature;
    ExpressionPtr call; ///< a Call
    Block body;
};
struct FilterBlock {
    ExpressionPtr filter;
    Block body;
};
/// `with`, and with no assignments `generation`: a scope of its own.
struct With {
    std::vector<std::pair<Target, ExpressionPtr>> assignments;
    Block body;
};
struct LoopExit {
    bool isBreak = false;
};

struct Statement {
    int line = 0;
    std::variant<Data, Print, If, For, Set, SetBlock, MacroDefinition, CallBlock, FilterBlock, With, LoopExit> node;
};

/// A parsed template and the texts of its literals.
struct Syntax {
    Block body;
    std::vector<std::unique_ptr<Object>> literals;
};

} // namespace precedent::text::jinja
