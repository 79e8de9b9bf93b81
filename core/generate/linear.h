#pragma once

#include <cstdint>

#include "core/generate/aligned_buffer.h"
#include "core/generate/kernels.h"
#include "core/generate/row_kernels.h"

namespace precedent::core {

/// A weight [N, K] (y = x W^T) as panels [K, 32] of its columns, in float32.
struct PackedMatrix {
    std::int64_t K = 0;
    std::int64_t panels = 0;
    AlignedBuffer data;

    [[nodiscard]] std::int64_t panelStride() const { return K * kPanel; }
    [[nodiscard]] std::int64_t paddedColumns() const { return panels * kPanel; }
    [[nodiscard]] const float* panel(std::int64_t index) const { return data.data() + index * panelStride(); }
};

/// What an adapter adds to a product: (x A^T) (s B)^T. Not merged into the weight, which bfloat16 could not hold.
struct LowRank {
    PackedMatrix down; ///< A [r, K]
    PackedMatrix up; ///< s B [N, r]; no panels: no adapter
};

/// y = x W^T + b with the adapter's part. The weight is either a copy in float32 panels, the adapter merged in, or the
/// decoder's own tensor, bfloat16 rows, and the adapter beside it.
struct Linear {
    std::int64_t K = 0;
    std::int64_t N = 0;
    PackedMatrix panels;
    const Bf16* rows = nullptr; ///< [N, K], not owned; null: held as panels
    AlignedBuffer bias; ///< [N], or empty
    LowRank adapter; ///< of bfloat16 rows only

    /// Bytes that one product reads.
    [[nodiscard]] std::int64_t bytes() const;
};

/// Rows of a product's input: as they are, as the row kernels read them, and narrowed by an adapter.
struct ProductInput {
    std::int64_t rows = 0;
    const float* x = nullptr; ///< [rows, xStride]
    std::int64_t xStride = 0;
    const void* prepared = nullptr; ///< by `kernels`; needed for weights held as rows
    const float* narrow = nullptr; ///< x A^T [rows, narrowStride]; needed where there is an adapter
    std::int64_t narrowStride = 0;
};

/// Columns [begin, end) of the product, at `out` (column begin's place, `outStride` floats a row, which must have room for
/// whole panels). `accumulate`: the sums start from what is there. begin is a panel's boundary unless the weight is held as
/// rows without an adapter. `wanted` columns after `end` are this thread's next.
void multiplyColumns(const Kernels& floats, const RowKernels& kernels, const Linear& linear, const ProductInput& input, std::int64_t begin,
    std::int64_t end, std::int64_t wanted, float* out, std::int64_t outStride, bool accumulate);

/// x A^T of `rows` rows at x, into `narrow` [rows, narrowStride].
void narrowRows(const Kernels& floats, const LowRank& adapter, const float* x, std::int64_t xStride, std::int64_t rows, float* narrow,
    std::int64_t narrowStride);

} // namespace precedent::core
