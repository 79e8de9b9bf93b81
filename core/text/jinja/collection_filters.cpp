#include <algorithm>
#include <unordered_map>

#include "core/text/jinja/arguments.h"
#include "core/text/jinja/attributes.h"
#include "core/text/jinja/filters.h"
#include "core/text/jinja/letter_case.h"

namespace precedent::text::jinja {
namespace {

/// An attribute by its path: "function.name", "0.text", or a whole number; none leaves the value as it is.
class Getter {
public:
    Getter(Runtime& runtime, const Value* path, bool ignoreCase, std::optional<Value> fallback = std::nullopt)
        : m_runtime(runtime)
        , m_ignoreCase(ignoreCase)
        , m_fallback(fallback)
    {
        if (path == nullptr || isNone(*path))
            return;
        const Text* text = as<Text>(*path);
        if (text == nullptr) {
            m_parts.push_back(*path);
            return;
        }
        for (const std::string_view part : split(runtime, text->bytes, ".", -1, false)) {
            const bool isIndex = isAllOf(part, CharacterClass::digit);
            const std::optional<std::int64_t> index = isIndex ? parseInteger(runtime, part) : std::nullopt;
            m_parts.push_back(index ? Value(*index) : runtime.text(std::string(part)));
        }
    }

    Value operator()(const Value& item) const
    {
        Value found = item;
        for (const Value& part : m_parts) {
            found = itemOf(m_runtime, found, part);
            if (m_fallback && isUndefined(found))
                found = *m_fallback;
        }
        const Text* text = as<Text>(found);
        return m_ignoreCase && text != nullptr ? m_runtime.text(lowerCase(text->bytes)) : found;
    }

private:
    Runtime& m_runtime;
    bool m_ignoreCase;
    std::optional<Value> m_fallback;
    std::vector<Value> m_parts;
};

Value lengthOf(Runtime& runtime, const Value& input, const Arguments&) { return length(runtime, input); }

Value defaultOr(Runtime& runtime, const Value& input, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "default", {"default_value", "boolean"}, 0);
    if (isUndefined(input) || (arguments.flagOr(1, false) && !truth(input)))
        return arguments.has(0) ? *arguments.at(0) : runtime.text({});
    return input;
}

Value first(Runtime& runtime, const Value& input, const Arguments&)
{
    const std::vector<Value> items = elements(runtime, input);
    return items.empty() ? runtime.undefined("there is no first item: the sequence is empty") : items.front();
}

Value last(Runtime& runtime, const Value& input, const Arguments&)
{
    if (std::holds_alternative<Iterator*>(input))
        runtime.fail("the filter \"last\" takes no " + typeName(input) + "; \"list\" before it makes it a list");
    const std::vector<Value> items = elements(runtime, input);
    return items.empty() ? runtime.undefined("there is no last item: the sequence is empty") : items.back();
}

Value join(Runtime& runtime, const Value& input, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "join", {"d", "attribute"}, 0);
    const Getter getter(runtime, arguments.at(1), false);
    const std::string separator = arguments.has(0) ? str(runtime, *arguments.at(0)) : "";
    TextBuilder out(runtime);
    bool isFirst = true;
    for (const Value& item : elements(runtime, input)) {
        out.add(isFirst ? "" : separator);
        addStr(out, runtime, getter(item));
        isFirst = false;
    }
    return out.finish();
}

Value listOf(Runtime& runtime, const Value& input, const Arguments&) { return runtime.list(elements(runtime, input)); }

Value items(Runtime& runtime, const Value& input, const Arguments&)
{
    const Dict* dict = as<Dict>(input);
    if (dict == nullptr && !isUndefined(input))
        runtime.fail("the filter \"items\" takes a dict, and is given " + typeName(input));
    std::vector<Value> pairs;
    for (std::size_t i = 0; dict != nullptr && i < dict->entries.size(); ++i)
        pairs.push_back(runtime.tuple({dict->entries[i].first, dict->entries[i].second}));
    return runtime.iterator(std::move(pairs));
}

/// Sorted by key, stably; the other way round equal ones keep their order too.
std::vector<Value> sorted(Runtime& runtime, const std::vector<Value>& values, const std::vector<Value>& keys, bool reverse)
{
    std::vector<std::size_t> order(values.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return reverse ? ordered(runtime, keys[b], keys[a]) < 0 : ordered(runtime, keys[a], keys[b]) < 0;
    });
    std::vector<Value> result;
    for (const std::size_t i : order)
        result.push_back(values[i]);
    return result;
}

