#include "core/formats/dequantize.h"

#include <array>
#include <cstring>

// Compiled without contraction of a * b + c into one rounding: the results are to be those of the `gguf` package.
// Layouts are ggml's (ggml-common.h): halves are little-endian, "low" elements of a block come before "high" ones.

namespace precedent::formats {
namespace {

using Byte = unsigned char;

float fromBits(std::uint32_t bits)
{
    float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

std::uint32_t toBits(float value)
{
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

template <typename T>
T loadAt(const Byte* bytes)
{
    T value;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

// No branches, so that loops of it vectorise. Moved into a float's place the half is its value times 2^-112, subnormal
// or not; the product is exact. Infinity and NaN come out of it as 2^16 and more, and get their exponent back.
float halfToFloat(std::uint16_t half)
{
    const float scaled = fromBits((half & 0x7FFFU) << 13) * fromBits(0x77800000U); // 2^112
    const std::uint32_t special = (half & 0x7C00U) == 0x7C00U ? 0x7F800000U : 0U;
    return fromBits(toBits(scaled) | special | (half & 0x8000U) << 16);
}

float halfAt(const Byte* bytes) { return halfToFloat(loadAt<std::uint16_t>(bytes)); }

void widenF32(const Byte* blocks, std::int64_t count, float* out)
{
    if (count > 0)
        std::memcpy(out, blocks, static_cast<std::size_t>(count) * sizeof(float));
}

void widenF64(const Byte* blocks, std::int64_t count, float* out)
{
    for (std::int64_t i = 0; i < count; ++i)
        out[i] = static_cast<float>(loadAt<double>(blocks + i * 8));
}

void widenF16(const Byte* __restrict blocks, std::int64_t count, float* __restrict out)
{
    for (std::int64_t i = 0; i < count; ++i)
        out[i] = halfAt(blocks + i * 2);
}

void widenBf16(const Byte* __restrict blocks, std::int64_t count, float* __restrict out)
{
    for (std::int64_t i = 0; i < count; ++i)
        out[i] = fromBits(static_cast<std::uint32_t>(loadAt<std::uint16_t>(blocks + i * 2)) << 16);
}

constexpr int kShort = 32; // elements of a block of the types before the K ones, which have 256

// Q4_0: d, 16 bytes of two elements: d * (q - 8). Q4_1: d, m, the same 16 bytes: d * q + m.
void widenQ4_0(const Byte* __restrict block, std::int64_t count, float* __restrict out)
{
    for (std::int64_t b = 0; b < count; ++b, block += 18, out += kShort) {
        const float d = halfAt(block);
        const Byte* q = block + 2;
        for (int i = 0; i < 16; ++i) {
            out[i] = d * static_cast<float>((q[i] & 15) - 8);
            out[i + 16] = d * static_cast<float>((q[i] >> 4) - 8);
        }
    }
}

void widenQ4_1(const Byte* __restrict block, std::int64_t count, float* __restrict out)
{
    for (std::int64_t b = 0; b < count; ++b, block += 20, out += kShort) {
        const float d = halfAt(block);
        const float m = halfAt(block + 2);
        const Byte* q = block + 4;
        for (int i = 0; i < 16; ++i) {
            out[i] = d * static_cast<float>(q[i] & 15) + m;
            out[i + 16] = d * static_cast<float>(q[i] >> 4) + m;
        }
    }
}

/// For each byte its bits as eight bytes of 0 or 16: the fifth bits of eight elements.
constexpr std::array<std::array<Byte, 8>, 256> makeFifthBits()
{
    std::array<std::array<Byte, 8>, 256> table{};
    for (unsigned value = 0; value < 256; ++value) {
        for (unsigned bit = 0; bit < 8; ++bit)
            table[value][bit] = (value >> bit & 1U) != 0 ? 16 : 0;
    }
    return table;
}
constexpr auto kFifthBits = makeFifthBits();

/// The 32 five-bit numbers of a Q5_0 or Q5_1 block: 4 bytes of fifth bits, then 16 bytes as in Q4_0.
void unpackFiveBits(const Byte* __restrict packed, Byte* __restrict q)
{
    for (int i = 0; i < 4; ++i)
        std::memcpy(q + i * 8, kFifthBits[packed[i]].data(), 8);
    for (int i = 0; i < 16; ++i) {
        q[i] = static_cast<Byte>(q[i] | (packed[4 + i] & 15));
        q[i + 16] = static_cast<Byte>(q[i + 16] | packed[4 + i] >> 4);
    }
}

void widenQ5_0(const Byte* __restrict block, std::int64_t count, float* __restrict out)
{
    for (std::int64_t b = 0; b < count; ++b, block += 22, out += kShort) {
        const float d = halfAt(block);
        Byte q[kShort];
        unpackFiveBits(block + 2, q);
        for (int i = 0; i < kShort; ++i)
            out[i] = d * static_cast<float>(q[i] - 16);
    }
}

void widenQ5_1(const Byte* __restrict block, std::int64_t count, float* __restrict out)
{
    for (std::int64_t b = 0; b < count; ++b, block += 24, out += kShort) {
        const float d = halfAt(block);
        const float m = halfAt(block + 2);
        Byte q[kShort];
        unpackFiveBits(block + 4, q);
        for (int i = 0; i < kShort; ++i)
            out[i] = d * static_cast<float>(q[i]) + m;
    }
}

// Q8_0: d, 32 signed bytes: d * q.
void widenQ8_0(const Byte* __restrict block, std::int64_t count, float* __restrict out)
{
    for (std::int64_t b = 0; b < count; ++b, block += 34, out += kShort) {
        const float d = halfAt(block);
        for (int i = 0; i < kShort; ++i)
            out[i] = static_cast<float>(static_cast<signed char>(block[2 + i])) * d;
    }
}

// Q2_K: 16 bytes of scale and minimum (4 bits each) for 16 elements, 64 bytes of four elements, d, dmin.
void widenQ2_K(const Byte* __restrict block, std::int64_t count, float* __restrict out)
{
    for (std::int64_t b = 0; b < count; ++b, block += 84) {
        const float d = halfAt(block + 80);
        const float dmin = halfAt(block + 82);
        for (int group = 0; group < 16; ++group, out += 16) {
            const float scale = d * static_cast<float>(block[group] & 15);
            const float minimum = dmin * static_cast<float>(block[group] >> 4);
            const Byte* q = block + 16 + group / 8 * 32 + group % 2 * 16;
            const int shift = group % 8 / 2 * 2;
            for (int i = 0; i < 16; ++i)
                out[i] = scale * static_cast<float>(q[i] >> shift & 3) - minimum;
        }
    }
}

// Q3_K: 32 bytes of third bits (set: nothing to subtract), 64 bytes of two low bits as in Q2_K, 12 bytes of sixteen
// six-bit scales, d.
void widenQ3_K(const Byte* __restrict block, std::int64_t count, float* __restrict out)
{
    for (std::int64_t b = 0; b < count; ++b, block += 110) {
        const Byte* packed = block + 96;
        const float d = halfAt(block + 108);
        for (int group = 0; group < 16; ++group, out += 16) {
            const int low = packed[group % 8] >> group / 8 * 4 & 15;
            const int high = packed[8 + group % 4] >> group / 4 * 2 & 3;
            const float scale = d * static_cast<float>((low | high << 4) - 32);
            const Byte* third = block + group % 2 * 16;
            const Byte* q = block + 32 + group / 8 * 32 + group % 2 * 16;
            const int bit = group / 2;
            const int shift = group % 8 / 2 * 2;
            for (int i = 0; i < 16; ++i)
                out[i] = scale * static_cast<float>((q[i] >> shift & 3) - ((third[i] >> bit & 1) ^ 1) * 4);
        }
    }
}

/// Scale and minimum, six bits each, of one of the eight groups of a Q4_K or Q5_K block, out of twelve bytes.
struct ScaleAndMinimum {
    float scale;
    float minimum;
};

ScaleAndMinimum scaleAndMinimum(const Byte* packed, int group, float d, float dmin)
{
    int scale = packed[group % 4] & 63;
    int minimum = packed[4 + group % 4] & 63;
    if (group >= 4) {
        scale = (packed[4 + group] & 15) | (packed[group - 4] >> 2 & 48);
        minimum = packed[4 + group] >> 4 | (packed[group] >> 2 & 48);
    }
    return {d * static_cast<float>(scale), dmin * static_cast<float>(minimum)};
}

// Q4_K: d, dmin, 12 bytes of scales, 128 bytes of two elements, 32 apart.
void widenQ4_K(const Byte* __restrict block, std::int64_t count, float* __restrict out)
{
    for (std::int64_t b = 0; b < count; ++b, block += 144) {
        const float d = halfAt(block);
        const float dmin = halfAt(block + 2);
        for (int group = 0; group < 8; ++group, out += 32) {
            const ScaleAndMinimum s = scaleAndMinimum(block + 4, group, d, dmin);
            const Byte* q = block + 16 + group / 2 * 32;
            const int shift = group % 2 * 4;
            for (int i = 0; i < 32; ++i)
                out[i] = s.scale * static_cast<float>(q[i] >> shift & 15) - s.minimum;
        }
    }
}

// Q5_K: as Q4_K with 32 bytes of fifth bits before the elements.
void widenQ5_K(const Byte* __restrict block, std::int64_t count, float* __restrict out)
{
    for (std::int64_t b = 0; b < count; ++b, block += 176) {
        const float d = halfAt(block);
        const float dmin = halfAt(block + 2);
        for (int group = 0; group < 8; ++group, out += 32) {
            const ScaleAndMinimum s = scaleAndMinimum(block + 4, group, d, dmin);
            const Byte* fifth = block + 16;
            const Byte* q = block + 48 + group / 2 * 32;
            const int shift = group % 2 * 4;
            for (int i = 0; i < 32; ++i)
                out[i] = s.scale * static_cast<float>((q[i] >> shift & 15) | (fifth[i] >> group & 1) << 4) - s.minimum;
        }
    }
}

// Q6_K: 128 bytes of four low bits, 64 of two high ones, 16 signed scales, d.
void widenQ6_K(const Byte* __restrict block, std::int64_t count, float* __restrict out)
{
    for (std::int64_t b = 0; b < count; ++b, block += 210) {
        const float d = halfAt(block + 208);
        for (int group = 0; group < 16; ++group, out += 16) {
            const float scale = d * static_cast<float>(static_cast<signed char>(block[192 + group]));
            const int half = group / 8;
            const int quarter = group % 8 / 2;
            const Byte* low = block + half * 64 + quarter % 2 * 32 + group % 2 * 16;
            const Byte* high = block + 128 + half * 32 + group % 2 * 16;
            const int lowShift = quarter / 2 * 4;
            const int highShift = quarter * 2;
            for (int i = 0; i < 16; ++i)
                out[i] = scale * static_cast<float>(((low[i] >> lowShift & 15) | (high[i] >> highShift & 3) << 4) - 32);
        }
    }
}

} // namespace

WidenBlocks widenerOf(DType dtype)
{
    switch (dtype) {
    case DType::f64:
        return &widenF64;
    case DType::f32:
        return &widenF32;
    case DType::f16:
        return &widenF16;
    case DType::bf16:
        return &widenBf16;
    case DType::q4_0:
        return &widenQ4_0;
    case DType::q4_1:
        return &widenQ4_1;
    case DType::q5_0:
        return &widenQ5_0;
    case DType::q5_1:
        return &widenQ5_1;
    case DType::q8_0:
        return &widenQ8_0;
    case DType::q2_k:
        return &widenQ2_K;
    case DType::q3_k:
        return &widenQ3_K;
    case DType::q4_k:
        return &widenQ4_K;
    case DType::q5_k:
        return &widenQ5_K;
    case DType::q6_k:
        return &widenQ6_K;
    default:
        return nullptr;
    }
}

} // namespace precedent::formats
