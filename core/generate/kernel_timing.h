#pragma once

#include <cstdint>

#include "core/generate/kernels.h"
#include "core/generate/row_kernels.h"

namespace precedent::core {

/// Shape of a product: rows x K times N x K.
struct ProductShape {
    std::int64_t rows = 0;
    std::int64_t K = 0;
    std::int64_t N = 0;
};

/// 10^9 operations a second of one product with bfloat16 rows over all threads: the best of some short goes, so that what
/// else runs on the machine weighs little.
[[nodiscard]] double rowGigaflops(const RowKernels& kernels, const ProductShape& shape, int goes);

/// The same with float32 panels.
[[nodiscard]] double panelGigaflops(const Kernels& kernels, const ProductShape& shape, int goes);

/// 10^9 bytes a second that all threads read from memory together, best of `goes` over a buffer larger than the caches.
[[nodiscard]] double readGigabytes(int goes);

} // namespace precedent::core
