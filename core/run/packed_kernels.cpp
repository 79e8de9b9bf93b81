#include "core/run/packed_kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>

// One clone per instruction set, chosen when the library is loaded. Sanitizers run before such a choice is possible.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define PRECEDENT_CLONES __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default")))
#else
#define PRECEDENT_CLONES
#endif
#define PRECEDENT_INLINE inline __attribute__((always_inline))

namespace precedent::core::kernels {
namespace {

// exp in about 2 units in the last place for |x| < 87, clamped beyond; written so that it vectorises (std::exp does not).
PRECEDENT_INLINE float fastExp(float x)
{
    x = x < -87.0F ? -87.0F : x;
    x = x > 88.0F ? 88.0F : x;
    constexpr float kRound = 12582912.0F; // 1.5 * 2^23: adding it rounds to the nearest integer
    const float n = (x * 1.44269504F + kRound) - kRound;
    const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
    float p = 1.9875691500e-4F;
    p = p * r + 1.3981999507e-3F;
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    p = p * r * r + r + 1.0F;
    return p * std::bit_cast<float>((static_cast<std::int32_t>(n) + 127) << 23);
}

PRECEDENT_INLINE float sigmoid(float x) { return 1.0F / (1.0F + fastExp(-x)); }

} // namespace

PRECEDENT_CLONES void rmsNorm(const float* x, const float* w, float eps, std::int64_t rows, std::int64_t C, float* y, float* inv)
{
    for (std::int64_t r = 0; r < rows; ++r) {
        const float* xr = x + r * C;
        float* yr = y + r * C;
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (std::int64_t c = 0; c < C; ++c)
            sum += xr[c] * xr[c];
        const float scale = 1.0F / std::sqrt(sum / static_cast<float>(C) + eps);
        inv[r] = scale;
#pragma omp simd
        for (std::int64_t c = 0; c < C; ++c)
            yr[c] = xr[c] * scale * w[c];
    }
}

PRECEDENT_CLONES void rmsNormBackward(
    const float* dy, const float* x, const float* w, const float* inv, std::int64_t rows, std::int64_t C, float* dx, float* dw)
{
    for (std::int64_t r = 0; r < rows; ++r) {
        const float* dyr = dy + r * C;
        const float* xr = x + r * C;
        float* dxr = dx + r * C;
        const float s = inv[r];
        float dot = 0;
#pragma omp simd reduction(+ : dot)
        for (std::int64_t c = 0; c < C; ++c)
            dot += dyr[c] * w[c] * xr[c];
        const float k = dot * s * s * s / static_cast<float>(C);
#pragma omp simd
        for (std::int64_t c = 0; c < C; ++c) {
            dxr[c] += dyr[c] * w[c] * s - xr[c] * k;
            dw[c] += dyr[c] * xr[c] * s;
        }
    }
}

PRECEDENT_CLONES void rope(float* rows, std::int64_t n, std::int64_t stride, std::int64_t heads, std::int64_t D,
    const std::int32_t* positions, const float* cos, const float* sin, float sign)
{
    const std::int64_t half = D / 2;
    for (std::int64_t r = 0; r < n; ++r) {
        const float* c = cos + positions[r] * half;
        const float* s = sin + positions[r] * half;
        for (std::int64_t h = 0; h < heads; ++h) {
            float* a = rows + r * stride + h * D;
            float* b = a + half;
#pragma omp simd
            for (std::int64_t i = 0; i < half; ++i) {
                const float u = a[i];
                const float v = b[i];
                a[i] = u * c[i] - sign * v * s[i];
                b[i] = v * c[i] + sign * u * s[i];
            }
        }
    }
}

PRECEDENT_CLONES void swiglu(const float* gateUp, std::int64_t rows, std::int64_t F, float* h)
{
    for (std::int64_t r = 0; r < rows; ++r) {
        const float* g = gateUp + r * 2 * F;
        const float* u = g + F;
        float* hr = h + r * F;
#pragma omp simd
        for (std::int64_t i = 0; i < F; ++i)
            hr[i] = g[i] * sigmoid(g[i]) * u[i];
    }
}

PRECEDENT_CLONES void swigluBackward(const float* dh, std::int64_t rows, std::int64_t F, float* gateUp)
{
    for (std::int64_t r = 0; r < rows; ++r) {
        float* g = gateUp + r * 2 * F;
        float* u = g + F;
        const float* d = dh + r * F;
#pragma omp simd
        for (std::int64_t i = 0; i < F; ++i) {
            const float gate = g[i];
            const float s = sigmoid(gate);
            const float silu = gate * s;
            g[i] = d[i] * u[i] * (s + silu * (1.0F - s));
            u[i] = d[i] * silu;
        }
    }
}

PRECEDENT_CLONES void causalSoftmax(
    float* scores, std::int64_t rows, std::int64_t keys, std::int64_t ld, std::int64_t first, float scale, float* lse)
{
    for (std::int64_t r = 0; r < rows; ++r) {
        float* s = scores + r * ld;
        const std::int64_t seen = std::min(keys, first + r + 1);
        float top = s[0];
#pragma omp simd reduction(max : top)
        for (std::int64_t k = 0; k < seen; ++k)
            top = std::max(top, s[k]);
        top *= scale;
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (std::int64_t k = 0; k < seen; ++k) {
            const float e = fastExp(s[k] * scale - top);
            s[k] = e;
            sum += e;
        }
        lse[r] = top + std::log(sum);
        const float scaleBack = 1.0F / sum;
#pragma omp simd
        for (std::int64_t k = 0; k < seen; ++k)
            s[k] *= scaleBack;
        std::fill(s + seen, s + keys, 0.0F);
    }
}

PRECEDENT_CLONES void causalProbabilities(
    float* scores, std::int64_t rows, std::int64_t keys, std::int64_t ld, std::int64_t first, float scale, const float* lse)
{
    for (std::int64_t r = 0; r < rows; ++r) {
        float* s = scores + r * ld;
        const std::int64_t seen = std::min(keys, first + r + 1);
        const float base = lse[r];
#pragma omp simd
        for (std::int64_t k = 0; k < seen; ++k)
            s[k] = fastExp(s[k] * scale - base);
        std::fill(s + seen, s + keys, 0.0F);
    }
}

PRECEDENT_CLONES void softmaxBackward(
    const float* probabilities, float* dScores, std::int64_t rows, std::int64_t keys, std::int64_t ld, float scale, const float* delta)
{
    for (std::int64_t r = 0; r < rows; ++r) {
        const float* p = probabilities + r * ld;
        float* d = dScores + r * ld;
        const float shift = delta[r];
#pragma omp simd
        for (std::int64_t k = 0; k < keys; ++k)
            d[k] = p[k] * (d[k] - shift) * scale;
    }
}

PRECEDENT_CLONES void rowDots(
    const float* a, std::int64_t strideA, const float* b, std::int64_t strideB, std::int64_t rows, std::int64_t D, float* out)
{
    for (std::int64_t r = 0; r < rows; ++r) {
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (std::int64_t d = 0; d < D; ++d)
            sum += a[r * strideA + d] * b[r * strideB + d];
        out[r] = sum;
    }
}

PRECEDENT_CLONES double crossEntropy(float* logits, const std::int32_t* targets, std::int64_t rows, std::int64_t V, float weight)
{
    double loss = 0;
    for (std::int64_t r = 0; r < rows; ++r) {
        float* l = logits + r * V;
        const float target = l[targets[r]];
        float top = l[0];
#pragma omp simd reduction(max : top)
        for (std::int64_t v = 0; v < V; ++v)
            top = std::max(top, l[v]);
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (std::int64_t v = 0; v < V; ++v) {
            const float e = fastExp(l[v] - top);
            l[v] = e;
            sum += e;
        }
        loss += static_cast<double>(top) + std::log(static_cast<double>(sum)) - static_cast<double>(target);
        const float scale = weight / sum;
#pragma omp simd
        for (std::int64_t v = 0; v < V; ++v)
            l[v] *= scale;
        l[targets[r]] -= weight;
    }
    return loss;
}

PRECEDENT_CLONES void adamW(const AdamStep& step, std::int64_t n, const float* gradient, float* weight, float* m, float* v)
{
    const float keep = 1.0F - step.learningRate * step.weightDecay;
    const float rate = step.learningRate / step.correction1;
    const float rootCorrection = 1.0F / std::sqrt(step.correction2);
#pragma omp simd
    for (std::int64_t i = 0; i < n; ++i) {
        const float g = gradient[i] * step.gradScale;
        m[i] = step.beta1 * m[i] + (1.0F - step.beta1) * g;
        v[i] = step.beta2 * v[i] + (1.0F - step.beta2) * g * g;
        weight[i] = weight[i] * keep - rate * m[i] / (__builtin_sqrtf(v[i]) * rootCorrection + step.eps);
    }
}

PRECEDENT_CLONES double sumOfSquares(const float* x, std::int64_t n)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < n; ++i)
        sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    return sum;
}

} // namespace precedent::core::kernels
