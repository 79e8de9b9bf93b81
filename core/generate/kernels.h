#pragma once

#include <cstdint>
#include <vector>

namespace precedent::core {

/// Columns of a packed panel. A matrix [K, N] is kept as ceil(N / 32) panels [K, 32], zero-filled at the end.
inline constexpr std::int64_t kPanel = 32;

[[nodiscard]] constexpr std::int64_t paddedToPanel(std::int64_t n) { return (n + kPanel - 1) / kPanel * kPanel; }

/// The inner loops of generation, once for each instruction set. Every output is a sum taken in one fixed order that
/// depends on no other row, so that a row's result is the same in any batch and under any split into threads or cache
/// blocks (tst_generator). Results differ in rounding between instruction sets.
struct Kernels {
    const char* name; ///< "baseline", "avx2", "avx512"

    /// out[m][0..32 panels) = sum over k of x[m * xStride + k * xStep] * panels[..][k][..], m < M; with `accumulate` the
    /// sum starts from what out holds. Strides are in floats; out rows must have room for whole panels.
    void (*matmul)(const float* x, std::int64_t xStride, std::int64_t xStep, std::int64_t M, std::int64_t K, const float* panels,
        std::int64_t panelCount, std::int64_t panelStride, float* out, std::int64_t outStride, bool accumulate);

    /// out = x / sqrt(mean(x^2) + eps) * weight, over C values.
    void (*rmsNorm)(const float* x, const float* weight, float eps, std::int64_t C, float* out);

    /// out = silu(gate) * up, over n values.
    void (*swiGlu)(const float* gate, const float* up, std::int64_t n, float* out);

    /// out = gelu(gate) * up with the tanh form of GELU, over n values.
    void (*geluGlu)(const float* gate, const float* up, std::int64_t n, float* out);

    /// x = exp((x - max x) * scale) in place over n values; returns the sum. x must have room up to a multiple of 16,
    /// which is filled with zeros; `highest` receives max x.
    float (*softmaxWeights)(float* x, std::int64_t n, float scale, float* highest);

    /// x = exp(x * scale - shift) in place over n values, where that is at most 1; zeros up to a multiple of 16.
    void (*exponentials)(float* x, std::int64_t n, float scale, float shift);

    /// gradient = weights * (gradient - mean) * scale in place over n values: softmax's backward for one row.
    void (*softmaxGradient)(const float* weights, float* gradient, std::int64_t n, float mean, float scale);

    /// As softmaxWeights, but x is left as it was.
    float (*sumOfExponentials)(const float* x, std::int64_t n, float* highest);

    /// As sumOfExponentials; `weighted` receives the sum of exp(x - max x) * (x - max x), what the entropy needs.
    float (*softmaxSums)(const float* x, std::int64_t n, float* highest, float* weighted);

    /// x = exp(x - shift) in place over n values, and nothing behind them.
    void (*shiftedExponentials)(float* x, std::int64_t n, float shift);

    /// The backward of geluGlu for upstream d: dGate = gelu'(gate) * up * d, dUp = gelu(gate) * d, over n values.
    void (*geluGluGradient)(const float* gate, const float* up, const float* d, std::int64_t n, float* dGate, float* dUp);
};

/// The fastest that this processor runs.
[[nodiscard]] const Kernels& bestKernels();
/// All that this processor runs, baseline first: for tests and measurements.
[[nodiscard]] std::vector<const Kernels*> availableKernels();

} // namespace precedent::core