Value dictSort(Runtime& runtime, const Value& input, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "dictsort", {"case_sensitive", "by", "reverse"}, 0);
    const Dict* dict = as<Dict>(input);
    if (const auto* undefined = std::get_if<Undefined>(&input))
        failUndefined(runtime, *undefined);
    if (dict == nullptr)
        runtime.fail("the filter \"dictsort\" takes a dict, and is given " + typeName(input));
    const std::string by = arguments.has(1) ? arguments.text(1).bytes : "key";
    if (by != "key" && by != "value")
        runtime.fail("the filter \"dictsort\" sorts by \"key\" or \"value\", not by \"" + by + "\"");
    const Getter getter(runtime, nullptr, !arguments.flagOr(0, false));
    std::vector<Value> pairs;
    std::vector<Value> keys;
    for (const auto& [key, value] : dict->entries) {
        pairs.push_back(runtime.tuple({key, value}));
        keys.push_back(getter(by == "key" ? key : value));
    }
    return runtime.list(sorted(runtime, pairs, keys, arguments.flagOr(2, false)));
}

Value sort(Runtime& runtime, const Value& input, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "sort", {"reverse", "case_sensitive", "attribute"}, 0);
    const bool ignoreCase = !arguments.flagOr(1, false);
    std::vector<Getter> getters;
    const Text* paths = arguments.hasValue(2) ? as<Text>(*arguments.at(2)) : nullptr;
    if (paths != nullptr) {
        for (const std::string_view path : split(runtime, paths->bytes, ",", -1, false)) {
            const Value part = runtime.text(std::string(path));
            getters.emplace_back(runtime, &part, ignoreCase);
        }
    } else {
        getters.emplace_back(runtime, arguments.at(2), ignoreCase);
    }
    const std::vector<Value> values = elements(runtime, input);
    std::vector<Value> keys;
    for (const Value& value : values) {
        std::vector<Value> key;
        for (const Getter& getter : getters)
            key.push_back(getter(value));
        keys.push_back(runtime.list(std::move(key)));
    }
    return runtime.list(sorted(runtime, values, keys, arguments.flagOr(0, false)));
}

Value unique(Runtime& runtime, const Value& input, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "unique", {"case_sensitive", "attribute"}, 0);
    const Getter getter(runtime, arguments.at(1), !arguments.flagOr(0, false));
    std::vector<Value> seen;
    std::vector<Value> kept;
    for (const Value& item : elements(runtime, input)) {
        const Value key = getter(item);
        if (std::any_of(seen.begin(), seen.end(), [&](const Value& other) { return equal(runtime, key, other); }))
            continue;
        seen.push_back(key);
        kept.push_back(item);
    }
    return runtime.iterator(std::move(kept));
}

Value reverse(Runtime& runtime, const Value& input, const Arguments&)
{
    if (const Text* text = as<Text>(input))
        return slicedText(runtime, *text, {std::nullopt, std::nullopt, -1});
    std::vector<Value> values = elements(runtime, input);
    std::reverse(values.begin(), values.end());
    if (std::holds_alternative<Iterator*>(input))
        return runtime.list(std::move(values));
    return runtime.iterator(std::move(values), "list_reverseiterator");
}

Value sum(Runtime& runtime, const Value& input, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "sum", {"attribute", "start"}, 0);
    const Getter getter(runtime, arguments.at(0), false);
    Value total = arguments.has(1) ? *arguments.at(1) : Value(std::int64_t{0});
    for (const Value& item : elements(runtime, input))
        total = arithmetic(runtime, "+", total, getter(item));
    return total;
}

template <bool greatest>
Value extreme(Runtime& runtime, const Value& input, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, greatest ? "max" : "min", {"case_sensitive", "attribute"}, 0);
    const Getter getter(runtime, arguments.at(1), !arguments.flagOr(0, false));
    const std::vector<Value> values = elements(runtime, input);
    if (values.empty())
        return runtime.undefined("there is no item to choose from: the sequence is empty");
    Value best = values.front();
    Value bestKey = getter(best);
    for (const Value& value : values) {
        const Value key = getter(value);
        if (greatest ? ordered(runtime, bestKey, key) < 0 : ordered(runtime, key, bestKey) < 0) {
            best = value;
            bestKey = key;
        }
    }
    return best;
}

