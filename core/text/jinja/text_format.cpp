#include "core/text/jinja/text_format.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "core/text/jinja/attributes.h"
#include "core/text/jinja/python_text.h"
#include "core/text/jinja/python_values.h"
#include "core/text/unicode.h"

namespace precedent::text::jinja {
namespace {

constexpr int kMostDigits = 300;

/// How one value is laid out.
struct Layout {
    std::string fill = " ";
    char align = '\0'; ///< < > ^ =, or none: by type
    char sign = '-';
    bool alternate = false;
    bool thousands = false;
    std::int64_t width = 0;
    std::int64_t precision = -1;
    char type = '\0';
};

std::int64_t takeNumber(std::string_view text, std::size_t& at)
{
    std::int64_t number = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9' && number < 100'000'000)
        number = number * 10 + (text[at++] - '0');
    return number;
}

std::string withThousands(const std::string& digits)
{
    std::size_t whole = 0;
    while (whole < digits.size() && digits[whole] >= '0' && digits[whole] <= '9')
        ++whole;
    std::string out;
    for (std::size_t i = 0; i < whole; ++i) {
        if (i > 0 && (whole - i) % 3 == 0)
            out += ',';
        out += digits[i];
    }
    return out + digits.substr(whole);
}

std::string realDigits(Runtime& runtime, double value, const Layout& layout)
{
    if (layout.precision > kMostDigits)
        runtime.fail("a number is to be written with more than " + std::to_string(kMostDigits) + " digits");
    const std::string pattern = std::string(layout.alternate ? "%#" : "%") + ".*" + layout.type;
    std::array<char, 1024> buffer{};
    const int size =
        std::snprintf(buffer.data(), buffer.size(), pattern.c_str(), layout.precision < 0 ? 6 : static_cast<int>(layout.precision), value);
    return {buffer.data(), std::min<std::size_t>(static_cast<std::size_t>(std::max(size, 0)), buffer.size() - 1)};
}

std::string integerDigits(std::uint64_t value, const Layout& layout)
{
    const unsigned base = layout.type == 'x' || layout.type == 'X' ? 16 : layout.type == 'o' ? 8 : layout.type == 'b' ? 2 : 10;
    const std::string_view digits = layout.type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    std::string out;
    do {
        out.insert(out.begin(), digits[value % base]);
        value /= base;
    } while (value > 0);
    if (layout.precision > static_cast<std::int64_t>(out.size()) && layout.precision <= kMostDigits)
        out.insert(0, static_cast<std::size_t>(layout.precision) - out.size(), '0');
    return layout.alternate && base != 10 ? "0" + std::string(1, layout.type) + out : out;
}

void addPadded(TextBuilder& out, Runtime& runtime, const Layout& layout, std::string_view sign, std::string_view body, char byType)
{
    const Text whole{std::string(sign) + std::string(body)};
    const std::int64_t missing = layout.width - static_cast<std::int64_t>(characters(whole));
    const auto pad = static_cast<std::size_t>(std::max<std::int64_t>(missing, 0));
    const char align = layout.align == '\0' ? byType : layout.align;
    const std::size_t before = align == '<' ? 0 : align == '^' ? pad / 2 : pad;
    runtime.spend(1 + pad / 8);
    if (align == '=')
        out.add(sign).add(layout.fill, pad).add(body);
    else
        out.add(layout.fill, before).add(whole.bytes).add(layout.fill, pad - before);
}

void addNumber(TextBuilder& out, Runtime& runtime, const Layout& layout, const Value& value)
{
    const bool asReal = std::string_view("fFeEgG%").find(layout.type) != std::string_view::npos;
    std::string digits;
    bool minus = false;
    if (asReal) {
        const double real = *realOf(value);
        minus = std::signbit(real);
        Layout style = layout;
        style.type = layout.type == '%' ? 'f' : layout.type;
        digits = realDigits(runtime, std::abs(real) * (layout.type == '%' ? 100 : 1), style) + (layout.type == '%' ? "%" : "");
    } else {
        const std::int64_t integer = *integerOf(value);
        minus = integer < 0;
        digits = integerDigits(minus ? 0 - static_cast<std::uint64_t>(integer) : static_cast<std::uint64_t>(integer), layout);
    }
    const std::string sign = minus ? "-" : layout.sign == '-' ? "" : std::string(1, layout.sign);
    addPadded(out, runtime, layout, sign, layout.thousands ? withThousands(digits) : digits, '>');
}

void addTextual(TextBuilder& out, Runtime& runtime, const Layout& layout, std::string text, char byType)
{
    if (layout.precision >= 0) {
        const Text whole(std::move(text));
        text = as<Text>(slicedText(runtime, whole, {std::nullopt, layout.precision, std::nullopt}))->bytes;
    }
    addPadded(out, runtime, layout, "", text, byType);
}

std::string reprText(Runtime& runtime, const Value& value)
{
    TextBuilder out(runtime);
    addRepr(out, runtime, value);
    return out.str();
}

/// The % operator, one conversion after the other.
class PercentFormat {
public:
    PercentFormat(Runtime& runtime, const Text& format, const Value& values)
        : m_runtime(runtime)
        , m_format(format.bytes)
        , m_values(values)
        , m_out(runtime)
    {
        if (const Tuple* tuple = as<Tuple>(values))
            m_items = tuple->items;
        else
            m_items = {values};
    }

