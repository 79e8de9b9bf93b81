// Products by the processor's own bfloat16 instructions, which Highway 1.0 does not reach.

#include "core/generate/row_kernels.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#include <immintrin.h>

namespace precedent::core {
namespace {

#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" // of the intrinsics' own undefined vectors (GCC bug 105593)

// No standard header's inline function is used in this part: it could be emitted for instructions that the processor lacks.
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")

#define PRECEDENT_INLINE __attribute__((always_inline)) inline

constexpr std::int64_t kStep = 32; // values of k in one turn of the inner loop
constexpr std::int64_t kMostRows = 8;
// Columns of a tile by its rows: sums enough to hide the instruction's latency, registers enough to hold them.
constexpr std::int64_t kColumns[] = {8, 8, 8, 6, 4, 4, 3, 3};
constexpr std::int64_t kInnerBlock = 1024; // values of k: a group of rows stays in the first-level cache

// The lane sums of four vectors, within each block of four lanes. The shuffles need no constants in registers.
PRECEDENT_INLINE __m512 sumsInBlocks(__m512 a, __m512 b, __m512 c, __m512 d)
{
    const __m512 ab = _mm512_unpacklo_ps(a, b) + _mm512_unpackhi_ps(a, b);
    const __m512 cd = _mm512_unpacklo_ps(c, d) + _mm512_unpackhi_ps(c, d);
    const __m512d abWide = _mm512_castps_pd(ab), cdWide = _mm512_castps_pd(cd);
    return _mm512_castpd_ps(_mm512_unpacklo_pd(abWide, cdWide)) + _mm512_castpd_ps(_mm512_unpackhi_pd(abWide, cdWide));
}

// The lane sums of eight vectors given as two of sumsInBlocks, in out[0..8).
PRECEDENT_INLINE void storeSums(__m512 first, __m512 second, float* out)
{
    const __m512 halves = _mm512_shuffle_f32x4(first, second, 0x44) + _mm512_shuffle_f32x4(first, second, 0xEE);
    const __m512 sums = halves + _mm512_shuffle_f32x4(halves, halves, 0xB1);
    _mm_storeu_ps(out, _mm512_castps512_ps128(sums));
    _mm_storeu_ps(out + 4, _mm512_extractf32x4_ps(sums, 2));
}

template <int N>
PRECEDENT_INLINE __m512 fourSums(const __m512* sums, int i)
{
    const __m512 zero = _mm512_setzero_ps();
    return sumsInBlocks(
        i < N ? sums[i] : zero, i + 1 < N ? sums[i + 1] : zero, i + 2 < N ? sums[i + 2] : zero, i + 3 < N ? sums[i + 3] : zero);
}

template <int N>
PRECEDENT_INLINE void sumLanes(const __m512* sums, float* out)
{
#pragma GCC unroll 8
    for (int i = 0; i < N; i += 8)
        storeSums(fourSums<N>(sums, i), fourSums<N>(sums, i + 4), out + i);
}

// One turn: a step of k of R rows, in the order prepare() left them, with that of C rows of weights.
template <int R, int C>
PRECEDENT_INLINE void turn(const Bf16* x, const Bf16* w, std::int64_t wStride, __mmask32 kept, __m512* sums)
{
    __m512bh weights[C];
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c)
        weights[c] = reinterpret_cast<__m512bh>(_mm512_maskz_loadu_epi16(kept, w + c * wStride));
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
        const __m512bh value = reinterpret_cast<__m512bh>(_mm512_load_si512(x + r * kStep));
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c)
            sums[r * C + c] = _mm512_dpbf16_ps(sums[r * C + c], value, weights[c]);
    }
}

// out[r][c], r < R, c < C: the sums of K values, added to what is there if `accumulate`. Fetches `lines` cache lines from
// `ahead` on in every turn.
template <int R, int C>
PRECEDENT_INLINE void tile(const Bf16* x, const Bf16* w, std::int64_t wStride, std::int64_t K, float* out, std::int64_t outStride,
    bool accumulate, const char* ahead, std::int64_t lines)
{
    __m512 sums[R * C];
#pragma GCC unroll 32
    for (int i = 0; i < R * C; ++i)
        sums[i] = _mm512_setzero_ps();
    std::int64_t k = 0;
    for (; k + kStep <= K; k += kStep) {
        for (std::int64_t line = 0; line < lines; ++line, ahead += 64)
            _mm_prefetch(ahead, _MM_HINT_T0);
        turn<R, C>(x, w + k, wStride, 0xFFFFFFFFU, sums);
        x += R * kStep;
    }
    if (k < K)
        turn<R, C>(x, w + k, wStride, (1U << (K - k)) - 1, sums);
    float totals[(R * C + 7) / 8 * 8];
    sumLanes<R * C>(sums, totals);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) {
            float& target = out[r * outStride + c];
            target = accumulate ? target + totals[r * C + c] : totals[r * C + c];
        }
    }
}

/// What is fetched ahead of a block's turns: `lines` a turn, from `next` up to `end`.
struct Ahead {
    const char* next = nullptr;
    const char* end = nullptr;
    std::int64_t lines = 0;
};

