#pragma once

#include <ATen/core/Tensor.h>

/// The differentiable pieces of a decoder layer. Each has a plain form (ATen ops alone: any device and dtype, the
/// reference) in namespace plain and, under the same name outside it, the form that the models call: fused loops for
/// CPU tensors, the plain one elsewhere. tst_ops holds them together, values and gradients.
namespace precedent::core {

/// cos and sin of position * theta^(-2 i / D), each [positions, D/2].
struct RopeTable {
    at::Tensor cos;
    at::Tensor sin;
};
[[nodiscard]] RopeTable makeRopeTable(std::int64_t positions, std::int64_t headDim, double theta, at::ScalarType dtype);

/// x / sqrt(mean(x^2) + eps) * weight over the last dimension; x [.., C], weight [C].
[[nodiscard]] at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps);

/// Rotary positions in Hugging Face's halves layout: (x1, x2) -> (x1 cos - x2 sin, x2 cos + x1 sin) with x1, x2 the two
/// halves of the head. x [N, H, D]; cos, sin [N, D/2], one row for each of the N positions.
[[nodiscard]] at::Tensor rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin);

/// silu(gate) * up.
[[nodiscard]] at::Tensor swiGlu(const at::Tensor& gate, const at::Tensor& up);

/// softmax(q k^T / sqrt(D)) v, causal, with grouped queries: q [B, T, H, D], k and v [B, T, KV, D] -> [B, T, H, D].
[[nodiscard]] at::Tensor causalAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v);

/// G suffixes of length L that see one prompt of P positions and, causally, themselves. q [G, L, H, D]; own keys and
/// values k, v [G, L, KV, D]; the prompt's promptK, promptV [P, KV, D] -> [G, L, H, D].
[[nodiscard]] at::Tensor suffixAttention(
    const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& promptK, const at::Tensor& promptV);

namespace plain {
[[nodiscard]] at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps);
[[nodiscard]] at::Tensor rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin);
[[nodiscard]] at::Tensor swiGlu(const at::Tensor& gate, const at::Tensor& up);
[[nodiscard]] at::Tensor causalAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v);
[[nodiscard]] at::Tensor suffixAttention(
    const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& promptK, const at::Tensor& promptV);
} // namespace plain

} // namespace precedent::core
