#include <unordered_map>

#include "core/text/jinja/arguments.h"
#include "core/text/jinja/filters.h"
#include "core/text/jinja/letter_case.h"
#include "core/text/jinja/python_text.h"
#include "core/text/jinja/text_format.h"
#include "core/text/unicode.h"

namespace precedent::text::jinja {
namespace {

/// jinja2's soft_str: a text as it is, str() of anything else.
Value softText(Runtime& runtime, const Value& value) { return as<Text>(value) != nullptr ? value : runtime.text(str(runtime, value)); }

template <std::string (*change)(std::string_view)>
Value changed(Runtime& runtime, const Value& input, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "a filter for upper and lower case", {}, 0);
    const Value text = softText(runtime, input);
    return runtime.text(change(as<Text>(text)->bytes), as<Text>(text)->safe);
}

/// jinja2's title: a letter after a hyphen, a space or an opening bracket is upper case, all others lower.
std::string titled(std::string_view text)
{
    std::string out;
    bool starts = true;
    forEachCharacter(text, [&](std::string_view character) {
        const std::uint32_t c = codePointAt(character, 0, character.size());
        const bool valid = character.size() > 1 || c < 0x80;
        const bool separates =
            valid && (isAllOf(character, CharacterClass::space) || std::string_view("-({[<").find(character) != std::string_view::npos);
        if (separates)
            out += character;
        else
            out += starts ? upperCase(character) : lowerCase(character);
        starts = separates;
    });
    return out;
}

Value trim(Runtime& runtime, const Value& input, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "trim", {"chars"}, 0);
    const Value text = softText(runtime, input);
    const std::optional<std::string_view> set =
        arguments.hasValue(0) ? std::optional<std::string_view>(arguments.text(0).bytes) : std::nullopt;
    return runtime.text(std::string(stripped(runtime, as<Text>(text)->bytes, set, Side::both)), as<Text>(text)->safe);
}

Value replace(Runtime& runtime, const Value& input, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "replace", {"old", "new", "count"}, 2);
    const std::string old = str(runtime, *arguments.at(0));
    return replaced(runtime, str(runtime, input), old, str(runtime, *arguments.at(1)), arguments.integerOr(2, -1));
}

Value string(Runtime& runtime, const Value& input, const Arguments&) { return softText(runtime, input); }

Value escape(Runtime& runtime, const Value& input, const Arguments&)
{
    const Text* text = as<Text>(input);
    if (text != nullptr && text->safe)
        return input;
    TextBuilder out(runtime);
    return out.add(escaped(str(runtime, input))).finish(true);
}

Value forceEscape(Runtime& runtime, const Value& input, const Arguments&)
{
    TextBuilder out(runtime);
    return out.add(escaped(str(runtime, input))).finish(true);
}

Value safe(Runtime& runtime, const Value& input, const Arguments&) { return runtime.text(str(runtime, input), true); }

Value indent(Runtime& runtime, const Value& input, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "indent", {"width", "first", "blank"}, 0);
    const Text* text = as<Text>(input);
    if (text == nullptr)
        runtime.fail("the filter \"indent\" takes a text, and is given " + typeName(input));
    TextBuilder step(runtime);
    if (arguments.has(0) && as<Text>(*arguments.at(0)) != nullptr)
        step.add(arguments.text(0).bytes);
    else
        step.add(" ", static_cast<std::size_t>(std::max<std::int64_t>(arguments.integerOr(0, 4), 0)));
    const bool blank = arguments.flagOr(2, false);
    runtime.spendBytes(text->bytes.size());
    TextBuilder out(runtime);
    if (arguments.flagOr(1, false))
        out.add(step.str());
    const std::string ended = text->bytes + "\n"; // so that an empty text is one line, and a newline at the end stays
    bool first = true;
    for (const std::string_view line : lines(ended)) {
        if (!first)
            out.add("\n").add(blank || !line.empty() ? std::string_view(step.str()) : std::string_view());
        out.add(line);
        first = false;
    }
    return out.finish(text->safe);
}

