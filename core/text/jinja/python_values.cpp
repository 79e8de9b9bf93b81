#include "core/text/jinja/python_values.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/text/jinja/python_text.h"

namespace precedent::text::jinja {
namespace {

/// -1, 0 or 1 of two numbers; an int and a float compare as Python has it, without rounding the int.
int orderOf(const Value& left, const Value& right, bool& unordered)
{
    const std::optional<std::int64_t> a = integerOf(left);
    const std::optional<std::int64_t> b = integerOf(right);
    if (a && b)
        return *a < *b ? -1 : *a > *b ? 1 : 0;
    const auto x = static_cast<long double>(a ? static_cast<long double>(*a) : static_cast<long double>(*realOf(left)));
    const auto y = static_cast<long double>(b ? static_cast<long double>(*b) : static_cast<long double>(*realOf(right)));
    unordered = std::isnan(x) || std::isnan(y);
    return x < y ? -1 : x > y ? 1 : 0;
}

const std::vector<Value>* itemsOf(const Value& value)
{
    if (const List* list = as<List>(value))
        return &list->items;
    if (const Tuple* tuple = as<Tuple>(value))
        return &tuple->items;
    return nullptr;
}

bool equalItems(Runtime& runtime, const std::vector<Value>& left, const std::vector<Value>& right)
{
    if (left.size() != right.size())
        return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
        if (!equal(runtime, left[i], right[i]))
            return false;
    }
    return true;
}

bool equalDicts(Runtime& runtime, const Dict& left, const Dict& right)
{
    if (left.entries.size() != right.entries.size())
        return false;
    return std::all_of(left.entries.begin(), left.entries.end(), [&](const auto& entry) {
        const Value* other = find(runtime, right, entry.first);
        return other != nullptr && equal(runtime, entry.second, *other);
    });
}

[[noreturn]] void failOrder(Runtime& runtime, const Value& left, const Value& right, std::string_view op)
{
    for (const Value* value : {&left, &right}) {
        if (const auto* undefined = std::get_if<Undefined>(value))
            failUndefined(runtime, *undefined);
    }
    runtime.fail("\"" + std::string(op) + "\" does not compare " + typeName(left) + " with " + typeName(right));
}

} // namespace

bool truth(const Value& value)
{
    if (const auto* flag = std::get_if<bool>(&value))
        return *flag;
    if (const auto* integer = std::get_if<std::int64_t>(&value))
        return *integer != 0;
    if (const auto* real = std::get_if<double>(&value))
        return *real != 0;
    if (isUndefined(value) || isNone(value))
        return false;
    if (const Text* text = as<Text>(value))
        return !text->bytes.empty();
    if (std::holds_alternative<Iterator*>(value))
        return true;
    const std::optional<std::int64_t> size = lengthIfAny(value);
    return !size || *size > 0;
}

bool equal(Runtime& runtime, const Value& left, const Value& right)
{
    runtime.spend();
    if (realOf(left) && realOf(right)) {
        bool unordered = false;
        return orderOf(left, right, unordered) == 0 && !unordered;
    }
    if (left.index() != right.index())
        return false;
    if (isUndefined(left) || isNone(left))
        return true;
    if (const Text* text = as<Text>(left)) {
        runtime.spendBytes(text->bytes.size());
        return text->bytes == as<Text>(right)->bytes;
    }
    const Runtime::Level level(runtime);
    if (const std::vector<Value>* items = itemsOf(left))
        return equalItems(runtime, *items, *itemsOf(right));
    if (const Dict* dict = as<Dict>(left))
        return equalDicts(runtime, *dict, *as<Dict>(right));
    if (as<Range>(left) != nullptr)
        return equalItems(runtime, elements(runtime, left), elements(runtime, right));
    return left == right;
}

int ordered(Runtime& runtime, const Value& left, const Value& right, std::string_view op)
{
    runtime.spend();
    if (realOf(left) && realOf(right)) {
        bool unordered = false;
        return orderOf(left, right, unordered);
    }
    if (left.index() != right.index())
        failOrder(runtime, left, right, op);
    if (const Text* text = as<Text>(left)) {
        runtime.spendBytes(text->bytes.size());
        return text->bytes.compare(as<Text>(right)->bytes); // UTF-8 sorts as its code points do
    }
    const std::vector<Value>* a = itemsOf(left);
    if (a == nullptr)
        failOrder(runtime, left, right, op);
    const std::vector<Value>& b = *itemsOf(right);
    const Runtime::Level level(runtime);
    for (std::size_t i = 0; i < a->size() && i < b.size(); ++i) {
        if (!equal(runtime, (*a)[i], b[i]))
            return ordered(runtime, (*a)[i], b[i], op);
    }
    return a->size() < b.size() ? -1 : a->size() > b.size() ? 1 : 0;
}

bool compare(Runtime& runtime, std::string_view op, const Value& left, const Value& right)
{
    if (op == "==" || op == "!=")
        return equal(runtime, left, right) == (op == "==");
    if (op == "in" || op == "not in")
        return contains(runtime, right, left) == (op == "in");
    if (realOf(left) && realOf(right)) {
        bool unordered = false;
        (void)orderOf(left, right, unordered);
        if (unordered)
            return false;
    }
    const int order = ordered(runtime, left, right, op);
    if (op == "<")
        return order < 0;
    if (op == "<=")
        return order <= 0;
    return op == ">" ? order > 0 : order >= 0;
}

