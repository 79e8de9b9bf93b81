#include <array>
#include <charconv>
#include <cmath>

#include "core/text/jinja/letter_case.h"
#include "core/text/jinja/python_text.h"
#include "core/text/jinja/python_values.h"
#include "core/text/unicode.h"

namespace precedent::text::jinja {
namespace {

std::string hexOf(std::uint32_t value, std::size_t digits)
{
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out(digits, '0');
    for (std::size_t i = digits; i > 0; value >>= 4)
        out[--i] = kDigits[value & 15U];
    return out;
}

void addTextRepr(TextBuilder& out, std::string_view text)
{
    const bool doubleQuotes = text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos;
    const std::string quote(1, doubleQuotes ? '"' : '\'');
    out.add(quote);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = stepLength(text, at);
        const std::uint32_t c = codePointAt(text, at, length);
        const std::string_view bytes = text.substr(at, length);
        at += length;
        if (bytes == quote || bytes == "\\")
            out.add("\\").add(bytes);
        else if (c == '\n' || c == '\r' || c == '\t')
            out.add(c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        else if ((length > 1 || c < 0x80) && isPrintable(c))
            out.add(bytes);
        else if (c <= 0xFF)
            out.add("\\x" + hexOf(c, 2));
        else
            out.add(c <= 0xFFFF ? "\\u" + hexOf(c, 4) : "\\U" + hexOf(c, 8));
    }
    out.add(quote);
}

void addItems(TextBuilder& out, Runtime& runtime, const std::vector<Value>& items)
{
    for (std::size_t i = 0; i < items.size(); ++i) {
        out.add(i == 0 ? "" : ", ");
        addRepr(out, runtime, items[i]);
    }
}

void addDict(TextBuilder& out, Runtime& runtime, const std::vector<std::pair<Value, Value>>& entries)
{
    out.add("{");
    for (std::size_t i = 0; i < entries.size(); ++i) {
        out.add(i == 0 ? "" : ", ");
        addRepr(out, runtime, entries[i].first);
        out.add(": ");
        addRepr(out, runtime, entries[i].second);
    }
    out.add("}");
}

void addView(TextBuilder& out, Runtime& runtime, const Value& value)
{
    out.add(typeName(value)).add("([");
    addItems(out, runtime, elements(runtime, value));
    out.add("])");
}

void addRange(TextBuilder& out, const Range& range)
{
    out.add("range(" + std::to_string(range.start) + ", " + std::to_string(range.stop));
    out.add(range.step == 1 ? ")" : ", " + std::to_string(range.step) + ")");
}

void addNamespace(TextBuilder& out, Runtime& runtime, const Namespace& space)
{
    out.add("<Namespace {");
    for (std::size_t i = 0; i < space.attributes.size(); ++i) {
        out.add(i == 0 ? "" : ", ");
        addTextRepr(out, space.attributes[i].first);
        out.add(": ");
        addRepr(out, runtime, space.attributes[i].second);
    }
    out.add("}>");
}

} // namespace

std::string reprOf(double value)
{
    if (std::isnan(value))
        return "nan";
    if (std::isinf(value))
        return value < 0 ? "-inf" : "inf";
    std::array<char, 40> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(value), std::chars_format::scientific);
    const std::string scientific(buffer.data(), end.ptr);
    const std::size_t e = scientific.find('e');
    std::string digits = scientific.substr(0, 1) + (e > 2 ? scientific.substr(2, e - 2) : std::string());
    const int exponent = std::stoi(scientific.substr(e + 1));
    const std::string sign = std::signbit(value) ? "-" : "";
    // Python's bounds for writing the exponent.
    if (exponent < -4 || exponent >= 16) {
        const std::string size = std::to_string(std::abs(exponent));
        return sign + digits.substr(0, 1) + (digits.size() > 1 ? "." + digits.substr(1) : "") + (exponent < 0 ? "e-" : "e+") +
            (size.size() < 2 ? "0" : "") + size;
    }
    if (exponent < 0)
        return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() < whole)
        digits.append(whole - digits.size(), '0');
    return sign + digits.substr(0, whole) + "." + (digits.size() > whole ? digits.substr(whole) : "0");
}

