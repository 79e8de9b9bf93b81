#include <array>
#include <cmath>
#include <cstring>

#include "precedent/formats/safetensors.h"

namespace precedent::formats {
namespace {

struct DTypeRow {
    DType dtype;
    const char* name;
    std::size_t size;
};

constexpr std::array kDTypes = {DTypeRow{DType::f64, "F64", 8}, DTypeRow{DType::f32, "F32", 4}, DTypeRow{DType::f16, "F16", 2},
    DTypeRow{DType::bf16, "BF16", 2}, DTypeRow{DType::f8e4m3, "F8_E4M3", 1}, DTypeRow{DType::f8e5m2, "F8_E5M2", 1},
    DTypeRow{DType::i64, "I64", 8}, DTypeRow{DType::i32, "I32", 4}, DTypeRow{DType::i16, "I16", 2}, DTypeRow{DType::i8, "I8", 1},
    DTypeRow{DType::u64, "U64", 8}, DTypeRow{DType::u32, "U32", 4}, DTypeRow{DType::u16, "U16", 2}, DTypeRow{DType::u8, "U8", 1},
    DTypeRow{DType::boolean, "BOOL", 1}};

float fromBits(std::uint32_t bits)
{
    float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

float halfToFloat(std::uint16_t half)
{
    const std::uint32_t sign = (half & 0x8000U) << 16;
    const std::uint32_t exponent = half >> 10 & 0x1FU;
    const std::uint32_t mantissa = half & 0x3FFU;
    if (exponent == 0) // zero or subnormal: mantissa * 2^-24
        return std::copysign(std::ldexp(static_cast<float>(mantissa), -24), sign != 0 ? -1.0F : 1.0F);
    if (exponent == 31)
        return fromBits(sign | 0x7F800000U | mantissa << 13);
    return fromBits(sign | (exponent + 112) << 23 | mantissa << 13);
}

template <typename T>
T loadAt(const char* bytes, std::int64_t i)
{
    T value;
    std::memcpy(&value, bytes + static_cast<std::size_t>(i) * sizeof(T), sizeof(T));
    return value;
}

} // namespace

const char* toString(DType dtype)
{
    for (const DTypeRow& row : kDTypes) {
        if (row.dtype == dtype)
            return row.name;
    }
    return "?";
}

std::optional<DType> dtypeFromString(std::string_view text)
{
    for (const DTypeRow& row : kDTypes) {
        if (text == row.name)
            return row.dtype;
    }
    return std::nullopt;
}

std::size_t sizeOf(DType dtype)
{
    for (const DTypeRow& row : kDTypes) {
        if (row.dtype == dtype)
            return row.size;
    }
    return 0;
}

bool widenToFloat(const TensorView& tensor, float* out)
{
    const std::int64_t n = tensor.elements();
    const char* bytes = tensor.bytes.data();
    switch (tensor.dtype) {
    case DType::f32:
        if (n > 0)
            std::memcpy(out, bytes, static_cast<std::size_t>(n) * sizeof(float));
        return true;
    case DType::bf16:
        for (std::int64_t i = 0; i < n; ++i)
            out[i] = fromBits(static_cast<std::uint32_t>(loadAt<std::uint16_t>(bytes, i)) << 16);
        return true;
    case DType::f16:
        for (std::int64_t i = 0; i < n; ++i)
            out[i] = halfToFloat(loadAt<std::uint16_t>(bytes, i));
        return true;
    case DType::f64:
        for (std::int64_t i = 0; i < n; ++i)
            out[i] = static_cast<float>(loadAt<double>(bytes, i));
        return true;
    default:
        return false;
    }
}

std::string narrowToBf16(const float* values, std::int64_t count)
{
    std::string bytes(static_cast<std::size_t>(count) * 2, '\0');
    for (std::int64_t i = 0; i < count; ++i) {
        std::uint32_t bits = 0;
        std::memcpy(&bits, values + i, sizeof bits);
        const bool nan = (bits & 0x7FFFFFFFU) > 0x7F800000U;
        const auto rounded = static_cast<std::uint16_t>(nan ? bits >> 16 | 0x40U : (bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16);
        std::memcpy(bytes.data() + i * 2, &rounded, 2);
    }
    return bytes;
}

} // namespace precedent::formats
