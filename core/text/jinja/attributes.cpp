#include "core/text/jinja/attributes.h"

#include <algorithm>
#include <array>

#include "core/text/jinja/arguments.h"
#include "core/text/jinja/python_values.h"

namespace precedent::text::jinja {
namespace {

template <std::size_t N>
bool isAmong(const std::array<std::string_view, N>& names, std::string_view name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string describedType(const Value& object) { return isNone(object) ? "None" : typeName(object) + " object"; }

Value notSafe(Runtime& runtime, const Value& object, const std::string& name)
{
    return runtime.undefined("the method \"" + name + "\" would change a " + typeName(object) + ", which a template may not");
}

std::optional<Value> dictMethod(Runtime& runtime, const Dict& dict, const std::string& name)
{
    static constexpr std::array<std::string_view, 5> kChanging = {"clear", "pop", "popitem", "setdefault", "update"};
    const Dict* self = &dict;
    if (name == "get") {
        return runtime.function("dict.get", [self](Runtime& r, const Arguments& given) -> Value {
            const BoundArguments arguments(r, given, "dict.get", {"key", "default"}, 1);
            const Value* found = find(r, *self, *arguments.at(0));
            return found != nullptr ? *found : arguments.has(1) ? *arguments.at(1) : Value(None{});
        });
    }
    if (name == "items" || name == "keys" || name == "values") {
        const View::Of of = name == "items" ? View::Of::items : name == "keys" ? View::Of::keys : View::Of::values;
        return runtime.function("dict." + name, [self, of](Runtime& r, const Arguments& given) -> Value {
            const BoundArguments arguments(r, given, "a view of a dict", {}, 0);
            return static_cast<const View*>(r.make<View>(*self, of));
        });
    }
    if (name == "copy")
        return runtime.function("dict.copy", [self](Runtime&, const Arguments&) -> Value { return self; });
    if (isAmong(kChanging, name))
        return notSafe(runtime, self, name);
    return std::nullopt;
}

std::optional<Value> itemsMethod(Runtime& runtime, const Value& object, const std::vector<Value>& items, const std::string& name)
{
    static constexpr std::array<std::string_view, 8> kChanging = {
        "append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"};
    const std::vector<Value>* self = &items;
    if (name == "count") {
        return runtime.function("count", [self](Runtime& r, const Arguments& given) -> Value {
            const BoundArguments arguments(r, given, "count", {"value"}, 1);
            return static_cast<std::int64_t>(
                std::count_if(self->begin(), self->end(), [&](const Value& item) { return equal(r, item, *arguments.at(0)); }));
        });
    }
    if (name == "index") {
        return runtime.function("index", [self](Runtime& r, const Arguments& given) -> Value {
            const BoundArguments arguments(r, given, "index", {"value"}, 1);
            const auto found =
                std::find_if(self->begin(), self->end(), [&](const Value& item) { return equal(r, item, *arguments.at(0)); });
            if (found == self->end())
                r.fail("\"index\" finds no such value");
            return static_cast<std::int64_t>(found - self->begin());
        });
    }
    if (as<List>(object) == nullptr)
        return std::nullopt;
    if (name == "copy")
        return runtime.function("copy", [object](Runtime&, const Arguments&) -> Value { return object; });
    return isAmong(kChanging, name) ? std::optional<Value>(notSafe(runtime, object, name)) : std::nullopt;
}

Value loopCycle(Runtime& runtime, const Loop& loop, const Arguments& given)
{
    if (given.positional.empty())
        runtime.fail("loop.cycle is given nothing to choose from");
    return given.positional[loop.index0 % given.positional.size()];
}

bool loopChanged(Runtime& runtime, Loop& loop, const Arguments& given)
{
    const bool same = loop.everChanged && loop.lastChanged.size() == given.positional.size() &&
        std::equal(given.positional.begin(), given.positional.end(), loop.lastChanged.begin(),
            [&](const Value& a, const Value& b) { return equal(runtime, a, b); });
    loop.everChanged = true;
    loop.lastChanged = given.positional;
    return !same;
}

std::optional<Value> loopAttribute(Runtime& runtime, Loop& loop, const std::string& name)
{
    const auto size = static_cast<std::int64_t>(loop.items.size());
    const auto index0 = static_cast<std::int64_t>(loop.index0);
    Loop* self = &loop;
    if (name == "index" || name == "index0")
        return index0 + (name == "index" ? 1 : 0);
    if (name == "revindex" || name == "revindex0")
        return size - index0 - (name == "revindex" ? 0 : 1);
    if (name == "first")
        return index0 == 0;
    if (name == "last")
        return index0 + 1 == size;
    if (name == "length")
        return size;
    if (name == "depth" || name == "depth0")
        return std::int64_t{name == "depth" ? 1 : 0};
    if (name == "previtem")
        return index0 > 0 ? loop.items[loop.index0 - 1] : runtime.undefined("there is no previous item");
    if (name == "nextitem")
        return index0 + 1 < size ? loop.items[loop.index0 + 1] : runtime.undefined("there is no next item");
    if (name == "cycle")
        return runtime.function("loop.cycle", [self](Runtime& r, const Arguments& given) { return loopCycle(r, *self, given); });
    if (name == "changed")
        return runtime.function(
            "loop.changed", [self](Runtime& r, const Arguments& given) -> Value { return loopChanged(r, *self, given); });
    return std::nullopt;
}

/// Python's getattr().
std::optional<Value> ownAttribute(Runtime& runtime, const Value& object, const std::string& name)
{
    if (const Text* text = as<Text>(object)) {
        const TextMethod method = textMethod(name);
        if (method == nullptr)
            return std::nullopt;
        return runtime.function("str." + name, [text, method](Runtime& r, const Arguments& given) { return method(r, *text, given); });
    }
    if (const Dict* dict = as<Dict>(object))
        return dictMethod(runtime, *dict, name);
    if (const List* list = as<List>(object))
        return itemsMethod(runtime, object, list->items, name);
    if (const Tuple* tuple = as<Tuple>(object))
        return itemsMethod(runtime, object, tuple->items, name);
    if (const auto* loop = std::get_if<Loop*>(&object))
        return loopAttribute(runtime, **loop, name);
    if (const auto* space = std::get_if<Namespace*>(&object)) {
        const Value* found = find(**space, name);
        return found == nullptr ? std::nullopt : std::optional<Value>(*found);
    }
    return std::nullopt;
}

/// object[key] where there is such an entry.
std::optional<Value> entry(Runtime& runtime, const Value& object, const Value& key)
{
    if (const Dict* dict = as<Dict>(object)) {
        if (as<List>(key) != nullptr || as<Dict>(key) != nullptr)
            return std::nullopt;
        const Value* found = find(runtime, *dict, key);
        return found == nullptr ? std::nullopt : std::optional<Value>(*found);
    }
    const std::optional<std::int64_t> index = integerOf(key);
    if (!index)
        return std::nullopt;
    if (const Text* text = as<Text>(object))
        return characterAt(runtime, *text, *index);
    const auto within = [&](std::int64_t size) { return *index < size && *index >= -size; };
    if (const Range* range = as<Range>(object))
        return within(range->length) ? std::optional<Value>(range->start + (*index < 0 ? *index + range->length : *index) * range->step)
                                     : std::nullopt;
    const List* list = as<List>(object);
    const Tuple* tuple = as<Tuple>(object);
    if (list == nullptr && tuple == nullptr)
        return std::nullopt;
    const std::vector<Value>& items = list != nullptr ? list->items : tuple->items;
    const auto size = static_cast<std::int64_t>(items.size());
    return within(size) ? std::optional<Value>(items[static_cast<std::size_t>(*index < 0 ? *index + size : *index)]) : std::nullopt;
}

} // namespace

Value attributeOf(Runtime& runtime, const Value& object, const std::string& name)
{
    runtime.spend();
    if (const auto* undefined = std::get_if<Undefined>(&object))
        failUndefined(runtime, *undefined);
    if (std::optional<Value> own = ownAttribute(runtime, object, name))
        return *own;
    if (as<Dict>(object) != nullptr) {
        const Text key(name);
        if (std::optional<Value> found = entry(runtime, object, &key))
            return *found;
    }
    return runtime.undefined("'" + describedType(object) + "' has no attribute '" + name + "'");
}

Value itemOf(Runtime& runtime, const Value& object, const Value& key)
{
    runtime.spend();
    if (const auto* undefined = std::get_if<Undefined>(&object))
        failUndefined(runtime, *undefined);
    if (std::optional<Value> found = entry(runtime, object, key))
        return *found;
    if (const Text* name = as<Text>(key)) {
        if (std::optional<Value> own = ownAttribute(runtime, object, name->bytes))
            return *own;
        return runtime.undefined("'" + describedType(object) + "' has no attribute '" + name->bytes + "'");
    }
    const std::optional<std::int64_t> index = integerOf(key);
    return runtime.undefined(describedType(object) + " has no element " + (index ? std::to_string(*index) : "of type " + typeName(key)));
}

Value sliceOf(Runtime& runtime, const Value& object, const SliceBounds& bounds)
{
    if (const Text* text = as<Text>(object))
        return slicedText(runtime, *text, bounds);
    const List* list = as<List>(object);
    const Tuple* tuple = as<Tuple>(object);
    if (const Range* range = as<Range>(object)) {
        const SliceIndices indices = slicedIndices(runtime, bounds, static_cast<std::size_t>(range->length));
        return static_cast<const Range*>(runtime.make<Range>(
            range->start + indices.from * range->step, range->start + indices.to * range->step, indices.step * range->step, indices.count));
    }
    if (list == nullptr && tuple == nullptr) {
        if (const auto* undefined = std::get_if<Undefined>(&object))
            failUndefined(runtime, *undefined);
        runtime.fail("a value of type " + typeName(object) + " cannot be sliced");
    }
    const std::vector<Value>& items = list != nullptr ? list->items : tuple->items;
    const SliceIndices indices = slicedIndices(runtime, bounds, items.size());
    std::vector<Value> picked;
    picked.reserve(static_cast<std::size_t>(indices.count));
    for (std::int64_t i = 0; i < indices.count; ++i)
        picked.push_back(items[static_cast<std::size_t>(indices.from + i * indices.step)]);
    return tuple != nullptr ? runtime.tuple(std::move(picked)) : runtime.list(std::move(picked));
}

Value call(Runtime& runtime, const Value& callee, const Arguments& arguments)
{
    runtime.spend();
    if (const Function* function = as<Function>(callee)) {
        const Runtime::Level level(runtime);
        return function->body(runtime, arguments);
    }
    if (const auto* undefined = std::get_if<Undefined>(&callee))
        failUndefined(runtime, *undefined);
    runtime.fail("a value of type " + typeName(callee) + " cannot be called");
}

} // namespace precedent::text::jinja
