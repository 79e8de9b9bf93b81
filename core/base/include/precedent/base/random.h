#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace precedent {

/// splitmix64 (Steele, Lea, Flood 2014): small, the same on every machine, seedable by (seed, stream) so that each
/// prompt and step draws from a stream of its own. Value type; its whole state is one integer.
class Random {
public:
    explicit Random(std::uint64_t seed = 0, std::uint64_t stream = 0)
        : m_state(mix(seed) ^ mix(stream + 0x632be59bd9b4e019ULL))
    {
    }

    [[nodiscard]] std::uint64_t next()
    {
        m_state += 0x9e3779b97f4a7c15ULL;
        return mix(m_state);
    }

    /// Uniform in [0, 1).
    [[nodiscard]] double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

    /// Uniform in [0, n); n > 0.
    [[nodiscard]] std::size_t below(std::size_t n) { return static_cast<std::size_t>(uniform() * static_cast<double>(n)); }

    template <typename T>
    void shuffle(std::vector<T>& items)
    {
        for (std::size_t i = items.size(); i > 1; --i)
            std::swap(items[i - 1], items[below(i)]);
    }

    template <typename T>
    [[nodiscard]] const T& pick(const std::vector<T>& items)
    {
        return items[below(items.size())];
    }

    [[nodiscard]] std::uint64_t state() const { return m_state; }
    void setState(std::uint64_t state) { m_state = state; }

private:
    static std::uint64_t mix(std::uint64_t z)
    {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }

    std::uint64_t m_state;
};

/// FNV-1a, for stream numbers from names; not a digest.
[[nodiscard]] constexpr std::uint64_t streamOf(std::string_view name)
{
    std::uint64_t h = 0xcbf29ce484222325ULL;
    for (const char c : name)
        h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return h;
}

} // namespace precedent