Value map(Runtime& runtime, const Value& input, const Arguments& given)
{
    std::vector<Value> mapped;
    if (!truth(input))
        return runtime.iterator({});
    if (given.positional.empty()) {
        const BoundArguments arguments(runtime, given, "map", {"attribute", "default"}, 1);
        const Getter getter(runtime, arguments.at(0), false, arguments.hasValue(1) ? std::optional<Value>(*arguments.at(1)) : std::nullopt);
        for (const Value& item : elements(runtime, input))
            mapped.push_back(getter(item));
        return runtime.iterator(std::move(mapped));
    }
    const Text* name = as<Text>(given.positional.front());
    if (name == nullptr)
        runtime.fail("the filter \"map\" takes the name of a filter first, and is given " + typeName(given.positional.front()));
    const Filter filter = filterNamed(runtime, name->bytes);
    Arguments rest = given;
    rest.positional.erase(rest.positional.begin());
    for (const Value& item : elements(runtime, input)) {
        runtime.spend();
        const Runtime::Level level(runtime);
        mapped.push_back(filter(runtime, item, rest));
    }
    return runtime.iterator(std::move(mapped));
}

/// select, reject, selectattr and rejectattr: what a test, or without one its truth, says of an item or its attribute.
template <bool wanted, bool ofAttribute>
Value choose(Runtime& runtime, const Value& input, const Arguments& given)
{
    Arguments rest = given;
    std::optional<Value> path;
    if (ofAttribute) {
        if (rest.positional.empty())
            runtime.fail("the name of an attribute is missing");
        path = rest.positional.front();
        rest.positional.erase(rest.positional.begin());
    }
    Test test = nullptr;
    if (!rest.positional.empty()) {
        test = testNamed(runtime, str(runtime, rest.positional.front()));
        rest.positional.erase(rest.positional.begin());
    }
    std::vector<Value> chosen;
    if (!truth(input))
        return runtime.iterator({});
    const Getter getter(runtime, path ? &*path : nullptr, false);
    for (const Value& item : elements(runtime, input)) {
        runtime.spend();
        const Value value = getter(item);
        if ((test != nullptr ? test(runtime, value, rest) : truth(value)) == wanted)
            chosen.push_back(item);
    }
    return runtime.iterator(std::move(chosen));
}

Value batch(Runtime& runtime, const Value& input, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "batch", {"linecount", "fill_with"}, 1);
    const auto size = static_cast<std::size_t>(std::max<std::int64_t>(arguments.integer(0), 1));
    std::vector<Value> batches;
    std::vector<Value> current;
    for (const Value& item : elements(runtime, input)) {
        if (current.size() == size)
            batches.push_back(runtime.list(std::exchange(current, {})));
        current.push_back(item);
    }
    if (!current.empty()) {
        if (arguments.hasValue(1)) {
            runtime.take((size - current.size()) * sizeof(Value));
            current.resize(size, *arguments.at(1));
        }
        batches.push_back(runtime.list(std::move(current)));
    }
    return runtime.iterator(std::move(batches));
}

Value attr(Runtime& runtime, const Value& input, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "attr", {"name"}, 1);
    if (as<Dict>(input) == nullptr)
        return attributeOf(runtime, input, arguments.text(0).bytes);
    // Of a dict its methods, never its entries.
    const Dict none({});
    const Value method = attributeOf(runtime, &none, arguments.text(0).bytes);
    return isUndefined(method) ? method : attributeOf(runtime, input, arguments.text(0).bytes);
}

} // namespace

Filter collectionFilter(std::string_view name)
{
    static const std::unordered_map<std::string_view, Filter> kFilters = {{"length", lengthOf}, {"count", lengthOf}, {"default", defaultOr},
        {"d", defaultOr}, {"first", first}, {"last", last}, {"join", join}, {"list", listOf}, {"items", items}, {"dictsort", dictSort},
        {"sort", sort}, {"unique", unique}, {"reverse", reverse}, {"sum", sum}, {"min", extreme<false>}, {"max", extreme<true>},
        {"map", map}, {"select", choose<true, false>}, {"reject", choose<false, false>}, {"selectattr", choose<true, true>},
        {"rejectattr", choose<false, true>}, {"batch", batch}, {"attr", attr}};
    const auto found = kFilters.find(name);
    return found == kFilters.end() ? nullptr : found->second;
}

} // namespace precedent::text::jinja
