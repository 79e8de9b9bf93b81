#include <algorithm>
#include <cmath>

#include "core/text/jinja/python_values.h"
#include "core/text/unicode.h"

namespace precedent::text::jinja {
namespace {

class JsonWriter {
public:
    JsonWriter(TextBuilder& out, Runtime& runtime, const JsonStyle& style)
        : m_out(out)
        , m_runtime(runtime)
        , m_style(style)
    {
    }

    void add(const Value& value)
    {
        m_runtime.spend();
        if (const Text* text = as<Text>(value))
            addText(text->bytes);
        else if (isNone(value))
            m_out.add("null");
        else if (const auto* flag = std::get_if<bool>(&value))
            m_out.add(*flag ? "true" : "false");
        else if (const auto* integer = std::get_if<std::int64_t>(&value))
            m_out.add(std::to_string(*integer));
        else if (const auto* real = std::get_if<double>(&value))
            addReal(*real);
        else if (const List* list = as<List>(value))
            addArray(list->items);
        else if (const Tuple* tuple = as<Tuple>(value))
            addArray(tuple->items);
        else if (const Dict* dict = as<Dict>(value))
            addObject(*dict);
        else
            m_runtime.fail("a value of type " + typeName(value) + " cannot be written as JSON");
    }

private:
    void addReal(double value)
    {
        if (std::isfinite(value))
            m_out.add(reprOf(value));
        else
            m_out.add(std::isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity");
    }

    void addUnit(std::uint32_t unit)
    {
        constexpr std::string_view kDigits = "0123456789abcdef";
        std::string escape = "\\u";
        for (int shift = 12; shift >= 0; shift -= 4)
            escape += kDigits[(unit >> static_cast<unsigned>(shift)) & 15U];
        m_out.add(escape);
    }

    void addText(std::string_view text)
    {
        constexpr std::string_view kSpecial = "\"\\\b\f\n\r\t";
        constexpr std::string_view kLetters = "\"\\bfnrt";
        m_out.add("\"");
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t length = stepLength(text, at);
            const std::uint32_t c = codePointAt(text, at, length);
            const std::size_t special = length == 1 ? kSpecial.find(text[at]) : std::string_view::npos;
            if (special != std::string_view::npos)
                m_out.add("\\").add(kLetters.substr(special, 1));
            else if (c < 0x20)
                addUnit(c);
            else if (!m_style.ensureAscii || c < 0x7F)
                m_out.add(text.substr(at, length));
            else if (c < 0x10000)
                addUnit(c);
            else {
                addUnit(0xD800 + ((c - 0x10000) >> 10));
                addUnit(0xDC00 + ((c - 0x10000) & 0x3FF));
            }
            at += length;
        }
        m_out.add("\"");
    }

    void addKey(const Value& key)
    {
        if (const Text* text = as<Text>(key)) {
            addText(text->bytes);
            return;
        }
        if (!isNone(key) && !realOf(key))
            m_runtime.fail("a value of type " + typeName(key) + " cannot be a key in JSON");
        m_out.add("\"");
        add(key);
        m_out.add("\"");
    }

    void newLine()
    {
        if (m_style.indent)
            m_out.add("\n").add(*m_style.indent, m_depth);
    }

    template <typename Items, typename AddItem>
    void addAll(const Items& items, std::string_view open, std::string_view close, const AddItem& addItem)
    {
        const Runtime::Level level(m_runtime);
        m_out.add(open);
        ++m_depth;
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i > 0)
                m_out.add(m_style.itemSeparator);
            newLine();
            addItem(items[i]);
        }
        --m_depth;
        if (!items.empty())
            newLine();
        m_out.add(close);
    }

    void addArray(const std::vector<Value>& items)
    {
        addAll(items, "[", "]", [&](const Value& item) { add(item); });
    }

    void addObject(const Dict& dict)
    {
        std::vector<std::pair<Value, Value>> entries = dict.entries;
        m_runtime.spend(1 + entries.size() / 8);
        if (m_style.sortKeys)
            std::stable_sort(
                entries.begin(), entries.end(), [&](const auto& a, const auto& b) { return ordered(m_runtime, a.first, b.first) < 0; });
        addAll(entries, "{", "}", [&](const std::pair<Value, Value>& entry) {
            addKey(entry.first);
            m_out.add(m_style.keySeparator);
            add(entry.second);
        });
    }

    TextBuilder& m_out;
    Runtime& m_runtime;
    const JsonStyle& m_style;
    std::size_t m_depth = 0;
};

} // namespace

void addJson(TextBuilder& out, Runtime& runtime, const Value& value, const JsonStyle& style) { JsonWriter(out, runtime, style).add(value); }

} // namespace precedent::text::jinja
