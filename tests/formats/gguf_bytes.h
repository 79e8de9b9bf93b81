#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

/// Bytes of a GGUF file put together piece by piece, so that tests can lie in any of them.
class GgufBytes {
public:
    template <typename T>
    GgufBytes& put(T value)
    {
        static_assert(std::is_arithmetic_v<T>);
        m_bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
        return *this;
    }
    GgufBytes& raw(const std::string& bytes)
    {
        m_bytes += bytes;
        return *this;
    }
    GgufBytes& string(const std::string& text) { return put<std::uint64_t>(text.size()).raw(text); }
    GgufBytes& header(std::uint64_t tensors, std::uint64_t keys, std::uint32_t version = 3)
    {
        return raw("GGUF").put(version).put(tensors).put(keys);
    }
    GgufBytes& key(const std::string& name, std::uint32_t type) { return string(name).put(type); }
    /// Extents as the format has them: a row's length first.
    GgufBytes& tensor(const std::string& name, const std::vector<std::uint64_t>& extents, std::uint32_t type, std::uint64_t offset)
    {
        string(name).put(static_cast<std::uint32_t>(extents.size()));
        for (const std::uint64_t extent : extents)
            put(extent);
        return put(type).put(offset);
    }
    GgufBytes& pad(std::size_t alignment = 32) { return raw(std::string((alignment - m_bytes.size() % alignment) % alignment, '\0')); }

    [[nodiscard]] const std::string& bytes() const { return m_bytes; }

private:
    std::string m_bytes;
};
