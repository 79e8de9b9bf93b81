#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

namespace precedent::core {

/// The bits of a bfloat16: the upper half of a float32's.
using Bf16 = std::uint16_t;

[[nodiscard]] constexpr std::int64_t roundedUp(std::int64_t n, std::int64_t step) { return (n + step - 1) / step * step; }

/// Columns whose weights all groups of rows go through before the next are touched, a multiple of a tile's columns (1 to
/// 4, 6, 8). The next block is fetched meanwhile: so few columns that it is of use soon; with several groups so many that
/// the rows are not fetched too often, and the weights stay in the second-level cache.
[[nodiscard]] constexpr std::int64_t columnBlock(std::int64_t K, std::int64_t groups, std::int64_t tileColumns)
{
    constexpr std::int64_t kFewBytes = 48 << 10, kManyBytes = 96 << 10, kMany = 24;
    const std::int64_t step = groups > 1 ? kMany : tileColumns;
    const std::int64_t fitting = (groups > 1 ? kManyBytes : kFewBytes) / (step * K * 2);
    return step * (fitting < 1 ? 1 : groups > 1 && fitting > 2 ? 2 : fitting);
}

/// Products with weights as files hold them: [N, K] bfloat16, row by row, y = x W^T. Once for each instruction set.
///
/// An output is the sum of one row's and one column's products in an order that K alone sets, so it is the same
/// whatever the number of rows and columns and however they are cut (tst_row_kernels). Results differ in rounding between
/// instruction sets, and more so if `roundsInput`.
struct RowKernels {
    const char* name; ///< "plain", "sse4", "avx2", "avx512", "avx512bf16"; "simd" on other processors
    bool roundsInput; ///< x is rounded to bfloat16, the sums are still float32
    std::int64_t groupRows; ///< most rows of x that go through the weights together
    std::int64_t padding; ///< prepared rows are filled up with zeros to a multiple of this
    std::int64_t elementBytes; ///< of a prepared value

    /// Writes `rows` <= groupRows rows x [rows, xStride] into `out` in the order in which multiply() reads them.
    void (*prepare)(const float* x, std::int64_t xStride, std::int64_t rows, std::int64_t K, void* out);

    /// out[m][n] = x[m] . w[n] for `rows` prepared rows (see PreparedRows) and N rows of weights, wStride values apart.
    /// `wanted` more rows of weights, right after the N, will be read next by this thread: they are fetched ahead.
    void (*multiply)(const void* x, std::int64_t rows, std::int64_t K, const Bf16* w, std::int64_t wStride, std::int64_t N,
        std::int64_t wanted, float* out, std::int64_t outStride);

    /// out[r][d] = sum over p < count of weights[r][p] * values[p][d], in the order of p, d < D; starts from what out holds
    /// if `accumulate`. D, the values' stride, is a multiple of 32. Nothing is rounded.
    void (*mix)(const float* weights, std::int64_t weightStride, std::int64_t rows, std::int64_t count, const Bf16* values, std::int64_t D,
        float* out, std::int64_t outStride, bool accumulate);

    [[nodiscard]] std::int64_t paddedK(std::int64_t K) const { return roundedUp(K, padding); }
    /// Rows are taken in groups of about one size; `rows` alone says where each begins.
    [[nodiscard]] std::int64_t groups(std::int64_t rows) const { return (rows + groupRows - 1) / groupRows; }
    [[nodiscard]] std::int64_t groupBegin(std::int64_t rows, std::int64_t group) const { return rows * group / groups(rows); }

    [[nodiscard]] std::int64_t preparedBytes(std::int64_t rows, std::int64_t K) const { return rows * paddedK(K) * elementBytes; }
    /// Prepares one group of rows x [rows, xStride] into its place in `out`, preparedBytes() on a cache line's boundary.
    void prepareGroup(const float* x, std::int64_t xStride, std::int64_t rows, std::int64_t K, std::int64_t group, void* out) const
    {
        const std::int64_t begin = groupBegin(rows, group), end = groupBegin(rows, group + 1);
        prepare(x + begin * xStride, xStride, end - begin, K, static_cast<char*>(out) + preparedBytes(begin, K));
    }
};

/// All that this processor runs, "plain" (ordinary loops, the reference) first, then slower before faster as a rule.
[[nodiscard]] const std::vector<const RowKernels*>& availableRowKernels();
/// nullptr if there is none of that name or the processor lacks it.
[[nodiscard]] const RowKernels* findRowKernels(const char* name);

/// Of the file that needs its own instructions: nullptr if the processor lacks them. Mixing is as in the set `floats`.
[[nodiscard]] const RowKernels* avx512Bf16RowKernels(const RowKernels& floats);

/// Round to nearest, ties to even.
[[nodiscard]] inline Bf16 narrowedToBf16(float value)
{
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    return static_cast<Bf16>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

[[nodiscard]] inline float widenedFromBf16(Bf16 value)
{
    const std::uint32_t bits = std::uint32_t{value} << 16;
    float result = 0;
    std::memcpy(&result, &bits, sizeof result);
    return result;
}

} // namespace precedent::core