void addRepr(TextBuilder& out, Runtime& runtime, const Value& value)
{
    runtime.spend();
    const Runtime::Level level(runtime);
    if (const Text* text = as<Text>(value)) {
        if (text->safe)
            out.add("Markup(");
        addTextRepr(out, text->bytes);
        if (text->safe)
            out.add(")");
    } else if (const auto* flag = std::get_if<bool>(&value)) {
        out.add(*flag ? "True" : "False");
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        out.add(std::to_string(*integer));
    } else if (const auto* real = std::get_if<double>(&value)) {
        out.add(reprOf(*real));
    } else if (isNone(value) || isUndefined(value)) {
        out.add(isNone(value) ? "None" : "Undefined");
    } else if (const List* list = as<List>(value)) {
        out.add("[");
        addItems(out, runtime, list->items);
        out.add("]");
    } else if (const Tuple* tuple = as<Tuple>(value)) {
        out.add("(");
        addItems(out, runtime, tuple->items);
        out.add(tuple->items.size() == 1 ? ",)" : ")");
    } else if (const Dict* dict = as<Dict>(value)) {
        addDict(out, runtime, dict->entries);
    } else if (as<View>(value) != nullptr) {
        addView(out, runtime, value);
    } else if (const Range* range = as<Range>(value)) {
        addRange(out, *range);
    } else if (const auto* space = std::get_if<Namespace*>(&value)) {
        addNamespace(out, runtime, **space);
    } else if (const auto* loop = std::get_if<Loop*>(&value)) {
        out.add("<LoopContext " + std::to_string((*loop)->index0 + 1) + "/" + std::to_string((*loop)->items.size()) + ">");
    } else {
        // Python writes an address here, which no template means to show.
        runtime.fail("a value of type " + typeName(value) + " cannot be written as text");
    }
}

void addStr(TextBuilder& out, Runtime& runtime, const Value& value)
{
    if (const Text* text = as<Text>(value))
        out.add(text->bytes);
    else if (!isUndefined(value))
        addRepr(out, runtime, value);
}

std::string str(Runtime& runtime, const Value& value)
{
    if (const Text* text = as<Text>(value)) {
        runtime.spendBytes(text->bytes.size());
        return text->bytes;
    }
    TextBuilder out(runtime);
    addStr(out, runtime, value);
    return out.str();
}

std::optional<std::int64_t> parseInteger(Runtime& runtime, std::string_view text, int base)
{
    text = stripped(runtime, text, std::nullopt, Side::both);
    const bool minus = text.starts_with('-');
    if (minus || text.starts_with('+'))
        text.remove_prefix(1);
    for (const auto& [prefix, itsBase] : {std::pair("0x", 16), std::pair("0o", 8), std::pair("0b", 2)}) {
        const bool written = text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == prefix[1];
        if (written && base == itsBase)
            text.remove_prefix(2);
    }
    std::string digits = minus ? "-" : "";
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool betweenDigits = i > 0 && i + 1 < text.size() && text[i - 1] != '_';
        if (text[i] != '_')
            digits += text[i];
        else if (!betweenDigits)
            return std::nullopt;
    }
    std::int64_t value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (read.ptr != digits.data() + digits.size() || read.ec == std::errc::invalid_argument)
        return std::nullopt;
    if (read.ec == std::errc::result_out_of_range)
        failOverflow(runtime);
    return value;
}

std::optional<double> parseReal(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || (text.front() >= '\t' && text.front() <= '\r')))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || (text.back() >= '\t' && text.back() <= '\r')))
        text.remove_suffix(1);
    if (text.starts_with('+') && !text.starts_with("+-"))
        text.remove_prefix(1);
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ptr != text.data() + text.size() || read.ec == std::errc::invalid_argument)
        return std::nullopt;
    if (read.ec == std::errc::result_out_of_range) // from_chars leaves the value alone
        return text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos ? 0.0 : HUGE_VAL;
    return value;
}

} // namespace precedent::text::jinja
