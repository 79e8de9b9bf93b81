#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace precedent::core {

/// Zero-filled floats on a cache line's boundary. Throws std::bad_alloc.
class AlignedBuffer {
public:
    AlignedBuffer() = default;
    explicit AlignedBuffer(std::int64_t count) { reset(count); }

    void reset(std::int64_t count)
    {
        constexpr std::size_t kAlignment = 64;
        const std::size_t bytes = (static_cast<std::size_t>(count) * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
        m_data.reset(bytes == 0 ? nullptr : static_cast<float*>(std::aligned_alloc(kAlignment, bytes)));
        if (bytes != 0 && !m_data)
            throw std::bad_alloc();
        if (bytes != 0)
            std::memset(m_data.get(), 0, bytes);
        m_size = count;
    }

    /// Grows to at least `count`; the content is lost when it does.
    void reserve(std::int64_t count)
    {
        if (count > m_size)
            reset(count);
    }

    [[nodiscard]] float* data() { return m_data.get(); }
    [[nodiscard]] const float* data() const { return m_data.get(); }
    [[nodiscard]] std::int64_t size() const { return m_size; }

private:
    struct Free {
        void operator()(float* p) const { std::free(p); }
    };
    std::unique_ptr<float[], Free> m_data;
    std::int64_t m_size = 0;
};

} // namespace precedent::core