    Value run()
    {
        while (m_at < m_format.size()) {
            const std::size_t percent = std::min(m_format.find('%', m_at), m_format.size());
            m_out.add(m_format.substr(m_at, percent - m_at));
            m_at = percent + 1;
            if (percent < m_format.size())
                conversion();
        }
        // Python lets one value with subscripts go unused: it might be a mapping.
        const bool mapping =
            as<Dict>(m_values) != nullptr || as<List>(m_values) != nullptr || as<Range>(m_values) != nullptr || isUndefined(m_values);
        if (!m_named && m_used < m_items.size() && !mapping)
            m_runtime.fail("\"%\" is given more values than the text takes");
        return m_out.finish();
    }

private:
    void conversion()
    {
        std::optional<Value> named;
        if (m_at < m_format.size() && m_format[m_at] == '(')
            named = namedValue();
        const Layout layout = readLayout();
        if (layout.type == '%') {
            m_out.add("%");
            return;
        }
        const Value value = named ? *named : nextValue();
        add(layout, value);
    }

    Value namedValue()
    {
        const std::size_t close = m_format.find(')', m_at);
        const Dict* dict = as<Dict>(m_values);
        if (close == std::string_view::npos || dict == nullptr)
            m_runtime.fail("\"%(\" takes its value from a dict by name");
        const std::string name(m_format.substr(m_at + 1, close - m_at - 1));
        m_at = close + 1;
        m_named = true;
        const Value* found = find(m_runtime, *dict, m_runtime.text(name));
        if (found == nullptr)
            m_runtime.fail("\"%(" + name + ")\" is not among the values");
        return *found;
    }

    Value nextValue()
    {
        if (m_used >= m_items.size())
            m_runtime.fail("\"%\" is given fewer values than the text takes");
        return m_items[m_used++];
    }

    std::int64_t widthOrValue()
    {
        if (m_at >= m_format.size() || m_format[m_at] != '*')
            return takeNumber(m_format, m_at);
        ++m_at;
        return integerOf(nextValue()).value_or(0);
    }

    Layout readLayout()
    {
        Layout layout;
        layout.align = '>';
        for (; m_at < m_format.size() && std::string_view("-+ 0#").find(m_format[m_at]) != std::string_view::npos; ++m_at) {
            const char flag = m_format[m_at];
            if (flag == '-')
                layout.align = '<';
            else if (flag == '0' && layout.align != '<')
                layout.align = '=';
            else if (flag == '+' || (flag == ' ' && layout.sign != '+'))
                layout.sign = flag;
            layout.alternate = layout.alternate || flag == '#';
        }
        layout.width = widthOrValue();
        if (m_at < m_format.size() && m_format[m_at] == '.') {
            ++m_at;
            layout.precision = widthOrValue();
        }
        if (m_at >= m_format.size())
            m_runtime.fail("a text to format ends within a \"%\"");
        layout.type = m_format[m_at++];
        return layout;
    }

