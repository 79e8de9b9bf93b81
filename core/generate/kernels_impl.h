// The kernels' bodies. Included once for each instruction set by kernels.cpp, which defines
//   PRECEDENT_KERNEL_SPACE   the namespace            PRECEDENT_KERNEL_TARGET  the functions' target attribute
//   PRECEDENT_KERNEL_LANES   floats in a register     PRECEDENT_KERNEL_ROWS    most rows of a register tile
// No standard header's inline function is used here: it could be emitted for a set that the processor lacks.

namespace precedent::core::PRECEDENT_KERNEL_SPACE {

constexpr int kLanes = PRECEDENT_KERNEL_LANES;
using Vec = float __attribute__((vector_size(kLanes * 4)));
using IntVec = std::int32_t __attribute__((vector_size(kLanes * 4)));
using Loose = float __attribute__((vector_size(kLanes * 4), aligned(4), may_alias)); // for unaligned memory

#define PRECEDENT_KERNEL_INLINE PRECEDENT_KERNEL_TARGET __attribute__((always_inline)) static inline

PRECEDENT_KERNEL_INLINE Vec load(const float* p) { return *reinterpret_cast<const Loose*>(p); }
PRECEDENT_KERNEL_INLINE void store(float* p, Vec v) { *reinterpret_cast<Loose*>(p) = v; }
PRECEDENT_KERNEL_INLINE Vec splat(float x)
{
#if PRECEDENT_KERNEL_LANES == 16
    return _mm512_set1_ps(x);
#elif PRECEDENT_KERNEL_LANES == 8
    return _mm256_set1_ps(x);
#else
    return Vec{x, x, x, x};
#endif
}

PRECEDENT_KERNEL_INLINE Vec mulAdd(Vec a, Vec b, Vec c)
{
#if PRECEDENT_KERNEL_LANES == 16
    return _mm512_fmadd_ps(a, b, c);
#elif PRECEDENT_KERNEL_LANES == 8
    return _mm256_fmadd_ps(a, b, c);
#else
    return a * b + c;
#endif
}

// Lane by lane from the first: always the same order.
PRECEDENT_KERNEL_INLINE float sumLanes(Vec v)
{
    float total = v[0];
    for (int i = 1; i < kLanes; ++i)
        total += v[i];
    return total;
}

PRECEDENT_KERNEL_INLINE float maxLanes(Vec v)
{
    float most = v[0];
    for (int i = 1; i < kLanes; ++i)
        most = v[i] > most ? v[i] : most;
    return most;
}

// e^x for x <= 0 up to about 1.5 ulp; exactly 0 below -87, where float's normal numbers end. x = n ln 2 + r, |r| <= ln 2 / 2,
// and a polynomial for e^r (Cephes' expf).
PRECEDENT_KERNEL_INLINE Vec expOf(Vec x)
{
    const Vec clamped = x < -87.0F ? splat(-87.0F) : (x > 88.0F ? splat(88.0F) : x);
    constexpr float kRound = 12582912.0F; // 1.5 * 2^23: adding it rounds to a whole number
    const Vec n = mulAdd(clamped, splat(1.44269504088896341F), splat(kRound)) - kRound;
    Vec r = mulAdd(n, splat(-0.693359375F), clamped);
    r = mulAdd(n, splat(2.12194440e-4F), r);
    Vec p = splat(1.9875691500e-4F);
    p = mulAdd(p, r, splat(1.3981999507e-3F));
    p = mulAdd(p, r, splat(8.3334519073e-3F));
    p = mulAdd(p, r, splat(4.1665795894e-2F));
    p = mulAdd(p, r, splat(1.6666665459e-1F));
    p = mulAdd(p, r, splat(5.0000001201e-1F));
    p = mulAdd(p, r * r, r + 1.0F);
    const IntVec power = (__builtin_convertvector(n, IntVec) + 127) << 23;
    const Vec result = p * reinterpret_cast<Vec>(power);
    return x < -87.0F ? Vec{} : result;
}

// A tile of MR rows by two registers of columns. Each sum runs over k from first to last.
template <int MR>
PRECEDENT_KERNEL_INLINE void tile(const float* x, std::int64_t xStride, std::int64_t xStep, std::int64_t K, const float* panel, float* out,
    std::int64_t outStride, bool accumulate)
{
    Vec sums[MR][2];
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) {
        sums[m][0] = accumulate ? load(out + m * outStride) : Vec{};
        sums[m][1] = accumulate ? load(out + m * outStride + kLanes) : Vec{};
    }
    for (std::int64_t k = 0; k < K; ++k) {
        const Vec w0 = load(panel + k * kPanel);
        const Vec w1 = load(panel + k * kPanel + kLanes);
#pragma GCC unroll 16
        for (int m = 0; m < MR; ++m) {
            const Vec value = splat(x[m * xStride + k * xStep]);
            sums[m][0] = mulAdd(value, w0, sums[m][0]);
            sums[m][1] = mulAdd(value, w1, sums[m][1]);
        }
    }
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) {
        store(out + m * outStride, sums[m][0]);
        store(out + m * outStride + kLanes, sums[m][1]);
    }
}

