#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "precedent/formats/tensor.h"

/// What reader and writer of GGUF agree on.
namespace precedent::formats {

inline constexpr std::string_view kGgufMagic = "GGUF";
inline constexpr std::uint32_t kGgufVersion = 3; ///< the newest
inline constexpr std::uint32_t kGgufMostRank = 4;
inline constexpr std::uint64_t kGgufAlignment = 32; ///< of files that do not state one

/// ggml's numbers for the types of tensors. Nothing for a number or type that it does not have.
[[nodiscard]] std::optional<DType> dtypeFromGgufNumber(std::uint32_t number);
[[nodiscard]] std::optional<std::uint32_t> ggufNumber(DType dtype);

} // namespace precedent::formats
