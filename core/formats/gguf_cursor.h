#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "precedent/formats/gguf.h"

namespace precedent::formats {

inline constexpr std::size_t kMostNameBytes = 65535; ///< the format's limit for keys

/// A name out of a file as messages show it: quoted, cut where it is long, what is no printable ASCII as '?'.
[[nodiscard]] std::string shownName(std::string_view name);

/// Reads the parts of a GGUF file one after the other and never past its end. Failures are corrupt and say what was being
/// read, at which byte.
class GgufCursor {
public:
    GgufCursor(std::string_view bytes, std::string what)
        : m_bytes(bytes)
        , m_what(std::move(what))
    {
    }

    [[nodiscard]] std::string_view bytes() const { return m_bytes; }
    [[nodiscard]] const std::string& what() const { return m_what; }
    [[nodiscard]] std::size_t position() const { return m_position; }
    [[nodiscard]] std::size_t left() const { return m_bytes.size() - m_position; }
    /// What messages call the part that is being read ("key \"general.name\"").
    void setPart(std::string part) { m_part = std::move(part); }

    template <typename T>
    [[nodiscard]] Status read(T& target)
    {
        if (left() < sizeof(T))
            return endsEarly(sizeof(T));
        std::memcpy(&target, m_bytes.data() + m_position, sizeof(T));
        m_position += sizeof(T);
        return {};
    }
    /// A length of eight bytes, then so many bytes.
    [[nodiscard]] Status readString(std::string_view& target);
    /// A string that names something: 1 to 65,535 bytes.
    [[nodiscard]] Status readName(std::string_view& target);
    /// A type, then a value of it.
    [[nodiscard]] Status readValue(GgufValue& target);
    /// The items' type, their number, the items.
    [[nodiscard]] Status readArray(GgufValue& target, int depth);

    [[nodiscard]] Error corrupt(const std::string& message) const;

private:
    [[nodiscard]] Error endsEarly(std::uint64_t needed) const;
    [[nodiscard]] Status readType(GgufType& target);
    [[nodiscard]] Status skipItems(GgufType type, std::uint64_t count, int depth);
    [[nodiscard]] Status skipBooleans(std::uint64_t count);

    std::string_view m_bytes;
    std::string m_what;
    std::string m_part = "the header";
    std::size_t m_position = 0;
};

/// Bytes of a value of that type; 0 for strings and arrays.
[[nodiscard]] std::size_t fixedSize(GgufType type);

} // namespace precedent::formats
