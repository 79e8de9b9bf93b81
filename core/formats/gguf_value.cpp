#include <cstdint>
#include <cstring>
#include <limits>

#include "core/formats/gguf_cursor.h"
#include "precedent/formats/gguf.h"

namespace precedent::formats {
namespace {

template <typename T>
T loadAt(const char* bytes)
{
    T value;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

std::optional<std::int64_t> integerAt(GgufType type, const char* bytes)
{
    switch (type) {
    case GgufType::u8:
    case GgufType::boolean:
        return loadAt<std::uint8_t>(bytes);
    case GgufType::i8:
        return loadAt<std::int8_t>(bytes);
    case GgufType::u16:
        return loadAt<std::uint16_t>(bytes);
    case GgufType::i16:
        return loadAt<std::int16_t>(bytes);
    case GgufType::u32:
        return loadAt<std::uint32_t>(bytes);
    case GgufType::i32:
        return loadAt<std::int32_t>(bytes);
    case GgufType::i64:
        return loadAt<std::int64_t>(bytes);
    case GgufType::u64: {
        const auto value = loadAt<std::uint64_t>(bytes);
        if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
            return std::nullopt;
        return static_cast<std::int64_t>(value);
    }
    default:
        return std::nullopt;
    }
}

std::optional<double> numberAt(GgufType type, const char* bytes)
{
    if (type == GgufType::f32)
        return loadAt<float>(bytes);
    if (type == GgufType::f64)
        return loadAt<double>(bytes);
    if (type == GgufType::u64)
        return static_cast<double>(loadAt<std::uint64_t>(bytes));
    if (type == GgufType::boolean)
        return std::nullopt;
    if (const auto whole = integerAt(type, bytes))
        return static_cast<double>(*whole);
    return std::nullopt;
}

} // namespace

std::optional<std::int64_t> GgufValue::integer() const
{
    return m_type == GgufType::boolean ? std::nullopt : integerAt(m_type, m_bytes.data());
}

std::optional<double> GgufValue::number() const { return numberAt(m_type, m_bytes.data()); }

std::optional<bool> GgufValue::boolean() const { return m_type == GgufType::boolean ? std::optional(m_bytes.front() != 0) : std::nullopt; }

std::optional<std::string_view> GgufValue::string() const { return m_type == GgufType::string ? std::optional(m_bytes) : std::nullopt; }

std::optional<std::vector<std::string_view>> GgufValue::strings() const
{
    if (m_type != GgufType::array || m_itemType != GgufType::string)
        return std::nullopt;
    std::vector<std::string_view> items(m_itemCount);
    GgufCursor cursor(m_bytes, {});
    for (std::string_view& item : items) {
        if (!cursor.readString(item).ok())
            return std::nullopt;
    }
    return items;
}

std::optional<std::vector<std::int64_t>> GgufValue::integers() const
{
    if (m_type != GgufType::array)
        return std::nullopt;
    std::vector<std::int64_t> items;
    items.reserve(fixedSize(m_itemType) > 0 ? m_itemCount : 0);
    for (std::size_t i = 0; i < m_itemCount; ++i) {
        const auto item = integerAt(m_itemType, m_bytes.data() + i * fixedSize(m_itemType));
        if (!item)
            return std::nullopt;
        items.push_back(*item);
    }
    return items;
}

std::optional<std::vector<float>> GgufValue::floats() const
{
    if (m_type != GgufType::array)
        return std::nullopt;
    std::vector<float> items;
    items.reserve(fixedSize(m_itemType) > 0 ? m_itemCount : 0);
    for (std::size_t i = 0; i < m_itemCount; ++i) {
        const auto item = numberAt(m_itemType, m_bytes.data() + i * fixedSize(m_itemType));
        if (!item)
            return std::nullopt;
        items.push_back(static_cast<float>(*item));
    }
    return items;
}

std::optional<std::vector<GgufValue>> GgufValue::arrays() const
{
    if (m_type != GgufType::array || m_itemType != GgufType::array)
        return std::nullopt;
    std::vector<GgufValue> items(m_itemCount);
    GgufCursor cursor(m_bytes, {});
    for (GgufValue& item : items) {
        if (!cursor.readArray(item, 1).ok())
            return std::nullopt;
    }
    return items;
}

} // namespace precedent::formats
