#include <array>
#include <cmath>
#include <cstdio>
#include <unordered_map>

#include "core/text/jinja/arguments.h"
#include "core/text/jinja/filters.h"

namespace precedent::text::jinja {
namespace {

Value wholeOf(Runtime& runtime, double value)
{
    if (std::isinf(value))
        runtime.fail("infinity is no whole number");
    if (std::abs(value) >= 9.2e18)
        failOverflow(runtime);
    return static_cast<std::int64_t>(value);
}

Value toInt(Runtime& runtime, const Value& input, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "int", {"default", "base"}, 0);
    const Value fallback = arguments.has(0) ? *arguments.at(0) : Value(std::int64_t{0});
    if (const auto* undefined = std::get_if<Undefined>(&input))
        failUndefined(runtime, *undefined);
    const Text* text = as<Text>(input);
    const std::int64_t base = arguments.integerOr(1, 10);
    if (base < 2 || base > 36)
        runtime.fail("the filter \"int\" reads numbers of base 2 to 36, not " + std::to_string(base));
    if (const std::optional<std::int64_t> integer =
            text != nullptr ? parseInteger(runtime, text->bytes, static_cast<int>(base)) : integerOf(input))
        return *integer;
    const std::optional<double> real = text != nullptr ? parseReal(text->bytes) : realOf(input);
    if (!real || std::isnan(*real) || (text != nullptr && std::isinf(*real)))
        return fallback;
    return wholeOf(runtime, *real);
}

Value toFloat(Runtime& runtime, const Value& input, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "float", {"default"}, 0);
    if (const auto* undefined = std::get_if<Undefined>(&input))
        failUndefined(runtime, *undefined);
    const Text* text = as<Text>(input);
    const std::optional<double> real = text != nullptr ? parseReal(text->bytes) : realOf(input);
    return real ? Value(*real) : arguments.has(0) ? *arguments.at(0) : Value(0.0);
}

Value absolute(Runtime& runtime, const Value& input, const Arguments&)
{
    const std::optional<double> real = realOf(input);
    if (!real)
        runtime.fail("the filter \"abs\" takes a number, and is given " + typeName(input));
    return negative(runtime, input, *real < 0 || (*real == 0 && std::signbit(*real)));
}

/// Python's round(): the nearest decimal number of the float's exact value, a tie to even.
double rounded(double value, std::int64_t digits)
{
    std::array<char, 700> buffer{};
    const int size = std::snprintf(buffer.data(), buffer.size(), "%.*f", static_cast<int>(digits), value);
    const std::optional<double> read = parseReal({buffer.data(), static_cast<std::size_t>(size)});
    return read.value_or(value);
}

Value round(Runtime& runtime, const Value& input, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "round", {"precision", "method"}, 0);
    const std::string method = arguments.has(1) ? arguments.text(1).bytes : "common";
    const std::int64_t digits = arguments.integerOr(0, 0);
    const std::optional<double> real = realOf(input);
    if (!real)
        runtime.fail("the filter \"round\" takes a number, and is given " + typeName(input));
    if (digits < 0 || digits > 300)
        runtime.fail("the filter \"round\" rounds to 0 to 300 digits here, not to " + std::to_string(digits), ErrorCode::unsupported);
    if (method == "common") {
        const std::optional<std::int64_t> integer = integerOf(input);
        if (integer || !std::isfinite(*real))
            return integer ? Value(*integer) : Value(*real);
        return rounded(*real, digits);
    }
    if (method != "ceil" && method != "floor")
        runtime.fail("the filter \"round\" knows common, ceil and floor, not \"" + method + "\"");
    const double scale = std::pow(10.0, static_cast<double>(digits));
    return (method == "ceil" ? std::ceil(*real * scale) : std::floor(*real * scale)) / scale;
}

} // namespace

Filter findFilter(std::string_view name)
{
    static const std::unordered_map<std::string_view, Filter> kNumbers = {
        {"int", toInt}, {"float", toFloat}, {"abs", absolute}, {"round", round}};
    if (const auto found = kNumbers.find(name); found != kNumbers.end())
        return found->second;
    const Filter filter = textFilter(name);
    return filter != nullptr ? filter : collectionFilter(name);
}

Filter filterNamed(Runtime& runtime, const std::string& name)
{
    const Filter filter = findFilter(name);
    if (filter == nullptr)
        runtime.fail("the filter \"" + name + "\" is not known here", ErrorCode::unsupported);
    return filter;
}

} // namespace precedent::text::jinja
