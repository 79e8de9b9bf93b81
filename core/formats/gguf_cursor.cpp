#include "core/formats/gguf_cursor.h"

#include <algorithm>
#include <array>

namespace precedent::formats {
namespace {

constexpr std::size_t kShownNameBytes = 80;
constexpr int kMostDepth = 4; // arrays within arrays; no file in use nests them at all

struct TypeRow {
    const char* name;
    std::size_t size;
};

constexpr std::array kTypes = {TypeRow{"uint8", 1}, TypeRow{"int8", 1}, TypeRow{"uint16", 2}, TypeRow{"int16", 2}, TypeRow{"uint32", 4},
    TypeRow{"int32", 4}, TypeRow{"float32", 4}, TypeRow{"bool", 1}, TypeRow{"string", 0}, TypeRow{"array", 0}, TypeRow{"uint64", 8},
    TypeRow{"int64", 8}, TypeRow{"float64", 8}};

/// The fewest bytes that an item takes.
std::size_t leastSize(GgufType type)
{
    if (type == GgufType::string)
        return sizeof(std::uint64_t);
    if (type == GgufType::array)
        return sizeof(std::uint32_t) + sizeof(std::uint64_t);
    return fixedSize(type);
}

} // namespace

const char* toString(GgufType type) { return kTypes[static_cast<std::size_t>(type)].name; }

std::size_t fixedSize(GgufType type) { return kTypes[static_cast<std::size_t>(type)].size; }

std::string shownName(std::string_view name)
{
    std::string shown(name.substr(0, kShownNameBytes));
    std::replace_if(
        shown.begin(), shown.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return "\"" + shown + (name.size() > kShownNameBytes ? "..." : "") + "\"";
}

Error GgufCursor::corrupt(const std::string& message) const
{
    return {ErrorCode::corrupt, m_what + ": " + m_part + ", byte " + std::to_string(m_position) + ": " + message,
        "The file is damaged or was not written whole: fetch or write it again."};
}

Error GgufCursor::endsEarly(std::uint64_t needed) const
{
    return corrupt(std::to_string(needed) + " bytes are expected, but only " + std::to_string(left()) + " follow.");
}

Status GgufCursor::readString(std::string_view& target)
{
    std::uint64_t length = 0;
    PRECEDENT_TRY(read(length));
    if (length > left())
        return corrupt("a string claims " + std::to_string(length) + " bytes, but only " + std::to_string(left()) + " follow.");
    target = m_bytes.substr(m_position, static_cast<std::size_t>(length));
    m_position += static_cast<std::size_t>(length);
    return {};
}

Status GgufCursor::readName(std::string_view& target)
{
    PRECEDENT_TRY(readString(target));
    if (target.empty() || target.size() > kMostNameBytes)
        return corrupt("a name has " + std::to_string(target.size()) + " bytes; 1 to " + std::to_string(kMostNameBytes) + " are allowed.");
    return {};
}

Status GgufCursor::readType(GgufType& target)
{
    std::uint32_t number = 0;
    PRECEDENT_TRY(read(number));
    if (number >= kTypes.size())
        return corrupt(
            "a value has type " + std::to_string(number) + "; the format's types are 0 to " + std::to_string(kTypes.size() - 1) + ".");
    target = static_cast<GgufType>(number);
    return {};
}

Status GgufCursor::readValue(GgufValue& target)
{
    PRECEDENT_TRY(readType(target.m_type));
    if (target.m_type == GgufType::array)
        return readArray(target, 0);
    if (target.m_type == GgufType::string)
        return readString(target.m_bytes);
    const std::size_t begin = m_position;
    PRECEDENT_TRY(skipItems(target.m_type, 1, 0));
    target.m_bytes = m_bytes.substr(begin, m_position - begin);
    return {};
}

Status GgufCursor::readArray(GgufValue& target, int depth)
{
    std::uint64_t count = 0;
    target.m_type = GgufType::array;
    PRECEDENT_TRY(readType(target.m_itemType));
    PRECEDENT_TRY(read(count));
    const std::size_t begin = m_position;
    PRECEDENT_TRY(skipItems(target.m_itemType, count, depth));
    target.m_itemCount = static_cast<std::size_t>(count);
    target.m_bytes = m_bytes.substr(begin, m_position - begin);
    return {};
}

Status GgufCursor::skipItems(GgufType type, std::uint64_t count, int depth)
{
    if (count > left() / leastSize(type))
        return corrupt(std::to_string(count) + " values of type " + toString(type) + " are claimed, but only " + std::to_string(left()) +
            " bytes follow.");
    if (type == GgufType::boolean)
        return skipBooleans(count);
    if (const std::size_t size = fixedSize(type); size > 0) {
        m_position += size * static_cast<std::size_t>(count);
        return {};
    }
    if (type == GgufType::array && depth >= kMostDepth)
        return corrupt("arrays lie in one another more than " + std::to_string(kMostDepth) + " deep.");
    std::string_view skippedString;
    GgufValue skippedArray;
    for (std::uint64_t i = 0; i < count; ++i)
        PRECEDENT_TRY(type == GgufType::string ? readString(skippedString) : readArray(skippedArray, depth + 1));
    return {};
}

Status GgufCursor::skipBooleans(std::uint64_t count)
{
    for (std::uint64_t i = 0; i < count; ++i, ++m_position) {
        const auto byte = static_cast<unsigned char>(m_bytes[m_position]);
        if (byte > 1)
            return corrupt("a bool is " + std::to_string(byte) + "; expected 0 or 1.");
    }
    return {};
}

} // namespace precedent::formats