bool contains(Runtime& runtime, const Value& container, const Value& item)
{
    if (const Text* text = as<Text>(container)) {
        const Text* part = as<Text>(item);
        if (part == nullptr)
            runtime.fail("\"in\" looks for a text in a text, and what stands before it is of type " + typeName(item));
        return findBytes(runtime, text->bytes, part->bytes, 0) != std::string::npos;
    }
    if (const Dict* dict = as<Dict>(container))
        return find(runtime, *dict, item) != nullptr;
    const std::vector<Value>* items = itemsOf(container);
    std::vector<Value> made;
    if (items == nullptr) {
        made = elements(runtime, container);
        items = &made;
    }
    return std::any_of(items->begin(), items->end(), [&](const Value& value) { return equal(runtime, value, item); });
}

std::optional<std::int64_t> lengthIfAny(const Value& value)
{
    const auto count = [](std::size_t n) { return static_cast<std::int64_t>(n); };
    if (isUndefined(value))
        return 0;
    if (const Text* text = as<Text>(value))
        return count(characters(*text));
    if (const std::vector<Value>* items = itemsOf(value))
        return count(items->size());
    if (const Dict* dict = as<Dict>(value))
        return count(dict->entries.size());
    if (const View* view = as<View>(value))
        return count(view->dict.entries.size());
    if (const Range* range = as<Range>(value))
        return range->length;
    if (const auto* loop = std::get_if<Loop*>(&value))
        return count((*loop)->items.size());
    return std::nullopt;
}

std::int64_t length(Runtime& runtime, const Value& value)
{
    if (const Text* text = as<Text>(value))
        runtime.spendBytes(text->ascii ? 0 : text->bytes.size());
    const std::optional<std::int64_t> size = lengthIfAny(value);
    if (!size)
        runtime.fail("a value of type " + typeName(value) + " has no length");
    return *size;
}

bool isIterable(const Value& value)
{
    return isUndefined(value) || std::holds_alternative<Iterator*>(value) || lengthIfAny(value).has_value();
}

std::vector<Value> elements(Runtime& runtime, const Value& value)
{
    std::vector<Value> made;
    if (const std::vector<Value>* items = itemsOf(value)) {
        made = *items;
    } else if (const Text* text = as<Text>(value)) {
        runtime.take(text->bytes.size() * sizeof(Value));
        forEachCharacter(text->bytes, [&](std::string_view character) { made.push_back(runtime.text(std::string(character))); });
    } else if (const Dict* dict = as<Dict>(value)) {
        for (const auto& entry : dict->entries)
            made.push_back(entry.first);
    } else if (const View* view = as<View>(value)) {
        for (const auto& [key, item] : view->dict.entries)
            made.push_back(view->of == View::Of::keys ? key : view->of == View::Of::values ? item : runtime.tuple({key, item}));
    } else if (const Range* range = as<Range>(value)) {
        for (std::int64_t i = 0; i < range->length; ++i)
            made.emplace_back(range->start + i * range->step);
    } else if (const auto* iterator = std::get_if<Iterator*>(&value)) {
        made.assign((*iterator)->items.begin() + static_cast<std::ptrdiff_t>((*iterator)->next), (*iterator)->items.end());
        (*iterator)->next = (*iterator)->items.size();
    } else if (!isUndefined(value)) {
        runtime.fail("a value of type " + typeName(value) + " cannot be iterated over");
    }
    runtime.spend(1 + made.size() / 8);
    return made;
}

const Value* find(Runtime& runtime, const Dict& dict, const Value& key)
{
    const Text* text = as<Text>(key);
    if (std::holds_alternative<const List*>(key) || std::holds_alternative<const Dict*>(key))
        runtime.fail("a value of type " + typeName(key) + " cannot be the key of a dict");
    runtime.spend(1 + dict.entries.size() / 8);
    for (const auto& [name, value] : dict.entries) {
        const Text* other = as<Text>(name);
        if (text != nullptr && other != nullptr ? text->bytes == other->bytes : equal(runtime, name, key))
            return &value;
    }
    return nullptr;
}

const Value* find(const Namespace& space, std::string_view name)
{
    const auto found = std::find_if(space.attributes.begin(), space.attributes.end(), [&](const auto& a) { return a.first == name; });
    return found == space.attributes.end() ? nullptr : &found->second;
}

void assign(Runtime& runtime, Namespace& space, const std::string& name, const Value& value)
{
    runtime.spend(1 + space.attributes.size() / 8);
    const auto found = std::find_if(space.attributes.begin(), space.attributes.end(), [&](const auto& a) { return a.first == name; });
    if (found != space.attributes.end()) {
        found->second = value;
        return;
    }
    runtime.take(sizeof(Value) + sizeof(std::string) + name.size());
    space.attributes.emplace_back(name, value);
}

std::optional<std::int64_t> integerOf(const Value& value)
{
    if (const auto* flag = std::get_if<bool>(&value))
        return *flag ? 1 : 0;
    if (const auto* integer = std::get_if<std::int64_t>(&value))
        return *integer;
    return std::nullopt;
}

std::optional<double> realOf(const Value& value)
{
    if (const auto* real = std::get_if<double>(&value))
        return *real;
    if (const std::optional<std::int64_t> integer = integerOf(value))
        return static_cast<double>(*integer);
    return std::nullopt;
}

void failOverflow(Runtime& runtime) { runtime.fail("a whole number is larger than 64 bits hold", ErrorCode::unsupported); }

void failUndefined(Runtime& runtime, const Undefined& undefined)
{
    runtime.fail(undefined.reason == nullptr ? std::string("an undefined value is used") : *undefined.reason);
}

} // namespace precedent::text::jinja