Value format(Runtime& runtime, const Value& input, const Arguments& given)
{
    const Value text = softText(runtime, input);
    if (given.named.empty())
        return percentFormat(runtime, *as<Text>(text), runtime.tuple(given.positional));
    if (!given.positional.empty())
        runtime.fail("the filter \"format\" takes arguments with names or without, not both");
    std::vector<std::pair<Value, Value>> entries;
    for (const auto& [name, value] : given.named)
        entries.emplace_back(runtime.text(name), value);
    return percentFormat(runtime, *as<Text>(text), runtime.dict(std::move(entries)));
}

Value wordCount(Runtime& runtime, const Value& input, const Arguments&)
{
    const std::string text = str(runtime, input);
    std::int64_t words = 0;
    bool inside = false;
    forEachCharacter(text, [&](std::string_view character) {
        const std::uint32_t c = codePointAt(character, 0, character.size());
        const bool word = (character.size() > 1 || c < 0x80) && (c == '_' || isAllOf(character, CharacterClass::alphanumeric));
        words += word && !inside ? 1 : 0;
        inside = word;
    });
    return words;
}

Value center(Runtime& runtime, const Value& input, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "center", {"width"}, 0);
    const Value text = softText(runtime, input);
    return padded(runtime, *as<Text>(text), arguments.integerOr(0, 80), " ", Side::both);
}

Value truncate(Runtime& runtime, const Value& input, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "truncate", {"length", "killwords", "end", "leeway"}, 0);
    const Text* text = as<Text>(input);
    if (text == nullptr)
        runtime.fail("the filter \"truncate\" takes a text, and is given " + typeName(input));
    const std::string end = arguments.has(2) ? arguments.text(2).bytes : "...";
    const std::int64_t most = arguments.integerOr(0, 255);
    const std::int64_t kept = most - static_cast<std::int64_t>(boundaries(end).size()) + 1;
    if (kept < 0)
        runtime.fail("the filter \"truncate\" is to leave less than its end mark takes");
    if (length(runtime, input) - arguments.integerOr(3, 5) <= most)
        return input;
    const Value cut = slicedText(runtime, *text, {std::nullopt, kept, std::nullopt});
    const std::string_view bytes = as<Text>(cut)->bytes;
    TextBuilder out(runtime);
    out.add(arguments.flagOr(1, false) ? bytes : bytes.substr(0, bytes.rfind(' ')));
    return out.add(end).finish(text->safe);
}

/// transformers' own: json.dumps without the escapes for HTML that jinja2's filter makes.
Value toJson(Runtime& runtime, const Value& input, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "tojson", {"ensure_ascii", "indent", "separators", "sort_keys"}, 0);
    JsonStyle style;
    style.ensureAscii = arguments.flagOr(0, false);
    style.sortKeys = arguments.flagOr(3, false);
    if (arguments.hasValue(1)) {
        const Text* indentText = as<Text>(*arguments.at(1));
        TextBuilder step(runtime);
        if (indentText == nullptr)
            step.add(" ", static_cast<std::size_t>(std::max<std::int64_t>(arguments.integer(1), 0)));
        style.indent = indentText != nullptr ? indentText->bytes : step.str();
        style.itemSeparator = ",";
    }
    if (arguments.hasValue(2)) {
        const std::vector<Value> separators = elements(runtime, *arguments.at(2));
        if (separators.size() != 2 || as<Text>(separators[0]) == nullptr || as<Text>(separators[1]) == nullptr)
            runtime.fail("the separators of tojson are two texts");
        style.itemSeparator = as<Text>(separators[0])->bytes;
        style.keySeparator = as<Text>(separators[1])->bytes;
    }
    TextBuilder out(runtime);
    addJson(out, runtime, input, style);
    return out.finish();
}

} // namespace

Filter textFilter(std::string_view name)
{
    static const std::unordered_map<std::string_view, Filter> kFilters = {{"upper", changed<upperCase>}, {"lower", changed<lowerCase>},
        {"title", changed<titled>}, {"capitalize", changed<capitalized>}, {"trim", trim}, {"replace", replace}, {"string", string},
        {"escape", escape}, {"e", escape}, {"forceescape", forceEscape}, {"safe", safe}, {"indent", indent}, {"format", format},
        {"wordcount", wordCount}, {"center", center}, {"truncate", truncate}, {"tojson", toJson}};
    const auto found = kFilters.find(name);
    return found == kFilters.end() ? nullptr : found->second;
}

} // namespace precedent::text::jinja
