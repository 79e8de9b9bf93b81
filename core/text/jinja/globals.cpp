#include <array>
#include <clocale>
#include <ctime>

#include "core/text/jinja/arguments.h"
#include "core/text/jinja/attributes.h"
#include "core/text/jinja/filters.h"

namespace precedent::text::jinja {
namespace {

constexpr std::int64_t kLongestRange = 100'000; // jinja2's sandbox has the same bound

Value range(Runtime& runtime, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "range", {"start", "stop", "step"}, 1);
    const bool onlyStop = !arguments.has(1);
    const std::int64_t start = onlyStop ? 0 : arguments.integer(0);
    const std::int64_t stop = arguments.integer(onlyStop ? 0 : 1);
    const std::int64_t step = arguments.has(2) ? arguments.integer(2) : 1;
    if (step == 0)
        runtime.fail("a range has a step of zero");
    const bool any = step > 0 ? start < stop : start > stop;
    const std::uint64_t span = step > 0 ? static_cast<std::uint64_t>(stop) - static_cast<std::uint64_t>(start)
                                        : static_cast<std::uint64_t>(start) - static_cast<std::uint64_t>(stop);
    const std::uint64_t stride = step > 0 ? static_cast<std::uint64_t>(step) : 0 - static_cast<std::uint64_t>(step);
    const std::uint64_t count = any ? (span - 1) / stride + 1 : 0;
    if (count > static_cast<std::uint64_t>(kLongestRange))
        runtime.fail("a range holds more than " + std::to_string(kLongestRange) + " numbers", ErrorCode::failedPrecondition);
    return static_cast<const Range*>(runtime.make<Range>(start, stop, step, static_cast<std::int64_t>(count)));
}

/// The entries that dict() and namespace() make of a dict or of pairs, and of arguments with names.
std::vector<std::pair<Value, Value>> entriesOf(Runtime& runtime, const Arguments& given)
{
    std::vector<std::pair<Value, Value>> entries;
    if (given.positional.size() > 1)
        runtime.fail("a dict is made of one dict or one list of pairs, and " + std::to_string(given.positional.size()) + " are given");
    if (!given.positional.empty()) {
        const Dict* dict = as<Dict>(given.positional.front());
        if (dict != nullptr) {
            entries = dict->entries;
        } else {
            for (const Value& pair : elements(runtime, given.positional.front())) {
                const std::vector<Value> parts = elements(runtime, pair);
                if (parts.size() != 2)
                    runtime.fail("a dict is made of pairs, and " + std::to_string(parts.size()) + " values stand together");
                entries.emplace_back(parts[0], parts[1]);
            }
        }
    }
    for (const auto& [name, value] : given.named)
        entries.emplace_back(runtime.text(name), value);
    // The last of equal keys holds, in the place of the first.
    std::vector<std::pair<Value, Value>> unique;
    for (const auto& entry : entries) {
        runtime.spend(1 + unique.size() / 8);
        bool known = false;
        for (auto& other : unique) {
            if (!known && equal(runtime, other.first, entry.first)) {
                other.second = entry.second;
                known = true;
            }
        }
        if (!known)
            unique.push_back(entry);
    }
    return unique;
}

Value makeDict(Runtime& runtime, const Arguments& given) { return runtime.dict(entriesOf(runtime, given)); }

Value makeNamespace(Runtime& runtime, const Arguments& given)
{
    auto* space = runtime.make<Namespace>();
    for (const auto& [key, value] : entriesOf(runtime, given)) {
        const Text* name = as<Text>(key);
        if (name == nullptr || name->bytes.starts_with('_'))
            runtime.fail("an attribute of a namespace is a text that does not begin with _");
        assign(runtime, *space, name->bytes, value);
    }
    return space;
}

Value raiseException(Runtime& runtime, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "raise_exception", {"message"}, 1);
    throw Fault{ErrorCode::invalidArgument, runtime.line(), str(runtime, *arguments.at(0)), true};
}

/// In the C locale, whatever the program's is: names of months are part of what models were trained on.
std::string formatted(const std::tm& time, const std::string& format)
{
    static const locale_t kPlain = newlocale(LC_ALL_MASK, "C", nullptr);
    std::array<char, 4096> buffer{};
    return {buffer.data(), strftime_l(buffer.data(), buffer.size(), format.c_str(), &time, kPlain)};
}

Value strftimeNow(Runtime& runtime, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "strftime_now", {"format"}, 1);
    std::tm time{};
    if (runtime.clock()) {
        time = *runtime.clock();
    } else {
        const std::time_t now = std::time(nullptr);
        localtime_r(&now, &time);
    }
    return runtime.text(formatted(time, arguments.text(0).bytes));
}

Value joiner(Runtime& runtime, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "joiner", {"sep"}, 0);
    const Value separator = arguments.has(0) ? *arguments.at(0) : runtime.text(", ");
    auto* state = runtime.make<Namespace>();
    return runtime.function("joiner", [separator, state](Runtime& r, const Arguments&) -> Value {
        const bool used = find(*state, "used") != nullptr;
        assign(r, *state, "used", true);
        return used ? separator : r.text({});
    });
}

Value cycler(Runtime& runtime, const Arguments& given)
{
    if (given.positional.empty())
        runtime.fail("cycler is given nothing to choose from");
    auto* space = runtime.make<Namespace>();
    auto* at = runtime.make<Loop>(given.positional);
    assign(runtime, *space, "current", at->items.front());
    const auto moveTo = [space, at](Runtime& r, std::size_t index) {
        const Value previous = at->items[at->index0];
        at->index0 = index % at->items.size();
        assign(r, *space, "current", at->items[at->index0]);
        return previous;
    };
    assign(runtime, *space, "next",
        runtime.function("cycler.next", [moveTo, at](Runtime& r, const Arguments&) { return moveTo(r, at->index0 + 1); }));
    assign(runtime, *space, "reset", runtime.function("cycler.reset", [moveTo](Runtime& r, const Arguments&) -> Value {
        (void)moveTo(r, 0);
        return None{};
    }));
    return space;
}

} // namespace

Value globalNamed(Runtime& runtime, std::string_view name)
{
    using Global = Value (*)(Runtime&, const Arguments&);
    static constexpr std::array<std::pair<std::string_view, Global>, 7> kGlobals = {
        {{"range", range}, {"dict", makeDict}, {"namespace", makeNamespace}, {"raise_exception", raiseException},
            {"strftime_now", strftimeNow}, {"joiner", joiner}, {"cycler", cycler}}};
    for (const auto& [known, function] : kGlobals) {
        if (known == name)
            return runtime.function(std::string(name), function);
    }
    return runtime.undefined("'" + std::string(name) + "' is undefined");
}

} // namespace precedent::text::jinja
