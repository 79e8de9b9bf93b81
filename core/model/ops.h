#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

/// The differentiable pieces of a decoder layer. Each has a plain form (ATen ops alone: any device and dtype, the
/// reference) in namespace plain and, under the same name outside it, the form that the models call: fused loops for
/// CPU tensors, the plain one elsewhere. tst_ops holds them together, values and gradients.
namespace precedent::core {

/// cos and sin of position * frequency, times the magnitude, each [positions, D/2].
struct RopeTable {
    at::Tensor cos;
    at::Tensor sin;
};
/// frequencies [D/2] float64, in radians a position.
[[nodiscard]] RopeTable makeRopeTable(
    std::int64_t positions, const at::Tensor& frequencies, double magnitude, const at::TensorOptions& options);

/// x W^T: x [.., in], weight [out, in] -> [.., out]. A weight in bfloat16 under float32 x is frozen, and widened piece by
/// piece (on a CPU) or x narrowed to it (elsewhere).
[[nodiscard]] at::Tensor linearProjection(const at::Tensor& x, const at::Tensor& weight);

/// x / sqrt(mean(x^2) + eps) * weight over the last dimension; x [.., C], weight [C].
[[nodiscard]] at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps);

/// Rotary positions in Hugging Face's halves layout: (x1, x2) -> (x1 cos - x2 sin, x2 cos + x1 sin) with x1, x2 the two
/// halves of the head. x [N, H, D]; cos, sin [N, D/2], one row for each of the N positions.
[[nodiscard]] at::Tensor rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin);

/// silu(gate) * up.
[[nodiscard]] at::Tensor swiGlu(const at::Tensor& gate, const at::Tensor& up);

/// gelu(gate) * up with the tanh form of GELU.
[[nodiscard]] at::Tensor geluGlu(const at::Tensor& gate, const at::Tensor& up);

struct AttentionOptions {
    double scale = 0.0; ///< of q k^T; 0: 1 / sqrt(D)
    std::int64_t window = 0; ///< positions that one sees, its own the last of them; 0: all before it
};

/// softmax(scale q k^T) v, causal, with grouped queries: q [B, T, H, D], k and v [B, T, KV, D] -> [B, T, H, D].
[[nodiscard]] at::Tensor causalAttention(
    const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionOptions& options = {});

/// Suffixes of `lengths` [G] positions, N in all, that see one prompt of P positions and, causally, themselves. One after another:
/// q [N, H, D]; own keys and values k, v [N, KV, D]; the prompt's promptK, promptV [P, KV, D] -> [N, H, D].
[[nodiscard]] at::Tensor suffixAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
    const std::vector<std::int64_t>& lengths, const at::Tensor& promptK, const at::Tensor& promptV, const AttentionOptions& options = {});

/// Sequences of `lengths` [G] rows that lie one after another, [N, ..], as [G, S, ..] with zeros behind the shorter ones; S is at least
/// the longest one's.
[[nodiscard]] at::Tensor paddedSequences(const at::Tensor& rows, const std::vector<std::int64_t>& lengths, std::int64_t S);

namespace plain {
[[nodiscard]] at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps);
[[nodiscard]] at::Tensor rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin);
[[nodiscard]] at::Tensor swiGlu(const at::Tensor& gate, const at::Tensor& up);
[[nodiscard]] at::Tensor geluGlu(const at::Tensor& gate, const at::Tensor& up);
[[nodiscard]] at::Tensor causalAttention(
    const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionOptions& options = {});
[[nodiscard]] at::Tensor suffixAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
    const std::vector<std::int64_t>& lengths, const at::Tensor& promptK, const at::Tensor& promptV, const AttentionOptions& options = {});
/// One new position of each of G sequences that see one prompt and their own n tokens, the new one among them. q [G, H, D];
/// k, v [G, n, KV, D]; promptK, promptV [P, KV, D] -> [G, H, D]. No gradient is needed, so there is no fused form.
[[nodiscard]] at::Tensor stepAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& promptK,
    const at::Tensor& promptV, const AttentionOptions& options = {});
} // namespace plain

} // namespace precedent::core
