#include <cmath>

#include "core/text/jinja/python_text.h"
#include "core/text/jinja/python_values.h"
#include "core/text/jinja/text_format.h"

namespace precedent::text::jinja {
namespace {

[[noreturn]] void failTypes(Runtime& runtime, std::string_view op, const Value& left, const Value& right)
{
    for (const Value* value : {&left, &right}) {
        if (const auto* undefined = std::get_if<Undefined>(value))
            failUndefined(runtime, *undefined);
    }
    runtime.fail("\"" + std::string(op) + "\" does not go with " + typeName(left) + " and " + typeName(right));
}

Value integerPower(Runtime& runtime, std::int64_t base, std::int64_t exponent)
{
    if (exponent < 0) {
        if (base == 0)
            runtime.fail("zero is raised to a negative power");
        return std::pow(static_cast<double>(base), static_cast<double>(exponent));
    }
    std::int64_t result = 1;
    while (exponent > 0) {
        if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result))
            failOverflow(runtime);
        exponent >>= 1;
        if (exponent > 0 && __builtin_mul_overflow(base, base, &base))
            failOverflow(runtime);
    }
    return result;
}

// Python rounds the quotient down, and the remainder has the divisor's sign.
Value integerDivision(Runtime& runtime, std::string_view op, std::int64_t left, std::int64_t right)
{
    if (right == 0)
        runtime.fail("a number is divided by zero");
    if (right == -1) {
        std::int64_t quotient = 0;
        if (__builtin_sub_overflow(std::int64_t{0}, left, &quotient))
            failOverflow(runtime);
        return op == "%" ? std::int64_t{0} : quotient;
    }
    const std::int64_t remainder = left % right;
    const bool down = remainder != 0 && (remainder < 0) != (right < 0);
    if (op == "%")
        return down ? remainder + right : remainder;
    return left / right - (down ? 1 : 0);
}

Value integers(Runtime& runtime, std::string_view op, std::int64_t left, std::int64_t right)
{
    std::int64_t result = 0;
    bool overflow = false;
    if (op == "+")
        overflow = __builtin_add_overflow(left, right, &result);
    else if (op == "-")
        overflow = __builtin_sub_overflow(left, right, &result);
    else if (op == "*")
        overflow = __builtin_mul_overflow(left, right, &result);
    else if (op == "/" && right != 0)
        return static_cast<double>(left) / static_cast<double>(right);
    else if (op == "**")
        return integerPower(runtime, left, right);
    else
        return integerDivision(runtime, op, left, right);
    if (overflow)
        failOverflow(runtime);
    return result;
}

Value reals(Runtime& runtime, std::string_view op, double left, double right)
{
    if (op == "+")
        return left + right;
    if (op == "-")
        return left - right;
    if (op == "*")
        return left * right;
    if (op == "**") {
        if (left < 0 && std::floor(right) != right)
            runtime.fail("a negative number is raised to a fraction");
        return std::pow(left, right);
    }
    if (right == 0)
        runtime.fail("a number is divided by zero");
    if (op == "/")
        return left / right;
    double remainder = std::fmod(left, right);
    if (remainder != 0 && (remainder < 0) != (right < 0))
        remainder += right;
    if (op == "%")
        return remainder == 0 ? std::copysign(0.0, right) : remainder;
    return std::floor((left - remainder) / right + 0.5);
}

Value joined(Runtime& runtime, const std::vector<Value>& left, const std::vector<Value>& right, bool isTuple)
{
    std::vector<Value> items = left;
    items.insert(items.end(), right.begin(), right.end());
    runtime.spend(items.size() / 8);
    return isTuple ? runtime.tuple(std::move(items)) : runtime.list(std::move(items));
}

Value repeated(Runtime& runtime, const Value& value, std::int64_t times)
{
    const auto count = static_cast<std::size_t>(std::max<std::int64_t>(times, 0));
    if (const Text* text = as<Text>(value)) {
        TextBuilder out(runtime);
        runtime.spend(count);
        return out.add(text->bytes, count).finish(text->safe);
    }
    const List* list = as<List>(value);
    const std::vector<Value>& items = list != nullptr ? list->items : as<Tuple>(value)->items;
    std::vector<Value> all;
    for (std::size_t i = 0; i < count && !items.empty(); ++i) {
        runtime.spend(1 + items.size() / 8);
        runtime.take(items.size() * sizeof(Value));
        all.insert(all.end(), items.begin(), items.end());
    }
    return list != nullptr ? runtime.list(std::move(all)) : runtime.tuple(std::move(all));
}

bool isSequence(const Value& value) { return as<Text>(value) != nullptr || as<List>(value) != nullptr || as<Tuple>(value) != nullptr; }

// What joins a safe text becomes safe itself.
Value sumOfTexts(Runtime& runtime, const Text& left, const Text& right)
{
    TextBuilder out(runtime);
    const bool safe = left.safe || right.safe;
    for (const Text* part : {&left, &right})
        out.add(safe && !part->safe ? escaped(part->bytes) : part->bytes);
    return out.finish(safe);
}

} // namespace

Value arithmetic(Runtime& runtime, std::string_view op, const Value& left, const Value& right)
{
    const std::optional<std::int64_t> a = integerOf(left);
    const std::optional<std::int64_t> b = integerOf(right);
    if (a && b)
        return integers(runtime, op, *a, *b);
    if (realOf(left) && realOf(right))
        return reals(runtime, op, *realOf(left), *realOf(right));
    const Text* text = as<Text>(left);
    if (op == "%" && text != nullptr)
        return percentFormat(runtime, *text, right);
    if (op == "*" && (b ? isSequence(left) : a && isSequence(right)))
        return b ? repeated(runtime, left, *b) : repeated(runtime, right, *a);
    if (op != "+" || left.index() != right.index())
        failTypes(runtime, op, left, right);
    if (text != nullptr)
        return sumOfTexts(runtime, *text, *as<Text>(right));
    if (const List* list = as<List>(left))
        return joined(runtime, list->items, as<List>(right)->items, false);
    if (const Tuple* tuple = as<Tuple>(left))
        return joined(runtime, tuple->items, as<Tuple>(right)->items, true);
    failTypes(runtime, op, left, right);
}

Value negative(Runtime& runtime, const Value& value, bool minus)
{
    if (const std::optional<std::int64_t> integer = integerOf(value))
        return minus ? arithmetic(runtime, "-", std::int64_t{0}, *integer) : Value(*integer);
    if (const std::optional<double> real = realOf(value))
        return minus ? -*real : *real;
    if (const auto* undefined = std::get_if<Undefined>(&value))
        failUndefined(runtime, *undefined);
    runtime.fail(std::string("\"") + (minus ? "-" : "+") + "\" does not go with " + typeName(value));
}

} // namespace precedent::text::jinja
