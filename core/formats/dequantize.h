#pragma once

#include <cstdint>

#include "precedent/formats/tensor.h"

namespace precedent::formats {

/// Widens `count` blocks, one after the other, to count * blockElements(dtype) floats.
using WidenBlocks = void (*)(const unsigned char* blocks, std::int64_t count, float* out);

/// nullptr where canWiden(dtype) is false.
[[nodiscard]] WidenBlocks widenerOf(DType dtype);

} // namespace precedent::formats