template <int MR>
PRECEDENT_KERNEL_TARGET static void tiles(const float* x, std::int64_t xStride, std::int64_t xStep, std::int64_t K, const float* panel,
    float* out, std::int64_t outStride, bool accumulate)
{
    for (std::int64_t column = 0; column < kPanel; column += 2 * kLanes) {
        if (xStep == 1) // known to the compiler: simpler addresses
            tile<MR>(x, xStride, 1, K, panel + column, out + column, outStride, accumulate);
        else
            tile<MR>(x, xStride, xStep, K, panel + column, out + column, outStride, accumulate);
    }
}

PRECEDENT_KERNEL_TARGET static void tilesOf(std::int64_t rows, const float* x, std::int64_t xStride, std::int64_t xStep, std::int64_t K,
    const float* panel, float* out, std::int64_t outStride, bool accumulate)
{
    switch (rows) {
    case 1:
        return tiles<1>(x, xStride, xStep, K, panel, out, outStride, accumulate);
    case 2:
        return tiles<2>(x, xStride, xStep, K, panel, out, outStride, accumulate);
    case 3:
        return tiles<3>(x, xStride, xStep, K, panel, out, outStride, accumulate);
    case 4:
        return tiles<4>(x, xStride, xStep, K, panel, out, outStride, accumulate);
    case 5:
        return tiles<5>(x, xStride, xStep, K, panel, out, outStride, accumulate);
#if PRECEDENT_KERNEL_ROWS > 6
    case 6:
        return tiles<6>(x, xStride, xStep, K, panel, out, outStride, accumulate);
    case 7:
        return tiles<7>(x, xStride, xStep, K, panel, out, outStride, accumulate);
#endif
    default:
        return tiles<PRECEDENT_KERNEL_ROWS>(x, xStride, xStep, K, panel, out, outStride, accumulate);
    }
}

PRECEDENT_KERNEL_TARGET static void matmul(const float* x, std::int64_t xStride, std::int64_t xStep, std::int64_t M, std::int64_t K,
    const float* panels, std::int64_t panelCount, std::int64_t panelStride, float* out, std::int64_t outStride, bool accumulate)
{
    constexpr std::int64_t kRows = PRECEDENT_KERNEL_ROWS;
    constexpr std::int64_t kHeld = 1024; // k of all panels that the second-level cache holds
    const auto rowsOfPanel = [&](std::int64_t m, std::int64_t panel) PRECEDENT_KERNEL_TARGET {
        tilesOf(M - m < kRows ? M - m : kRows, x + m * xStride, xStride, xStep, K, panels + panel * panelStride,
            out + m * outStride + panel * kPanel, outStride, accumulate);
    };
    if (K * panelCount <= kHeld) { // each row of out is gone through once
        for (std::int64_t m = 0; m < M; m += kRows) {
            for (std::int64_t panel = 0; panel < panelCount; ++panel)
                rowsOfPanel(m, panel);
        }
    } else { // each panel is
        for (std::int64_t panel = 0; panel < panelCount; ++panel) {
            for (std::int64_t m = 0; m < M; m += kRows)
                rowsOfPanel(m, panel);
        }
    }
}