    void add(Layout layout, const Value& value)
    {
        const bool real = std::string_view("fFeEgG").find(layout.type) != std::string_view::npos;
        const bool whole = std::string_view("diuxXo").find(layout.type) != std::string_view::npos;
        if (layout.align == '=' && (real || whole))
            layout.fill = "0";
        if (layout.type == 's' || layout.type == 'r') {
            layout.align = layout.align == '=' ? '>' : layout.align;
            addTextual(m_out, m_runtime, layout, layout.type == 's' ? str(m_runtime, value) : reprText(m_runtime, value), '>');
        } else if ((real || whole) && realOf(value)) {
            const bool cut = whole && !integerOf(value);
            addNumber(m_out, m_runtime, layout, cut ? Value(static_cast<std::int64_t>(*realOf(value))) : value);
        } else {
            m_runtime.fail("\"%" + std::string(1, layout.type) + "\" does not go with a value of type " + typeName(value));
        }
    }

    Runtime& m_runtime;
    std::string_view m_format;
    const Value& m_values;
    std::vector<Value> m_items;
    TextBuilder m_out;
    std::size_t m_at = 0;
    std::size_t m_used = 0;
    bool m_named = false;
};

/// What stands between braces.
class BraceField {
public:
    BraceField(Runtime& runtime, const Arguments& arguments, std::size_t& next)
        : m_runtime(runtime)
        , m_arguments(arguments)
        , m_next(next)
    {
    }

    void add(TextBuilder& out, std::string_view field)
    {
        const std::size_t colon = std::min(field.find(':'), field.size());
        std::string_view name = field.substr(0, colon);
        char conversion = '\0';
        if (const std::size_t mark = name.find('!'); mark != std::string_view::npos) {
            conversion = mark + 2 == name.size() ? name[mark + 1] : '?';
            name = name.substr(0, mark);
        }
        const Value found = value(name);
        const Layout layout = readLayout(colon < field.size() ? field.substr(colon + 1) : std::string_view());
        if (conversion == 'r' || conversion == 's')
            addTextual(out, m_runtime, layout, conversion == 'r' ? reprText(m_runtime, found) : str(m_runtime, found), '<');
        else if (conversion != '\0')
            m_runtime.fail("a text to format holds a conversion other than !s and !r", ErrorCode::unsupported);
        else
            addValue(out, layout, found);
    }

private:
    Value value(std::string_view name)
    {
        std::size_t end = std::min(name.find_first_of(".["), name.size());
        Value found = first(name.substr(0, end));
        while (end < name.size()) {
            const bool attribute = name[end] == '.';
            const std::size_t stop = attribute ? std::min(name.find_first_of(".[", end + 1), name.size()) : name.find(']', end);
            if (stop == std::string_view::npos)
                m_runtime.fail("a text to format lacks a \"]\"");
            const std::string key(name.substr(end + 1, stop - end - 1));
            if (attribute)
                found = attributeOf(m_runtime, found, key);
            else
                found = itemOf(m_runtime, found, index(key) ? Value(*index(key)) : m_runtime.text(key));
            end = attribute ? stop : stop + 1;
        }
        return found;
    }

    static std::optional<std::int64_t> index(std::string_view text)
    {
        std::size_t at = 0;
        const std::int64_t number = takeNumber(text, at);
        return at == text.size() && at > 0 ? std::optional<std::int64_t>(number) : std::nullopt;
    }

    Value first(std::string_view name)
    {
        if (name.empty() || index(name)) {
            const std::size_t at = name.empty() ? m_next++ : static_cast<std::size_t>(*index(name));
            if (at >= m_arguments.positional.size())
                m_runtime.fail("a text to format takes a value number " + std::to_string(at) + ", which is not given");
            return m_arguments.positional[at];
        }
        for (const auto& [key, value] : m_arguments.named) {
            if (key == name)
                return value;
        }
        m_runtime.fail("a text to format takes a value \"" + std::string(name) + "\", which is not given");
    }

