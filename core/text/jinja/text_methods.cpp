#include <algorithm>
#include <unordered_map>

#include "core/text/jinja/arguments.h"
#include "core/text/jinja/attributes.h"
#include "core/text/jinja/letter_case.h"
#include "core/text/jinja/python_values.h"
#include "core/text/jinja/text_format.h"

namespace precedent::text::jinja {
namespace {

using Names = std::initializer_list<std::string_view>;

Value listOfParts(Runtime& runtime, const std::vector<std::string_view>& parts, bool safe)
{
    std::vector<Value> items;
    items.reserve(parts.size());
    for (const std::string_view part : parts)
        items.push_back(runtime.text(std::string(part), safe));
    return runtime.list(std::move(items));
}

template <Side side>
Value strip(Runtime& runtime, const Text& self, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "strip", {"chars"}, 0);
    const std::optional<std::string_view> set =
        arguments.hasValue(0) ? std::optional<std::string_view>(arguments.text(0).bytes) : std::nullopt;
    return runtime.text(std::string(stripped(runtime, self.bytes, set, side)), self.safe);
}

template <bool fromRight>
Value splitMethod(Runtime& runtime, const Text& self, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "split", {"sep", "maxsplit"}, 0);
    const std::optional<std::string_view> separator =
        arguments.hasValue(0) ? std::optional<std::string_view>(arguments.text(0).bytes) : std::nullopt;
    return listOfParts(runtime, split(runtime, self.bytes, separator, arguments.integerOr(1, -1), fromRight), self.safe);
}

Value splitlines(Runtime& runtime, const Text& self, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "splitlines", {"keepends"}, 0);
    runtime.spendBytes(self.bytes.size());
    return listOfParts(runtime, lines(self.bytes, arguments.flagOr(0, false)), self.safe);
}

/// The part of the text that start and end pick out of it, and its place in characters; none where it lies outside.
struct Window {
    std::string_view text;
    std::int64_t start = 0;
    bool outside = false;
};

Window windowOf(Runtime& runtime, const Text& self, const BoundArguments& arguments, std::size_t first)
{
    if (!arguments.hasValue(first) && !arguments.hasValue(first + 1))
        return {self.bytes, 0};
    runtime.spendBytes(self.bytes.size() * 8);
    const std::vector<std::size_t> starts = boundaries(self.bytes);
    const auto size = static_cast<std::int64_t>(starts.size()) - 1;
    const auto from = [&](std::int64_t index) { return std::max<std::int64_t>(index < 0 ? index + size : index, 0); };
    const std::int64_t start = from(arguments.integerOr(first, 0));
    const std::int64_t end = std::min(from(arguments.integerOr(first + 1, size)), size);
    if (start > end)
        return {{}, start, true};
    const std::size_t at = starts[static_cast<std::size_t>(start)];
    return {std::string_view(self.bytes).substr(at, starts[static_cast<std::size_t>(end)] - at), start};
}

template <bool atEnd>
Value affix(Runtime& runtime, const Text& self, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, atEnd ? "endswith" : "startswith", {atEnd ? "suffix" : "prefix", "start", "end"}, 1);
    const Window window = windowOf(runtime, self, arguments, 1);
    const auto matches = [&](const Value& value) {
        const Text* part = as<Text>(value);
        if (part == nullptr)
            runtime.fail(std::string(atEnd ? "endswith" : "startswith") + " takes a text or several, and is given " + typeName(value));
        runtime.spendBytes(part->bytes.size());
        return !window.outside && (atEnd ? window.text.ends_with(part->bytes) : window.text.starts_with(part->bytes));
    };
    if (const Tuple* several = as<Tuple>(*arguments.at(0)))
        return std::any_of(several->items.begin(), several->items.end(), matches);
    return matches(*arguments.at(0));
}

std::size_t findLast(Runtime& runtime, std::string_view text, std::string_view part)
{
    runtime.spend(text.size() / 64 * part.size());
    return text.rfind(part);
}

template <bool fromRight, bool must>
Value findMethod(Runtime& runtime, const Text& self, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, must ? "index" : "find", {"sub", "start", "end"}, 1);
    const Window window = windowOf(runtime, self, arguments, 1);
    const std::string& part = arguments.text(0).bytes;
    const std::size_t at = window.outside ? std::string_view::npos
        : fromRight                       ? findLast(runtime, window.text, part)
                                          : findBytes(runtime, window.text, part, 0);
    if (at != std::string_view::npos)
        return window.start + static_cast<std::int64_t>(boundaries(window.text.substr(0, at)).size()) - 1;
    if (must)
        runtime.fail("\"index\" finds no such text");
    return std::int64_t{-1};
}

Value count(Runtime& runtime, const Text& self, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "count", {"sub", "start", "end"}, 1);
    const Window window = windowOf(runtime, self, arguments, 1);
    const std::string& part = arguments.text(0).bytes;
    if (part.empty())
        return window.outside ? std::int64_t{0} : static_cast<std::int64_t>(boundaries(window.text).size());
    std::int64_t found = 0;
    for (std::size_t at = 0; (at = findBytes(runtime, window.text, part, at)) != std::string_view::npos; at += part.size())
        ++found;
    return found;
}

/// `part` as it goes into `self`: escaped where only `self` is safe.
std::string joining(const Text& self, const Text& part) { return self.safe && !part.safe ? escaped(part.bytes) : part.bytes; }

