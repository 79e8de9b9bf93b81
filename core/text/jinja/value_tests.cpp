#include <unordered_map>

#include "core/text/jinja/arguments.h"
#include "core/text/jinja/filters.h"
#include "core/text/jinja/letter_case.h"

namespace precedent::text::jinja {
namespace {

template <typename... Types>
bool isAnyOf(const Value& value)
{
    return (std::holds_alternative<Types>(value) || ...);
}

bool isRemainder(Runtime& runtime, const Value& value, const Value& divisor, std::int64_t remainder)
{
    if (!realOf(value))
        runtime.fail("a test of numbers is given a value of type " + typeName(value));
    return equal(runtime, arithmetic(runtime, "%", value, divisor), remainder);
}

template <int wanted>
bool parity(Runtime& runtime, const Value& value, const Arguments&)
{
    return isRemainder(runtime, value, std::int64_t{2}, wanted);
}

bool divisibleBy(Runtime& runtime, const Value& value, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "divisibleby", {"num"}, 1);
    return isRemainder(runtime, value, *arguments.at(0), 0);
}

bool isBoolean(const Value& value, bool wanted) { return std::holds_alternative<bool>(value) && std::get<bool>(value) == wanted; }

/// Python's `is`, as far as a template can tell.
bool sameAs(Runtime& runtime, const Value& value, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "sameas", {"other"}, 1);
    return value == *arguments.at(0); // of objects the pointers
}

template <char first, char second>
bool comparison(Runtime& runtime, const Value& value, const Arguments& given)
{
    static constexpr char kOp[] = {first, second, '\0'};
    const BoundArguments arguments(runtime, given, "a comparison", {"other"}, 1);
    return compare(runtime, kOp, value, *arguments.at(0));
}

bool isIn(Runtime& runtime, const Value& value, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "in", {"seq"}, 1);
    return contains(runtime, *arguments.at(0), value);
}

using SimpleTest = bool (*)(const Value&);
template <SimpleTest test>
bool simple(Runtime& runtime, const Value& value, const Arguments& given)
{
    const BoundArguments arguments(runtime, given, "a test", {}, 0);
    return test(value);
}

bool isDefined(const Value& value) { return !isUndefined(value); }
bool isTrue(const Value& value) { return isBoolean(value, true); }
bool isFalse(const Value& value) { return isBoolean(value, false); }
bool isBool(const Value& value) { return isAnyOf<bool>(value); }
bool isInteger(const Value& value) { return isAnyOf<std::int64_t>(value); }
bool isFloat(const Value& value) { return isAnyOf<double>(value); }
bool isNumber(const Value& value) { return isAnyOf<bool, std::int64_t, double>(value); }
bool isString(const Value& value) { return isAnyOf<const Text*>(value); }
bool isMapping(const Value& value) { return isAnyOf<const Dict*>(value); }
// What has a length and subscripts; that includes Undefined, as in Python.
bool isSequence(const Value& value) { return isAnyOf<Undefined, const Text*, const List*, const Tuple*, const Dict*, const Range*>(value); }
bool isCallable(const Value& value) { return isAnyOf<const Function*>(value); }
bool isEscaped(const Value& value) { return as<Text>(value) != nullptr && as<Text>(value)->safe; }

bool isLowerCase(Runtime& runtime, const Value& value, const Arguments&) { return isLower(str(runtime, value)); }
bool isUpperCase(Runtime& runtime, const Value& value, const Arguments&) { return isUpper(str(runtime, value)); }
bool isFilterName(Runtime& runtime, const Value& value, const Arguments&) { return findFilter(str(runtime, value)) != nullptr; }
bool isTestName(Runtime& runtime, const Value& value, const Arguments&) { return findTest(str(runtime, value)) != nullptr; }

} // namespace

Test findTest(std::string_view name)
{
    static const std::unordered_map<std::string_view, Test> kTests = {{"odd", parity<1>}, {"even", parity<0>}, {"divisibleby", divisibleBy},
        {"defined", simple<isDefined>}, {"undefined", simple<isUndefined>}, {"none", simple<isNone>}, {"boolean", simple<isBool>},
        {"true", simple<isTrue>}, {"false", simple<isFalse>}, {"integer", simple<isInteger>}, {"float", simple<isFloat>},
        {"number", simple<isNumber>}, {"string", simple<isString>}, {"mapping", simple<isMapping>}, {"sequence", simple<isSequence>},
        {"iterable", simple<isIterable>}, {"callable", simple<isCallable>}, {"escaped", simple<isEscaped>}, {"lower", isLowerCase},
        {"upper", isUpperCase}, {"filter", isFilterName}, {"test", isTestName}, {"sameas", sameAs}, {"in", isIn},
        {"==", comparison<'=', '='>}, {"eq", comparison<'=', '='>}, {"equalto", comparison<'=', '='>}, {"!=", comparison<'!', '='>},
        {"ne", comparison<'!', '='>}, {">", comparison<'>', '\0'>}, {"gt", comparison<'>', '\0'>}, {"greaterthan", comparison<'>', '\0'>},
        {">=", comparison<'>', '='>}, {"ge", comparison<'>', '='>}, {"<", comparison<'<', '\0'>}, {"lt", comparison<'<', '\0'>},
        {"lessthan", comparison<'<', '\0'>}, {"<=", comparison<'<', '='>}, {"le", comparison<'<', '='>}};
    const auto found = kTests.find(name);
    return found == kTests.end() ? nullptr : found->second;
}

Test testNamed(Runtime& runtime, const std::string& name)
{
    const Test test = findTest(name);
    if (test == nullptr)
        runtime.fail("the test \"" + name + "\" is not known here", ErrorCode::unsupported);
    return test;
}

} // namespace precedent::text::jinja