    Layout readLayout(std::string_view text)
    {
        Layout layout;
        std::size_t at = 0;
        const auto isAlign = [&](std::size_t i) {
            return i < text.size() && std::string_view("<>^=").find(text[i]) != std::string_view::npos;
        };
        if (const std::size_t fill = text.empty() ? 0 : stepLength(text, 0); fill > 0 && isAlign(fill)) {
            layout.fill = text.substr(0, fill);
            layout.align = text[fill];
            at = fill + 1;
        } else if (isAlign(0)) {
            layout.align = text[at++];
        }
        if (at < text.size() && (text[at] == '+' || text[at] == '-' || text[at] == ' '))
            layout.sign = text[at++];
        layout.alternate = at < text.size() && text[at] == '#' && (++at, true);
        if (at < text.size() && text[at] == '0') {
            layout.fill = layout.align == '\0' ? "0" : layout.fill;
            layout.align = layout.align == '\0' ? '=' : layout.align;
            ++at;
        }
        layout.width = takeNumber(text, at);
        layout.thousands = at < text.size() && text[at] == ',' && (++at, true);
        if (at < text.size() && text[at] == '.')
            layout.precision = takeNumber(text, ++at);
        if (at < text.size())
            layout.type = text[at++];
        if (at != text.size())
            m_runtime.fail("the format \"" + std::string(text) + "\" is not known here", ErrorCode::unsupported);
        return layout;
    }

    void addValue(TextBuilder& out, Layout layout, const Value& value)
    {
        const bool isNumber = realOf(value).has_value() && !std::holds_alternative<bool>(value);
        const bool known =
            layout.type == '\0' || std::string_view(isNumber ? "dxXobfFeEgG%" : "s").find(layout.type) != std::string_view::npos;
        if (!known)
            m_runtime.fail("the format \"" + std::string(1, layout.type) + "\" does not go with a value of type " + typeName(value));
        if (!isNumber || (layout.type == '\0' && !integerOf(value))) {
            addTextual(out, m_runtime, layout, str(m_runtime, value), isNumber ? '>' : '<');
            return;
        }
        if (layout.type == '\0' || (layout.type == 'd' && integerOf(value)))
            layout.type = 'd';
        const bool whole = std::string_view("dxXob").find(layout.type) != std::string_view::npos;
        if (whole && !integerOf(value))
            m_runtime.fail("the format \"" + std::string(1, layout.type) + "\" does not go with a float");
        addNumber(out, m_runtime, layout, value);
    }

    Runtime& m_runtime;
    const Arguments& m_arguments;
    std::size_t& m_next;
};

} // namespace

Value percentFormat(Runtime& runtime, const Text& format, const Value& values) { return PercentFormat(runtime, format, values).run(); }

Value braceFormat(Runtime& runtime, const Text& format, const Arguments& arguments)
{
    const std::string_view text = format.bytes;
    TextBuilder out(runtime);
    std::size_t next = 0;
    for (std::size_t at = 0; at < text.size();) {
        runtime.spend();
        const std::size_t brace = std::min(text.find_first_of("{}", at), text.size());
        out.add(text.substr(at, brace - at));
        if (brace == text.size())
            break;
        if (brace + 1 < text.size() && text[brace + 1] == text[brace]) {
            out.add(text.substr(brace, 1));
            at = brace + 2;
            continue;
        }
        const std::size_t close = text[brace] == '}' ? std::string_view::npos : text.find('}', brace);
        if (close == std::string_view::npos)
            runtime.fail("a text to format holds a single brace");
        BraceField(runtime, arguments, next).add(out, text.substr(brace + 1, close - brace - 1));
        at = close + 1;
    }
    return out.finish();
}

} // namespace precedent::text::jinja