PRECEDENT_KERNEL_TARGET static void rmsNorm(const float* x, const float* weight, float eps, std::int64_t C, float* out)
{
    Vec squares{};
    std::int64_t i = 0;
    for (; i + kLanes <= C; i += kLanes)
        squares = mulAdd(load(x + i), load(x + i), squares);
    float total = sumLanes(squares);
    for (; i < C; ++i)
        total += x[i] * x[i];
    const float factor = 1.0F / __builtin_sqrtf(total / static_cast<float>(C) + eps);
    for (i = 0; i + kLanes <= C; i += kLanes)
        store(out + i, load(x + i) * factor * load(weight + i));
    for (; i < C; ++i)
        out[i] = x[i] * factor * weight[i];
}

PRECEDENT_KERNEL_INLINE Vec siluOf(Vec g) { return g / (1.0F + expOf(-g)); }

// 0.5 g (1 + tanh(u)) with u = sqrt(2 / pi) (g + 0.044715 g^3) is g / (1 + e^(-2 u)).
PRECEDENT_KERNEL_INLINE Vec geluOf(Vec g)
{
    const Vec twice = 1.5957691216057308F * (g + 0.044715F * g * g * g);
    return g / (1.0F + expOf(-twice));
}

template <bool Gelu>
PRECEDENT_KERNEL_TARGET static void gated(const float* gate, const float* up, std::int64_t n, float* out)
{
    std::int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
        const Vec g = load(gate + i);
        store(out + i, (Gelu ? geluOf(g) : siluOf(g)) * load(up + i));
    }
    if (i < n) {
        float g[kLanes] = {}, u[kLanes] = {};
        for (std::int64_t j = i; j < n; ++j) {
            g[j - i] = gate[j];
            u[j - i] = up[j];
        }
        const Vec rest = (Gelu ? geluOf(load(g)) : siluOf(load(g))) * load(u);
        for (std::int64_t j = i; j < n; ++j)
            out[j] = rest[j - i];
    }
}

PRECEDENT_KERNEL_TARGET static float highestOf(const float* x, std::int64_t n)
{
    std::int64_t i = 0;
    Vec most = splat(x[0]);
    for (; i + kLanes <= n; i += kLanes) {
        const Vec v = load(x + i);
        most = v > most ? v : most;
    }
    float highest = maxLanes(most);
    for (; i < n; ++i)
        highest = x[i] > highest ? x[i] : highest;
    return highest;
}

PRECEDENT_KERNEL_TARGET static float softmaxWeights(float* x, std::int64_t n, float scale, float* highest)
{
    *highest = highestOf(x, n);
    const std::int64_t padded = (n + 15) / 16 * 16;
    for (std::int64_t i = n; i < padded; ++i)
        x[i] = -1e30F; // becomes exactly 0
    Vec sums{};
    for (std::int64_t i = 0; i < padded; i += kLanes) {
        const Vec weight = expOf((load(x + i) - *highest) * scale);
        store(x + i, weight);
        sums += weight;
    }
    for (std::int64_t i = n; i < padded; ++i)
        x[i] = 0;
    return sumLanes(sums);
}

PRECEDENT_KERNEL_TARGET static float sumOfExponentials(const float* x, std::int64_t n, float* highest)
{
    *highest = highestOf(x, n);
    Vec sums{};
    std::int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
        sums += expOf(load(x + i) - *highest);
    if (i < n) {
        float rest[kLanes];
        for (std::int64_t j = 0; j < kLanes; ++j)
            rest[j] = i + j < n ? x[i + j] : -1e30F;
        sums += expOf(load(rest) - *highest);
    }
    return sumLanes(sums);
}

