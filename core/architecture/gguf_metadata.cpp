#include "core/architecture/gguf_metadata.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>

namespace precedent::core {
namespace {

std::optional<int> countOf(std::optional<std::int64_t> value)
{
    if (!value || *value < 0 || *value > std::numeric_limits<int>::max())
        return std::nullopt;
    return static_cast<int>(*value);
}

std::string shown(const formats::GgufValue& value)
{
    if (const auto number = value.integer())
        return std::to_string(*number);
    if (const auto number = value.number())
        return std::to_string(*number);
    return std::string("of type ") + formats::toString(value.type());
}

double asWritten(float value)
{
    char text[32];
    const auto end = std::to_chars(std::begin(text), std::end(text), value).ptr;
    double written = value;
    std::from_chars(std::begin(text), end, written);
    return written;
}

} // namespace

std::optional<int> GgufMetadata::integer(const std::string& key)
{
    const formats::GgufValue* value = m_file.value(m_prefix + key);
    if (value == nullptr)
        return std::nullopt;
    if (value->type() == formats::GgufType::array) {
        const auto list = value->integers();
        if (!list || list->empty() || !std::all_of(list->begin(), list->end(), [&](auto one) { return one == list->front(); })) {
            refuse(key, "a list of different values");
            return std::nullopt;
        }
        return countOf(list->front());
    }
    const auto count = countOf(value->integer());
    if (!count)
        fail(key, shown(*value), "a whole number");
    return count;
}

int GgufMetadata::needed(const std::string& key)
{
    const auto value = integer(key);
    if (!value)
        fail(key, "missing", "a whole number");
    return value.value_or(0);
}

std::optional<double> GgufMetadata::number(const std::string& key)
{
    const formats::GgufValue* value = m_file.value(m_prefix + key);
    if (value == nullptr)
        return std::nullopt;
    const auto number = value->number();
    if (!number)
        fail(key, shown(*value), "a number");
    return number && value->type() == formats::GgufType::f32 ? asWritten(static_cast<float>(*number)) : number;
}

std::optional<std::vector<std::int64_t>> GgufMetadata::list(const std::string& key) const
{
    const formats::GgufValue* value = m_file.value(m_prefix + key);
    return value != nullptr ? value->integers() : std::nullopt;
}

std::optional<std::string> GgufMetadata::text(const std::string& key)
{
    const formats::GgufValue* value = m_file.value(m_prefix + key);
    if (value == nullptr)
        return std::nullopt;
    const auto text = value->string();
    if (!text) {
        fail(key, shown(*value), "a string");
        return std::nullopt;
    }
    return std::string(*text);
}

void GgufMetadata::only(const std::string& key, double value)
{
    const auto seen = number(key);
    if (seen && *seen != value)
        refuse(key, std::to_string(*seen));
}

void GgufMetadata::refuse(const std::string& key, const std::string& seen)
{
    if (!m_error)
        m_error =
            Error(ErrorCode::unsupported, m_what + ": \"" + m_prefix + key + "\" is " + seen + ", which this program does not compute.",
                "Choose a model without that option.");
}

void GgufMetadata::fail(const std::string& key, const std::string& seen, const std::string& expected)
{
    if (!m_error)
        m_error = Error(ErrorCode::corrupt, m_what + ": \"" + m_prefix + key + "\" is " + seen + "; expected " + expected + ".",
            "The file is damaged or holds no language model: fetch it again.");
}

} // namespace precedent::core