template <int R, int C>
PRECEDENT_INLINE void columns(const Bf16* x, const Bf16* w, std::int64_t wStride, std::int64_t N, std::int64_t K, float* out,
    std::int64_t outStride, bool accumulate, Ahead& ahead)
{
    for (std::int64_t n = 0; n + C <= N; n += C) {
        const std::int64_t lines = ahead.next < ahead.end ? ahead.lines : 0;
        tile<R, C>(x, w + n * wStride, wStride, K, out + n, outStride, accumulate, ahead.next, lines);
        ahead.next += lines * (K / kStep) * 64;
    }
}

template <int R>
__attribute__((noinline)) void groupOf(const Bf16* x, const Bf16* w, std::int64_t wStride, std::int64_t N, std::int64_t K, float* out,
    std::int64_t outStride, bool accumulate, Ahead& ahead)
{
    constexpr int C = static_cast<int>(kColumns[R - 1]);
    columns<R, C>(x, w, wStride, N, K, out, outStride, accumulate, ahead);
    const std::int64_t done = N / C * C;
    if (done < N)
        columns<R, 1>(x, w + done * wStride, wStride, N - done, K, out + done, outStride, accumulate, ahead);
}

void groupOfRows(std::int64_t rows, const Bf16* x, const Bf16* w, std::int64_t wStride, std::int64_t N, std::int64_t K, float* out,
    std::int64_t outStride, bool accumulate, Ahead& ahead)
{
    switch (rows) {
    case 1:
        return groupOf<1>(x, w, wStride, N, K, out, outStride, accumulate, ahead);
    case 2:
        return groupOf<2>(x, w, wStride, N, K, out, outStride, accumulate, ahead);
    case 3:
        return groupOf<3>(x, w, wStride, N, K, out, outStride, accumulate, ahead);
    case 4:
        return groupOf<4>(x, w, wStride, N, K, out, outStride, accumulate, ahead);
    case 5:
        return groupOf<5>(x, w, wStride, N, K, out, outStride, accumulate, ahead);
    case 6:
        return groupOf<6>(x, w, wStride, N, K, out, outStride, accumulate, ahead);
    case 7:
        return groupOf<7>(x, w, wStride, N, K, out, outStride, accumulate, ahead);
    default:
        return groupOf<8>(x, w, wStride, N, K, out, outStride, accumulate, ahead);
    }
}

void prepare(const float* x, std::int64_t xStride, std::int64_t rows, std::int64_t K, void* out)
{
    Bf16* target = static_cast<Bf16*>(out);
    for (std::int64_t k = 0; k < K; k += kStep) {
        const std::int64_t left = K - k;
        const auto lower = static_cast<__mmask16>(left >= 16 ? 0xFFFFU : (1U << left) - 1);
        const auto upper = static_cast<__mmask16>(left >= 32 ? 0xFFFFU : left <= 16 ? 0U : (1U << (left - 16)) - 1);
        for (std::int64_t r = 0; r < rows; ++r, target += kStep) {
            const float* source = x + r * xStride + k;
            const __m512bh values = _mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(upper, source + 16), _mm512_maskz_loadu_ps(lower, source));
            _mm512_store_si512(target, reinterpret_cast<__m512i>(values));
        }
    }
}

void multiply(const void* x, std::int64_t rows, std::int64_t K, const Bf16* w, std::int64_t wStride, std::int64_t N, std::int64_t wanted,
    float* out, std::int64_t outStride)
{
    const std::int64_t paddedK = (K + kStep - 1) / kStep * kStep, groups = (rows + kMostRows - 1) / kMostRows;
    const std::int64_t innerBlocks = (K + kInnerBlock - 1) / kInnerBlock;
    const std::int64_t innerBlock = ((K + innerBlocks - 1) / innerBlocks + kStep - 1) / kStep * kStep;
    const std::int64_t tileColumns = kColumns[(rows < kMostRows ? rows : kMostRows) - 1], block = columnBlock(K, groups, tileColumns);
    const std::int64_t lines = (tileColumns + groups - 1) / groups;
    for (std::int64_t n = 0; n < N; n += block) {
        const std::int64_t end = n + block < N ? n + block : N;
        const std::int64_t endAhead = end + block < N + wanted ? end + block : N + wanted;
        Ahead ahead = {reinterpret_cast<const char*>(w + end * wStride), reinterpret_cast<const char*>(w + endAhead * wStride), lines};
        for (std::int64_t k = 0; k < K; k += innerBlock) {
            for (std::int64_t group = 0; group < groups; ++group) {
                const std::int64_t begin = rows * group / groups, count = rows * (group + 1) / groups - begin;
                groupOfRows(count, static_cast<const Bf16*>(x) + begin * paddedK + k * count, w + n * wStride + k, wStride, end - n,
                    k + innerBlock < K ? innerBlock : K - k, out + begin * outStride + n, outStride, k > 0, ahead);
            }
        }
    }
}

#pragma GCC pop_options

} // namespace

const RowKernels* avx512Bf16RowKernels(const RowKernels& floats)
{
    __builtin_cpu_init();
    const bool known = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bf16");
    static const RowKernels table = {"avx512bf16", /*roundsInput=*/true, kMostRows, kStep, sizeof(Bf16), &prepare, &multiply, floats.mix};
    return known ? &table : nullptr;
}

} // namespace precedent::core

#else

namespace precedent::core {
const RowKernels* avx512Bf16RowKernels(const RowKernels& /*floats*/) { return nullptr; }
} // namespace precedent::core

#endif