PRECEDENT_KERNEL_TARGET static void exponentials(float* x, std::int64_t n, float scale, float shift)
{
    const std::int64_t padded = (n + 15) / 16 * 16;
    for (std::int64_t i = n; i < padded; ++i)
        x[i] = 0;
    for (std::int64_t i = 0; i < padded; i += kLanes)
        store(x + i, expOf(load(x + i) * scale - shift));
    for (std::int64_t i = n; i < padded; ++i)
        x[i] = 0;
}

PRECEDENT_KERNEL_TARGET static void softmaxGradient(const float* weights, float* gradient, std::int64_t n, float mean, float scale)
{
    std::int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
        store(gradient + i, load(weights + i) * (load(gradient + i) - mean) * scale);
    for (; i < n; ++i)
        gradient[i] = weights[i] * (gradient[i] - mean) * scale;
}

PRECEDENT_KERNEL_TARGET static float softmaxSums(const float* x, std::int64_t n, float* highest, float* weighted)
{
    *highest = highestOf(x, n);
    Vec sums{}, products{};
    std::int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
        const Vec below = load(x + i) - *highest, weight = expOf(below);
        sums += weight;
        products = mulAdd(weight, below, products);
    }
    if (i < n) {
        float rest[kLanes];
        for (std::int64_t j = 0; j < kLanes; ++j)
            rest[j] = i + j < n ? x[i + j] : -1e30F; // e^that is exactly 0, and so is its product
        const Vec below = load(rest) - *highest, weight = expOf(below);
        sums += weight;
        products = mulAdd(weight, below, products);
    }
    *weighted = sumLanes(products);
    return sumLanes(sums);
}

PRECEDENT_KERNEL_TARGET static void shiftedExponentials(float* x, std::int64_t n, float shift)
{
    std::int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
        store(x + i, expOf(load(x + i) - shift));
    if (i < n) {
        float rest[kLanes] = {};
        for (std::int64_t j = i; j < n; ++j)
            rest[j - i] = x[j];
        const Vec weights = expOf(load(rest) - shift);
        for (std::int64_t j = i; j < n; ++j)
            x[j] = weights[j - i];
    }
}

// With s = 1 / (1 + e^(-2 u)), u as in geluOf: gelu(g) = g s and gelu'(g) = s + g s (1 - s) 2 u'.
PRECEDENT_KERNEL_INLINE void geluGradientOf(Vec g, Vec up, Vec d, Vec* dGate, Vec* dUp)
{
    const Vec square = g * g;
    const Vec s = 1.0F / (1.0F + expOf(-1.5957691216057308F * g * (1.0F + 0.044715F * square)));
    const Vec slope = 1.5957691216057308F * (1.0F + 3.0F * 0.044715F * square);
    *dGate = d * up * (s + g * s * (1.0F - s) * slope);
    *dUp = d * g * s;
}

PRECEDENT_KERNEL_TARGET static void geluGluGradient(
    const float* gate, const float* up, const float* d, std::int64_t n, float* dGate, float* dUp)
{
    std::int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
        Vec ofGate, ofUp;
        geluGradientOf(load(gate + i), load(up + i), load(d + i), &ofGate, &ofUp);
        store(dGate + i, ofGate);
        store(dUp + i, ofUp);
    }
    if (i < n) {
        float g[kLanes] = {}, u[kLanes] = {}, upstream[kLanes] = {};
        for (std::int64_t j = i; j < n; ++j) {
            g[j - i] = gate[j];
            u[j - i] = up[j];
            upstream[j - i] = d[j];
        }
        Vec ofGate, ofUp;
        geluGradientOf(load(g), load(u), load(upstream), &ofGate, &ofUp);
        for (std::int64_t j = i; j < n; ++j) {
            dGate[j] = ofGate[j - i];
            dUp[j] = ofUp[j - i];
        }
    }
}

constexpr Kernels kTable = {PRECEDENT_KERNEL_NAME, &matmul, &rmsNorm, &gated<false>, &gated<true>, &softmaxWeights, &exponentials,
    &softmaxGradient, &sumOfExponentials, &softmaxSums, &shiftedExponentials, &geluGluGradient};

#undef PRECEDENT_KERNEL_INLINE

} // namespace precedent::core::PRECEDENT_KERNEL_SPACE
