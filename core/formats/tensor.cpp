#include "precedent/formats/tensor.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/formats/dequantize.h"

namespace precedent::formats {
namespace {

struct DTypeRow {
    DType dtype;
    const char* name;
    std::int64_t blockElements;
    std::size_t blockBytes;
};

constexpr std::array kDTypes = {
    DTypeRow{DType::f64, "F64", 1, 8},
    DTypeRow{DType::f32, "F32", 1, 4},
    DTypeRow{DType::f16, "F16", 1, 2},
    DTypeRow{DType::bf16, "BF16", 1, 2},
    DTypeRow{DType::f8e4m3, "F8_E4M3", 1, 1},
    DTypeRow{DType::f8e5m2, "F8_E5M2", 1, 1},
    DTypeRow{DType::i64, "I64", 1, 8},
    DTypeRow{DType::i32, "I32", 1, 4},
    DTypeRow{DType::i16, "I16", 1, 2},
    DTypeRow{DType::i8, "I8", 1, 1},
    DTypeRow{DType::u64, "U64", 1, 8},
    DTypeRow{DType::u32, "U32", 1, 4},
    DTypeRow{DType::u16, "U16", 1, 2},
    DTypeRow{DType::u8, "U8", 1, 1},
    DTypeRow{DType::boolean, "BOOL", 1, 1},
    DTypeRow{DType::q4_0, "Q4_0", 32, 18},
    DTypeRow{DType::q4_1, "Q4_1", 32, 20},
    DTypeRow{DType::q5_0, "Q5_0", 32, 22},
    DTypeRow{DType::q5_1, "Q5_1", 32, 24},
    DTypeRow{DType::q8_0, "Q8_0", 32, 34},
    DTypeRow{DType::q2_k, "Q2_K", 256, 84},
    DTypeRow{DType::q3_k, "Q3_K", 256, 110},
    DTypeRow{DType::q4_k, "Q4_K", 256, 144},
    DTypeRow{DType::q5_k, "Q5_K", 256, 176},
    DTypeRow{DType::q6_k, "Q6_K", 256, 210},
    DTypeRow{DType::q8_1, "Q8_1", 32, 36},
    DTypeRow{DType::q8_k, "Q8_K", 256, 292},
    DTypeRow{DType::iq2_xxs, "IQ2_XXS", 256, 66},
    DTypeRow{DType::iq2_xs, "IQ2_XS", 256, 74},
    DTypeRow{DType::iq3_xxs, "IQ3_XXS", 256, 98},
    DTypeRow{DType::iq1_s, "IQ1_S", 256, 50},
    DTypeRow{DType::iq4_nl, "IQ4_NL", 32, 18},
    DTypeRow{DType::iq3_s, "IQ3_S", 256, 110},
    DTypeRow{DType::iq2_s, "IQ2_S", 256, 82},
    DTypeRow{DType::iq4_xs, "IQ4_XS", 256, 136},
    DTypeRow{DType::iq1_m, "IQ1_M", 256, 56},
    DTypeRow{DType::tq1_0, "TQ1_0", 256, 54},
    DTypeRow{DType::tq2_0, "TQ2_0", 256, 66},
    DTypeRow{DType::mxfp4, "MXFP4", 32, 17},
    DTypeRow{DType::nvfp4, "NVFP4", 64, 36},
    DTypeRow{DType::q1_0, "Q1_0", 128, 18},
};

constexpr bool rowsAreInOrder()
{
    for (std::size_t i = 0; i < kDTypes.size(); ++i) {
        if (static_cast<std::size_t>(kDTypes[i].dtype) != i)
            return false;
    }
    return true;
}
static_assert(rowsAreInOrder(), "rowOf indexes by the enumerator");

constexpr std::int64_t kChunk = 2048; // floats that stay in the nearest cache between two passes over them

const DTypeRow& rowOf(DType dtype) { return kDTypes[static_cast<std::size_t>(dtype)]; }

/// Where some whole rows of a tensor lie; no widener if they cannot be had.
struct Blocks {
    WidenBlocks widen = nullptr;
    const unsigned char* first = nullptr;
    std::int64_t count = 0;
};

Blocks blocksOf(const TensorView& tensor, std::int64_t firstRow, std::int64_t rowCount)
{
    const DTypeRow& row = rowOf(tensor.dtype);
    const std::int64_t perRow = tensor.rowLength() / row.blockElements;
    if (firstRow < 0 || rowCount < 0 || firstRow > tensor.rows() || rowCount > tensor.rows() - firstRow ||
        tensor.rowLength() % row.blockElements != 0)
        return {};
    return {widenerOf(tensor.dtype),
        reinterpret_cast<const unsigned char*>(tensor.bytes.data()) + static_cast<std::size_t>(firstRow * perRow) * row.blockBytes,
        rowCount * perRow};
}

} // namespace

const char* toString(DType dtype) { return rowOf(dtype).name; }

std::optional<DType> dtypeFromString(std::string_view text)
{
    for (const DTypeRow& row : kDTypes) {
        if (text == row.name && row.blockElements == 1)
            return row.dtype;
    }
    return std::nullopt;
}

std::int64_t blockElements(DType dtype) { return rowOf(dtype).blockElements; }

std::size_t blockBytes(DType dtype) { return rowOf(dtype).blockBytes; }

bool canWiden(DType dtype) { return widenerOf(dtype) != nullptr; }

std::string widenableTypes()
{
    std::string names;
    for (const DTypeRow& row : kDTypes) {
        if (canWiden(row.dtype))
            names += (names.empty() ? "" : ", ") + std::string(row.name);
    }
    return names;
}

std::optional<std::uint64_t> TensorToWrite::size() const
{
    const auto block = static_cast<std::uint64_t>(blockElements(dtype));
    std::uint64_t elements = 1;
    for (const std::int64_t extent : shape) {
        if (extent < 0 || __builtin_mul_overflow(elements, static_cast<std::uint64_t>(extent), &elements))
            return std::nullopt;
    }
    std::uint64_t bytes = 0;
    const std::uint64_t row = shape.empty() ? 1 : static_cast<std::uint64_t>(shape.back());
    if (row % block != 0 || __builtin_mul_overflow(elements / block, std::uint64_t{blockBytes(dtype)}, &bytes))
        return std::nullopt;
    return bytes;
}

std::vector<TensorToWrite> toWrite(const std::vector<TensorView>& views)
{
    std::vector<TensorToWrite> tensors;
    for (const TensorView& view : views)
        tensors.push_back({view.name, view.dtype, view.shape, [&view]() -> Result<std::string> { return std::string(view.bytes); }});
    return tensors;
}

std::int64_t TensorView::elements() const { return rows() * rowLength(); }

std::int64_t TensorView::rowLength() const { return shape.empty() ? 1 : shape.back(); }

std::int64_t TensorView::rows() const
{
    std::int64_t n = 1;
    for (std::size_t i = 0; i + 1 < shape.size(); ++i)
        n *= shape[i];
    return n;
}

bool widenToFloat(const TensorView& tensor, float* out) { return widenRowsToFloat(tensor, 0, tensor.rows(), out); }

bool widenRowsToFloat(const TensorView& tensor, std::int64_t firstRow, std::int64_t rowCount, float* out)
{
    const Blocks blocks = blocksOf(tensor, firstRow, rowCount);
    if (blocks.widen == nullptr)
        return false;
    blocks.widen(blocks.first, blocks.count, out);
    return true;
}

bool widenRowsToBf16(const TensorView& tensor, std::int64_t firstRow, std::int64_t rowCount, std::uint16_t* out)
{
    const Blocks blocks = blocksOf(tensor, firstRow, rowCount);
    if (blocks.widen == nullptr)
        return false;
    float values[kChunk];
    const DTypeRow& row = rowOf(tensor.dtype);
    const std::int64_t most = kChunk / row.blockElements;
    for (std::int64_t done = 0; done < blocks.count; done += most) {
        const std::int64_t n = std::min(most, blocks.count - done);
        blocks.widen(blocks.first + static_cast<std::size_t>(done) * row.blockBytes, n, values);
        roundToBf16(values, n * row.blockElements, out + done * row.blockElements);
    }
    return true;
}

void roundToBf16(const float* values, std::int64_t count, std::uint16_t* out)
{
    for (std::int64_t i = 0; i < count; ++i) {
        std::uint32_t bits = 0;
        std::memcpy(&bits, values + i, sizeof bits);
        const bool nan = (bits & 0x7FFFFFFFU) > 0x7F800000U;
        out[i] = static_cast<std::uint16_t>(nan ? bits >> 16 | 0x40U : (bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16);
    }
}

std::string narrowToBf16(const float* values, std::int64_t count)
{
    std::string bytes(static_cast<std::size_t>(count) * 2, '\0');
    std::uint16_t rounded[kChunk];
    for (std::int64_t done = 0; done < count; done += kChunk) {
        const std::int64_t n = std::min(kChunk, count - done);
        roundToBf16(values + done, n, rounded);
        std::memcpy(bytes.data() + done * 2, rounded, static_cast<std::size_t>(n) * 2);
    }
    return bytes;
}

} // namespace precedent::formats