Value replace(Runtime& runtime, const Text& self, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "replace", {"old", "new", "count"}, 2);
    return replaced(runtime, self.bytes, arguments.text(0).bytes, joining(self, arguments.text(1)), arguments.integerOr(2, -1), self.safe);
}

Value join(Runtime& runtime, const Text& self, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "join", {"iterable"}, 1);
    TextBuilder out(runtime);
    bool first = true;
    for (const Value& item : elements(runtime, *arguments.at(0))) {
        const Text* text = as<Text>(item);
        if (text == nullptr)
            runtime.fail("str.join joins texts, and is given " + typeName(item));
        out.add(first ? std::string_view() : std::string_view(self.bytes)).add(joining(self, *text));
        first = false;
    }
    return out.finish(self.safe);
}

template <std::string (*change)(std::string_view)>
Value changed(Runtime& runtime, const Text& self, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "a method for upper and lower case", {}, 0);
    return runtime.text(change(self.bytes), self.safe);
}

template <CharacterClass what>
Value allOf(Runtime& runtime, const Text& self, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "a method for kinds of characters", {}, 0);
    runtime.spendBytes(self.bytes.size());
    return isAllOf(self.bytes, what);
}

template <bool (*check)(std::string_view)>
Value checked(Runtime& runtime, const Text& self, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "a method for upper and lower case", {}, 0);
    runtime.spendBytes(self.bytes.size());
    return check(self.bytes);
}

template <Side filled>
Value justify(Runtime& runtime, const Text& self, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "a method for columns", {"width", "fillchar"}, 1);
    const std::string fill = arguments.has(1) ? arguments.text(1).bytes : " ";
    if (boundaries(fill).size() != 2)
        runtime.fail("a column is filled with one character, and not with \"" + fill + "\"");
    return padded(runtime, self, arguments.integer(0), fill, filled);
}

Value zfill(Runtime& runtime, const Text& self, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "zfill", {"width"}, 1);
    const bool isSigned = self.bytes.starts_with('-') || self.bytes.starts_with('+');
    const Text digits(self.bytes.substr(isSigned ? 1 : 0));
    const Value filled = padded(runtime, digits, arguments.integer(0) - (isSigned ? 1 : 0), "0", Side::left);
    return runtime.text(self.bytes.substr(0, isSigned ? 1 : 0) + as<Text>(filled)->bytes);
}

Value removePrefix(Runtime& runtime, const Text& self, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "removeprefix", {"prefix"}, 1);
    const std::string& prefix = arguments.text(0).bytes;
    return self.bytes.starts_with(prefix) ? runtime.text(self.bytes.substr(prefix.size())) : Value(&self);
}

Value removeSuffix(Runtime& runtime, const Text& self, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "removesuffix", {"suffix"}, 1);
    const std::string& suffix = arguments.text(0).bytes;
    return self.bytes.ends_with(suffix) ? runtime.text(self.bytes.substr(0, self.bytes.size() - suffix.size())) : Value(&self);
}

template <bool fromRight>
Value partition(Runtime& runtime, const Text& self, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "partition", {"sep"}, 1);
    const std::string& separator = arguments.text(0).bytes;
    if (separator.empty())
        runtime.fail("a text is split at an empty separator");
    const std::size_t at = fromRight ? findLast(runtime, self.bytes, separator) : findBytes(runtime, self.bytes, separator, 0);
    const Value empty = runtime.text({});
    if (at == std::string::npos)
        return fromRight ? runtime.tuple({empty, empty, &self}) : runtime.tuple({&self, empty, empty});
    return runtime.tuple(
        {runtime.text(self.bytes.substr(0, at)), &arguments.text(0), runtime.text(self.bytes.substr(at + separator.size()))});
}

Value format(Runtime& runtime, const Text& self, const Arguments& given) { return braceFormat(runtime, self, given); }

} // namespace

TextMethod textMethod(std::string_view name)
{
    static const std::unordered_map<std::string_view, TextMethod> kMethods = {{"strip", strip<Side::both>}, {"lstrip", strip<Side::left>},
        {"rstrip", strip<Side::right>}, {"split", splitMethod<false>}, {"rsplit", splitMethod<true>}, {"splitlines", splitlines},
        {"startswith", affix<false>}, {"endswith", affix<true>}, {"find", findMethod<false, false>}, {"rfind", findMethod<true, false>},
        {"index", findMethod<false, true>}, {"rindex", findMethod<true, true>}, {"count", count}, {"replace", replace}, {"join", join},
        {"upper", changed<upperCase>}, {"lower", changed<lowerCase>}, {"casefold", changed<lowerCase>}, {"title", changed<titleCase>},
        {"capitalize", changed<capitalized>}, {"swapcase", changed<swappedCase>}, {"isalpha", allOf<CharacterClass::alpha>},
        {"isdigit", allOf<CharacterClass::digit>}, {"isdecimal", allOf<CharacterClass::decimal>},
        {"isnumeric", allOf<CharacterClass::numeric>}, {"isalnum", allOf<CharacterClass::alphanumeric>},
        {"isspace", allOf<CharacterClass::space>}, {"isupper", checked<isUpper>}, {"islower", checked<isLower>},
        {"ljust", justify<Side::right>}, {"rjust", justify<Side::left>}, {"center", justify<Side::both>}, {"zfill", zfill},
        {"removeprefix", removePrefix}, {"removesuffix", removeSuffix}, {"partition", partition<false>}, {"rpartition", partition<true>},
        {"format", format}};
    const auto found = kMethods.find(name);
    return found == kMethods.end() ? nullptr : found->second;
}

} // namespace precedent::text::jinja
