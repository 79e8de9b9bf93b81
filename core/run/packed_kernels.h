#pragma once

#include <cstdint>

/// Row-wise kernels of PackedNetwork: plain C++ that the compiler vectorises, one clone for each instruction set. All
/// matrices are row-major float32. Deterministic for a given machine; none allocates or throws.
namespace precedent::core::kernels {

/// y = x * inv * w with inv = 1/sqrt(mean(x^2) + eps); inv [rows] is kept for the backward. x, y [rows, C].
void rmsNorm(const float* x, const float* w, float eps, std::int64_t rows, std::int64_t C, float* y, float* inv);

/// dx += gradient through rmsNorm; dw [C] += its weight's. dy, x, dx [rows, C].
void rmsNormBackward(
    const float* dy, const float* x, const float* w, const float* inv, std::int64_t rows, std::int64_t C, float* dx, float* dw);

/// Rotates `heads` heads of D numbers at the start of each row, in place, Hugging Face's halves; row r sits at position
/// positions[r]. cos, sin [context, D/2]. sign -1 turns back (the backward).
void rope(float* rows, std::int64_t n, std::int64_t stride, std::int64_t heads, std::int64_t D, const std::int32_t* positions,
    const float* cos, const float* sin, float sign);

/// h [rows, F] = silu(gate) * up; gateUp [rows, 2F] holds gate then up.
void swiglu(const float* gateUp, std::int64_t rows, std::int64_t F, float* h);

/// gateUp is replaced by its gradient. dh [rows, F].
void swigluBackward(const float* dh, std::int64_t rows, std::int64_t F, float* gateUp);

/// Causal softmax of scores [rows, ld]: row r sees keys 0..first + r of `keys`; the rest of the keys become 0.
/// lse [rows] receives log sum exp of the scaled scores.
void causalSoftmax(float* scores, std::int64_t rows, std::int64_t keys, std::int64_t ld, std::int64_t first, float scale, float* lse);

/// scores become probabilities again, from lse; the same masking.
void causalProbabilities(
    float* scores, std::int64_t rows, std::int64_t keys, std::int64_t ld, std::int64_t first, float scale, const float* lse);

/// dScores [rows, ld] = probabilities * (dScores - delta[r]) * scale, over the keys.
void softmaxBackward(
    const float* probabilities, float* dScores, std::int64_t rows, std::int64_t keys, std::int64_t ld, float scale, const float* delta);

/// out[r] = dot of a's and b's rows over D.
void rowDots(const float* a, std::int64_t strideA, const float* b, std::int64_t strideB, std::int64_t rows, std::int64_t D, float* out);

/// logits [rows, V] become (softmax - one-hot of target) * weight. Returns the sum of -log p(target).
double crossEntropy(float* logits, const std::int32_t* targets, std::int64_t rows, std::int64_t V, float weight);

/// One decoupled AdamW update of n weights. correction1, 2: 1 - beta^t. gradient is scaled by gradScale first.
struct AdamStep {
    float learningRate, beta1, beta2, eps, weightDecay, gradScale, correction1, correction2;
};
void adamW(const AdamStep& step, std::int64_t n, const float* gradient, float* weight, float* m, float* v);

[[nodiscard]] double sumOfSquares(const float* x, std::int64_t n);

} // namespace precedent::core::kernels
