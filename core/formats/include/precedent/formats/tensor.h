#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "precedent/base/result.h"

/// What files hold of tensors, whatever the format: element types, views into a mapping, and their values as numbers.
namespace precedent::formats {

/// How a tensor's elements are stored. The first group is element by element, as safetensors files spell it; the others
/// are GGUF's, in blocks of 32 or 256 elements that share scales (ggml's names). The last group is known by name and
/// size only: widening refuses it.
enum class DType {
    f64,
    f32,
    f16,
    bf16,
    f8e4m3,
    f8e5m2,
    i64,
    i32,
    i16,
    i8,
    u64,
    u32,
    u16,
    u8,
    boolean,
    q4_0,
    q4_1,
    q5_0,
    q5_1,
    q8_0,
    q2_k,
    q3_k,
    q4_k,
    q5_k,
    q6_k,
    q8_1,
    q8_k,
    iq2_xxs,
    iq2_xs,
    iq3_xxs,
    iq1_s,
    iq4_nl,
    iq3_s,
    iq2_s,
    iq4_xs,
    iq1_m,
    tq1_0,
    tq2_0,
    mxfp4,
    nvfp4,
    q1_0,
};

/// The format's spelling ("BF16", "Q4_K").
[[nodiscard]] const char* toString(DType dtype);
/// The type that a safetensors file calls so; none for GGUF's block types.
[[nodiscard]] std::optional<DType> dtypeFromString(std::string_view text);
/// Elements that are stored together: 1, or the length of a block.
[[nodiscard]] std::int64_t blockElements(DType dtype);
/// Bytes of one block, which is one element of the types without blocks.
[[nodiscard]] std::size_t blockBytes(DType dtype);
/// Whether widenToFloat and its kin read it.
[[nodiscard]] bool canWiden(DType dtype);
/// The types of which canWiden is true, for messages ("F32, F16, ...").
[[nodiscard]] std::string widenableTypes();

/// A tensor inside a mapped file, row-major. `bytes` lives as long as the file object and may be unaligned.
struct TensorView {
    std::string name;
    DType dtype = DType::f32;
    std::vector<std::int64_t> shape; ///< the last extent is a row's; a multiple of blockElements(dtype)
    std::string_view bytes;

    [[nodiscard]] std::int64_t elements() const;
    /// Elements of a row: the last extent; 1 for a scalar.
    [[nodiscard]] std::int64_t rowLength() const;
    /// Rows over all the other extents.
    [[nodiscard]] std::int64_t rows() const;
};

/// A tensor that is to be written. Its bytes are made when its turn comes, so that a file's tensors need not be in memory together.
struct TensorToWrite {
    std::string name;
    DType dtype = DType::f32;
    std::vector<std::int64_t> shape;
    std::function<Result<std::string>()> make; ///< what shape and dtype need, as in TensorView::bytes; called once

    /// Bytes that shape and dtype need; nothing where an extent is negative, a row is no whole number of blocks, or it overflows.
    [[nodiscard]] std::optional<std::uint64_t> size() const;
};
/// Of views, which must outlive the result.
[[nodiscard]] std::vector<TensorToWrite> toWrite(const std::vector<TensorView>& views);

/// The tensor's values as float; the same arithmetic, in float and in the same order, as the `gguf` Python package's
/// dequantize(), so that results are equal bit for bit. out has elements() places. False where canWiden is false.
[[nodiscard]] bool widenToFloat(const TensorView& tensor, float* out);
/// The same of rows firstRow .. firstRow + rowCount - 1. False also where there are not so many rows.
[[nodiscard]] bool widenRowsToFloat(const TensorView& tensor, std::int64_t firstRow, std::int64_t rowCount, float* out);
/// widenRowsToFloat rounded to bf16 (nearest, ties to even; NaN stays NaN), without the floats' memory.
[[nodiscard]] bool widenRowsToBf16(const TensorView& tensor, std::int64_t firstRow, std::int64_t rowCount, std::uint16_t* out);

/// Rounds to nearest even, as hardware does; NaN stays NaN.
void roundToBf16(const float* values, std::int64_t count, std::uint16_t* out);
/// As roundToBf16, as two bytes an element.
[[nodiscard]] std::string narrowToBf16(const float* values, std::int64_t count);
/// Rounds to half precision, to nearest even; past its range infinity. Two bytes an element.
[[nodiscard]] std::string narrowToF16(const float* values, std::int64_t count);
/// Q8_0 blocks, equal byte for byte to those of the `gguf` Python package: the largest of 32 absolute values is 127 steps.
/// Nothing if count is no multiple of 32, or a value is NaN, infinite, or too large for a half's range of steps.
[[nodiscard]] std::optional<std::string> quantizeQ8_0(const float* values, std::int64_t count);

} // namespace precedent::formats
