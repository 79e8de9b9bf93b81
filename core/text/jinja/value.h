#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/text/unicode.h"

/// An interpreter of the part of Jinja that chat templates are written in. It renders what Python's jinja2 does as
/// Hugging Face transformers sets it up: sandboxed, trim_blocks, lstrip_blocks, loop controls, `generation` blocks.
/// Within this room what goes wrong in a template is thrown as a Fault; template.h turns it into an Error.
namespace precedent::text::jinja {

class Runtime;
struct Text;
struct List;
struct Tuple;
struct Dict;
struct Iterator;
struct View;
struct Range;
struct Namespace;
struct Loop;
struct Function;

/// A name or an entry that is not there. `reason` says so in a clause and belongs to the runtime.
struct Undefined {
    const std::string* reason = nullptr;
    bool operator==(const Undefined&) const { return true; }
};
struct None {
    bool operator==(const None&) const = default;
};

/// One of Python's values as a template sees it. What a pointer leads to belongs to the Runtime (or, for literals, to
/// the template) and lives as long: values are copied freely, and cycles through namespaces cost nothing.
using Value = std::variant<Undefined, None, bool, std::int64_t, double, const Text*, const List*, const Tuple*, const Dict*, Iterator*,
    const View*, const Range*, Namespace*, Loop*, const Function*>;

struct Object {
    Object() = default;
    virtual ~Object() = default;
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
};

/// Python's str: any bytes, read as UTF-8; a byte that begins no character counts as a character of its own.
struct Text final : Object {
    explicit Text(std::string text, bool safeText = false)
        : bytes(std::move(text))
        , ascii(isAscii(bytes))
        , safe(safeText)
    {
    }
    std::string bytes;
    bool ascii; ///< so that characters are bytes
    bool safe; ///< markupsafe's Markup, which `safe` and `escape` give: what is added to it gets escaped
};

struct List final : Object {
    explicit List(std::vector<Value> values)
        : items(std::move(values))
    {
    }
    std::vector<Value> items;
};

struct Tuple final : Object {
    explicit Tuple(std::vector<Value> values)
        : items(std::move(values))
    {
    }
    std::vector<Value> items;
};

/// In the order of insertion, no key twice.
struct Dict final : Object {
    explicit Dict(std::vector<std::pair<Value, Value>> pairs)
        : entries(std::move(pairs))
    {
    }
    std::vector<std::pair<Value, Value>> entries;
};

/// What Python gives lazily (map, select, reversed ...): walked once, always true, without a length.
struct Iterator final : Object {
    Iterator(std::vector<Value> values, std::string type)
        : items(std::move(values))
        , typeName(std::move(type))
    {
    }
    std::vector<Value> items;
    std::size_t next = 0;
    std::string typeName;
};

/// dict.keys(), .values() and .items().
struct View final : Object {
    enum class Of { keys, values, items };
    View(const Dict& viewed, Of what)
        : dict(viewed)
        , of(what)
    {
    }
    const Dict& dict;
    Of of;
};

struct Range final : Object {
    Range(std::int64_t first, std::int64_t end, std::int64_t by, std::int64_t count)
        : start(first)
        , stop(end)
        , step(by)
        , length(count)
    {
    }
    std::int64_t start;
    std::int64_t stop;
    std::int64_t step;
    std::int64_t length;
};

/// namespace(): the one thing whose attributes a template may set.
struct Namespace final : Object {
    std::vector<std::pair<std::string, Value>> attributes;
};

/// The variable `loop`.
struct Loop final : Object {
    explicit Loop(std::vector<Value> values)
        : items(std::move(values))
    {
    }
    std::vector<Value> items;
    std::size_t index0 = 0;
    std::vector<Value> lastChanged; ///< of loop.changed()
    bool everChanged = false;
};

struct Arguments {
    std::vector<Value> positional;
    std::vector<std::pair<std::string, Value>> named;
};

/// A function, a macro, or a method bound to its object.
struct Function final : Object {
    using Body = std::function<Value(Runtime&, const Arguments&)>;
    Function(std::string functionName, Body functionBody)
        : name(std::move(functionName))
        , body(std::move(functionBody))
    {
    }
    std::string name;
    Body body;
};

/// The value if it is a T (Text, List ...), else null.
template <typename T>
[[nodiscard]] const T* as(const Value& value)
{
    const auto* found = std::get_if<const T*>(&value);
    return found == nullptr ? nullptr : *found;
}

[[nodiscard]] inline bool isUndefined(const Value& value) { return std::holds_alternative<Undefined>(value); }
[[nodiscard]] inline bool isNone(const Value& value) { return std::holds_alternative<None>(value); }

/// Python's name of the type, as error messages give it ("str", "NoneType").
[[nodiscard]] std::string typeName(const Value& value);

} // namespace precedent::text::jinja
