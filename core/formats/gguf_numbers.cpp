#include "core/formats/gguf_numbers.h"

#include <array>

namespace precedent::formats {
namespace {

/// ggml's numbers for types. Those missing were taken back.
struct TypeNumber {
    std::uint32_t number;
    DType dtype;
};

constexpr std::array kTypeNumbers = {TypeNumber{0, DType::f32}, TypeNumber{1, DType::f16}, TypeNumber{2, DType::q4_0},
    TypeNumber{3, DType::q4_1}, TypeNumber{6, DType::q5_0}, TypeNumber{7, DType::q5_1}, TypeNumber{8, DType::q8_0},
    TypeNumber{9, DType::q8_1}, TypeNumber{10, DType::q2_k}, TypeNumber{11, DType::q3_k}, TypeNumber{12, DType::q4_k},
    TypeNumber{13, DType::q5_k}, TypeNumber{14, DType::q6_k}, TypeNumber{15, DType::q8_k}, TypeNumber{16, DType::iq2_xxs},
    TypeNumber{17, DType::iq2_xs}, TypeNumber{18, DType::iq3_xxs}, TypeNumber{19, DType::iq1_s}, TypeNumber{20, DType::iq4_nl},
    TypeNumber{21, DType::iq3_s}, TypeNumber{22, DType::iq2_s}, TypeNumber{23, DType::iq4_xs}, TypeNumber{24, DType::i8},
    TypeNumber{25, DType::i16}, TypeNumber{26, DType::i32}, TypeNumber{27, DType::i64}, TypeNumber{28, DType::f64},
    TypeNumber{29, DType::iq1_m}, TypeNumber{30, DType::bf16}, TypeNumber{34, DType::tq1_0}, TypeNumber{35, DType::tq2_0},
    TypeNumber{39, DType::mxfp4}, TypeNumber{40, DType::nvfp4}, TypeNumber{41, DType::q1_0}};

} // namespace

std::optional<DType> dtypeFromGgufNumber(std::uint32_t number)
{
    for (const TypeNumber& row : kTypeNumbers) {
        if (row.number == number)
            return row.dtype;
    }
    return std::nullopt;
}

std::optional<std::uint32_t> ggufNumber(DType dtype)
{
    for (const TypeNumber& row : kTypeNumbers) {
        if (row.dtype == dtype)
            return row.number;
    }
    return std::nullopt;
}

} // namespace precedent::formats
