#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "precedent/formats/tensor.h"

namespace precedent::formats {
namespace {

constexpr std::int64_t kBlock = 32;
constexpr float kLargestHalf = 65504.0F;

// Adding 0.5 to a number below the least normal half makes the adder round it at the half's last place (2^-24), to nearest
// even, and leaves the half's bits at the bottom of the sum.
std::uint16_t floatToHalf(float value)
{
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000U);
    bits &= 0x7FFFFFFFU;
    if (bits > 0x7F800000U)
        return static_cast<std::uint16_t>(sign | 0x7E00U | (bits >> 13 & 0x3FFU));
    if (bits >= 0x477FF000U) // half way from 65504 to what would be next
        return static_cast<std::uint16_t>(sign | 0x7C00U);
    if (bits < 0x38800000U) {
        const float shifted = std::fabs(value) + 0.5F;
        std::memcpy(&bits, &shifted, sizeof bits);
        return static_cast<std::uint16_t>(sign | (bits - 0x3F000000U));
    }
    const std::uint32_t rounded = bits + 0xFFFU + (bits >> 13 & 1U);
    return static_cast<std::uint16_t>(sign | (rounded - 0x38000000U) >> 13);
}

void appendHalf(std::string& bytes, float value)
{
    const std::uint16_t half = floatToHalf(value);
    bytes.append(reinterpret_cast<const char*>(&half), sizeof half);
}

} // namespace

std::string narrowToF16(const float* values, std::int64_t count)
{
    std::string bytes;
    bytes.reserve(static_cast<std::size_t>(count) * 2);
    for (std::int64_t i = 0; i < count; ++i)
        appendHalf(bytes, values[i]);
    return bytes;
}

std::optional<std::string> quantizeQ8_0(const float* values, std::int64_t count)
{
    if (count < 0 || count % kBlock != 0)
        return std::nullopt;
    std::string bytes;
    bytes.reserve(static_cast<std::size_t>(count) / kBlock * blockBytes(DType::q8_0));
    for (const float* block = values; block < values + count; block += kBlock) {
        float most = 0;
        for (std::int64_t i = 0; i < kBlock; ++i) {
            if (!std::isfinite(block[i]))
                return std::nullopt;
            most = std::max(most, std::fabs(block[i]));
        }
        const float step = most / 127.0F;
        if (step > kLargestHalf)
            return std::nullopt;
        // Of a step so small that its reciprocal is infinite nothing is left in a half either.
        const float perStep = step < std::numeric_limits<float>::min() ? 0.0F : 1.0F / step;
        appendHalf(bytes, step);
        for (std::int64_t i = 0; i < kBlock; ++i)
            bytes += static_cast<char>(static_cast<signed char>(std::round(block[i] * perStep)));
    }
    return bytes;
}

} // namespace precedent::formats
