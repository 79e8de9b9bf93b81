#include "core/generate/row_kernels.h"

#include <cstring>
#include <string_view>

// Instruction sets that add nothing here are left out.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/generate/row_kernels.cpp"
#include <hwy/foreach_target.h> // includes this file again for each instruction set

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" // of the intrinsics' own undefined vectors (GCC bug 105593)
#endif

HWY_BEFORE_NAMESPACE();
namespace precedent::core {
namespace HWY_NAMESPACE {
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128 && !HWY_HAVE_SCALABLE

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Words = hn::RebindToUnsigned<Floats>;
using Vec = hn::Vec<Floats>;

constexpr std::int64_t kLanes = static_cast<std::int64_t>(hn::MaxLanes(Floats()));
constexpr std::int64_t kStep = 2 * kLanes; // values of k in one turn of the inner loop
// Tiles that keep both multipliers of a core busy without spilling (tests/bench/row_kernels_bench).
constexpr std::int64_t kMostRows = kLanes == 16 ? 4 : 3;
constexpr std::int64_t columnsOf(std::int64_t rows)
{
    constexpr std::int64_t kWide[] = {8, 8, 4, 4};
    constexpr std::int64_t kNarrow[] = {6, 4, 3};
    return kLanes == 16 ? kWide[rows - 1] : kNarrow[rows - 1];
}
constexpr std::int64_t kInnerBlock = 1024; // values of k: a group of rows stays in the first-level cache

// A word holds two neighbouring weights. The lower one's bits, moved up, are a float; so is the upper one, the lower cleared.
HWY_INLINE Vec lowerOf(hn::Vec<Words> pairs) { return hn::BitCast(Floats(), hn::ShiftLeft<16>(pairs)); }
HWY_INLINE Vec upperOf(hn::Vec<Words> pairs) { return hn::BitCast(Floats(), hn::And(pairs, hn::Set(Words(), 0xFFFF0000U))); }

// The lane sums of four vectors: within each block of four lanes first. Shuffles that need no constants, so that none
// takes a register away from the loop.
HWY_INLINE Vec sumsInBlocks(Vec a, Vec b, Vec c, Vec d)
{
    const Floats df;
    const hn::RepartitionToWide<Floats> dw;
    const Vec ab = hn::Add(hn::InterleaveLower(df, a, b), hn::InterleaveUpper(df, a, b));
    const Vec cd = hn::Add(hn::InterleaveLower(df, c, d), hn::InterleaveUpper(df, c, d));
    const auto abWide = hn::BitCast(dw, ab), cdWide = hn::BitCast(dw, cd);
    return hn::Add(hn::BitCast(df, hn::InterleaveLower(dw, abWide, cdWide)), hn::BitCast(df, hn::InterleaveUpper(dw, abWide, cdWide)));
}

// The lane sums of eight vectors given as two of sumsInBlocks, in out[0..8).
HWY_INLINE void storeSums(Vec first, Vec second, float* HWY_RESTRICT out)
{
    const Floats df;
#if HWY_MAX_BYTES == 16
    hn::StoreU(first, df, out);
    hn::StoreU(second, df, out + 4);
#else
    const Vec halves = hn::Add(hn::ConcatLowerLower(df, second, first), hn::ConcatUpperUpper(df, second, first));
    if constexpr (kLanes == 8) {
        hn::StoreU(halves, df, out);
    } else {
        alignas(64) float both[16];
        hn::Store(hn::Add(halves, hn::SwapAdjacentBlocks(halves)), df, both);
        for (int i = 0; i < 4; ++i) {
            out[i] = both[i];
            out[i + 4] = both[i + 8];
        }
    }
#endif
}

template <int N>
HWY_INLINE void sumLanes(const Vec* sums, float* HWY_RESTRICT out)
{
    const Vec zero = hn::Zero(Floats());
    HWY_UNROLL(8)
    for (int i = 0; i < N; i += 8) {
        const auto at = [&](int j) HWY_ATTR { return i + j < N ? sums[i + j] : zero; };
        const Vec first = sumsInBlocks(at(0), at(1), at(2), at(3));
        const Vec second = i + 4 < N ? sumsInBlocks(at(4), at(5), at(6), at(7)) : zero;
        storeSums(first, second, out + i);
    }
}

// One turn: a step of k of R rows, in the order prepare() left them, with that of C rows of weights.
template <int R, int C>
HWY_INLINE void turn(const float* HWY_RESTRICT x, const Bf16* HWY_RESTRICT w, std::int64_t wStride, Vec* HWY_RESTRICT sums)
{
    const Floats df;
    hn::Vec<Words> pairs[C];
    Vec weights[C];
    HWY_UNROLL(8)
    for (int c = 0; c < C; ++c) {
        pairs[c] = hn::LoadU(Words(), reinterpret_cast<const std::uint32_t*>(w + c * wStride));
        weights[c] = lowerOf(pairs[c]);
    }
    HWY_UNROLL(8)
    for (int r = 0; r < R; ++r) {
        const Vec value = hn::Load(df, x + r * kStep);
        HWY_UNROLL(8)
        for (int c = 0; c < C; ++c)
            sums[r * C + c] = hn::MulAdd(value, weights[c], sums[r * C + c]);
    }
    HWY_UNROLL(8)
    for (int c = 0; c < C; ++c)
        weights[c] = upperOf(pairs[c]);
    HWY_UNROLL(8)
    for (int r = 0; r < R; ++r) {
        const Vec value = hn::Load(df, x + r * kStep + kLanes);
        HWY_UNROLL(8)
        for (int c = 0; c < C; ++c)
            sums[r * C + c] = hn::MulAdd(value, weights[c], sums[r * C + c]);
    }
}

// out[r][c], r < R, c < C: the sums of K values, added to what is there if `accumulate`. Fetches `lines` cache lines from
// `ahead` on in every turn.
template <int R, int C>
HWY_INLINE void tile(const float* HWY_RESTRICT x, const Bf16* HWY_RESTRICT w, std::int64_t wStride, std::int64_t K, float* HWY_RESTRICT out,
    std::int64_t outStride, bool accumulate, const char* ahead, std::int64_t lines)
{
    Vec sums[R * C];
    HWY_UNROLL(32)
    for (int i = 0; i < R * C; ++i)
        sums[i] = hn::Zero(Floats());
    std::int64_t k = 0;
    for (; k + kStep <= K; k += kStep) {
        for (std::int64_t line = 0; line < lines; ++line, ahead += 64)
            hwy::Prefetch(ahead);
        turn<R, C>(x, w + k, wStride, sums);
        x += R * kStep;
    }
    if (k < K) { // a row's end: what lies behind it may not be read
        alignas(64) Bf16 rest[C * kStep] = {};
        for (int c = 0; c < C; ++c) {
            for (std::int64_t i = k; i < K; ++i)
                rest[c * kStep + i - k] = w[c * wStride + i];
        }
        turn<R, C>(x, rest, kStep, sums);
    }
    alignas(64) float totals[(R * C + 7) / 8 * 8];
    sumLanes<R * C>(sums, totals);
    HWY_UNROLL(8)
    for (int r = 0; r < R; ++r) {
        HWY_UNROLL(8)
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
HWY_INLINE void columns(const float* x, const Bf16* w, std::int64_t wStride, std::int64_t N, std::int64_t K, float* out,
    std::int64_t outStride, bool accumulate, Ahead& ahead)
{
    for (std::int64_t n = 0; n + C <= N; n += C) {
        const std::int64_t lines = ahead.next < ahead.end ? ahead.lines : 0;
        tile<R, C>(x, w + n * wStride, wStride, K, out + n, outStride, accumulate, ahead.next, lines);
        ahead.next += lines * (K / kStep) * 64;
    }
}

template <int R>
HWY_NOINLINE void groupOf(const float* x, const Bf16* w, std::int64_t wStride, std::int64_t N, std::int64_t K, float* out,
    std::int64_t outStride, bool accumulate, Ahead& ahead)
{
    constexpr int C = static_cast<int>(columnsOf(R));
    columns<R, C>(x, w, wStride, N, K, out, outStride, accumulate, ahead);
    const std::int64_t done = N / C * C;
    if (done < N)
        columns<R, 1>(x, w + done * wStride, wStride, N - done, K, out + done, outStride, accumulate, ahead);
}

void groupOfRows(std::int64_t rows, const float* x, const Bf16* w, std::int64_t wStride, std::int64_t N, std::int64_t K, float* out,
    std::int64_t outStride, bool accumulate, Ahead& ahead)
{
    switch (rows) {
    case 1:
        return groupOf<1>(x, w, wStride, N, K, out, outStride, accumulate, ahead);
    case 2:
        return groupOf<2>(x, w, wStride, N, K, out, outStride, accumulate, ahead);
    case 3:
        return groupOf<3>(x, w, wStride, N, K, out, outStride, accumulate, ahead);
#if HWY_MAX_BYTES >= 64
    default:
        return groupOf<4>(x, w, wStride, N, K, out, outStride, accumulate, ahead);
#endif
    }
}

void prepare(const float* x, std::int64_t xStride, std::int64_t rows, std::int64_t K, void* out)
{
    const Floats df;
    float* target = static_cast<float*>(out);
    for (std::int64_t k = 0; k < K; k += kStep) {
        for (std::int64_t r = 0; r < rows; ++r, target += kStep) {
            const float* source = x + r * xStride + k;
            alignas(64) float rest[kStep] = {};
            if (k + kStep > K) {
                for (std::int64_t i = 0; i < K - k; ++i)
                    rest[i] = source[i];
                source = rest;
            }
            const Vec a = hn::LoadU(df, source), b = hn::LoadU(df, source + kLanes);
            hn::Store(hn::ConcatEven(df, b, a), df, target);
            hn::Store(hn::ConcatOdd(df, b, a), df, target + kLanes);
        }
    }
}

void multiply(const void* x, std::int64_t rows, std::int64_t K, const Bf16* w, std::int64_t wStride, std::int64_t N, std::int64_t wanted,
    float* out, std::int64_t outStride);

constexpr std::int64_t kMixRows = kLanes == 16 ? 8 : 6;
constexpr std::int64_t kMixPositions = 64; // whose values stay in the first-level cache while the rows go by

// Positions [0, count) of R rows, a step of d: even and odd values are summed apart, and lie side by side again in `out`.
// Fetches the next positions' values if `ahead`.
template <int R>
HWY_INLINE void mixTile(const float* HWY_RESTRICT weights, std::int64_t weightStride, std::int64_t count, const Bf16* HWY_RESTRICT values,
    std::int64_t D, float* HWY_RESTRICT out, std::int64_t outStride, bool accumulate, bool ahead)
{
    const Floats df;
    Vec even[R], odd[R];
    HWY_UNROLL(8)
    for (int r = 0; r < R; ++r) {
        even[r] = hn::Zero(df);
        odd[r] = hn::Zero(df);
        if (accumulate)
            hn::LoadInterleaved2(df, out + r * outStride, even[r], odd[r]);
    }
    for (std::int64_t p = 0; p < count; ++p) {
        const auto pairs = hn::LoadU(Words(), reinterpret_cast<const std::uint32_t*>(values + p * D));
        if (ahead)
            hwy::Prefetch(values + (p + kMixPositions) * D);
        const Vec lower = lowerOf(pairs), upper = upperOf(pairs);
        HWY_UNROLL(8)
        for (int r = 0; r < R; ++r) {
            const Vec weight = hn::Set(df, weights[r * weightStride + p]);
            even[r] = hn::MulAdd(weight, lower, even[r]);
            odd[r] = hn::MulAdd(weight, upper, odd[r]);
        }
    }
    HWY_UNROLL(8)
    for (int r = 0; r < R; ++r)
        hn::StoreInterleaved2(even[r], odd[r], df, out + r * outStride);
}

template <int R>
HWY_NOINLINE void mixRows(const float* weights, std::int64_t weightStride, std::int64_t count, const Bf16* values, std::int64_t D,
    float* out, std::int64_t outStride, bool accumulate, bool ahead)
{
    for (std::int64_t d = 0; d < D; d += kStep)
        mixTile<R>(weights, weightStride, count, values + d, D, out + d, outStride, accumulate, ahead);
}

void mixGroup(std::int64_t rows, const float* weights, std::int64_t weightStride, std::int64_t count, const Bf16* values, std::int64_t D,
    float* out, std::int64_t outStride, bool accumulate, bool ahead)
{
    switch (rows) {
    case 1:
        return mixRows<1>(weights, weightStride, count, values, D, out, outStride, accumulate, ahead);
    case 2:
        return mixRows<2>(weights, weightStride, count, values, D, out, outStride, accumulate, ahead);
    case 3:
        return mixRows<3>(weights, weightStride, count, values, D, out, outStride, accumulate, ahead);
    case 4:
        return mixRows<4>(weights, weightStride, count, values, D, out, outStride, accumulate, ahead);
    case 5:
        return mixRows<5>(weights, weightStride, count, values, D, out, outStride, accumulate, ahead);
    case 6:
        return mixRows<6>(weights, weightStride, count, values, D, out, outStride, accumulate, ahead);
#if HWY_MAX_BYTES >= 64
    case 7:
        return mixRows<7>(weights, weightStride, count, values, D, out, outStride, accumulate, ahead);
    default:
        return mixRows<8>(weights, weightStride, count, values, D, out, outStride, accumulate, ahead);
#endif
    }
}

void mix(const float* weights, std::int64_t weightStride, std::int64_t rows, std::int64_t count, const Bf16* values, std::int64_t D,
    float* out, std::int64_t outStride, bool accumulate)
{
    for (std::int64_t p = 0; p < count || p == 0; p += kMixPositions) {
        const std::int64_t positions = count - p < kMixPositions ? count - p : kMixPositions;
        for (std::int64_t r = 0; r < rows; r += kMixRows)
            mixGroup(rows - r < kMixRows ? rows - r : kMixRows, weights + r * weightStride + p, weightStride, positions, values + p * D, D,
                out + r * outStride, outStride, accumulate || p > 0, r == 0 && p + kMixPositions < count);
    }
}

constexpr RowKernels kTable = {
#if HWY_TARGET == HWY_AVX2
    "avx2",
#elif HWY_TARGET == HWY_AVX3
    "avx512",
#elif HWY_TARGET == HWY_SSE4
    "sse4",
#else
    "simd",
#endif
    /*roundsInput=*/false, kMostRows, kStep, sizeof(float), &prepare, &multiply, &mix};

void multiply(const void* x, std::int64_t rows, std::int64_t K, const Bf16* w, std::int64_t wStride, std::int64_t N, std::int64_t wanted,
    float* out, std::int64_t outStride)
{
    const std::int64_t paddedK = kTable.paddedK(K), groups = kTable.groups(rows);
    const std::int64_t innerBlocks = (K + kInnerBlock - 1) / kInnerBlock;
    const std::int64_t innerBlock = roundedUp((K + innerBlocks - 1) / innerBlocks, kStep);
    const std::int64_t tileColumns = columnsOf(rows < kMostRows ? rows : kMostRows), block = columnBlock(K, groups, tileColumns);
    const std::int64_t lines = (tileColumns * kStep + 32 * groups - 1) / (32 * groups);
    for (std::int64_t n = 0; n < N; n += block) {
        const std::int64_t end = n + block < N ? n + block : N;
        const std::int64_t endAhead = end + block < N + wanted ? end + block : N + wanted;
        Ahead ahead = {reinterpret_cast<const char*>(w + end * wStride), reinterpret_cast<const char*>(w + endAhead * wStride), lines};
        for (std::int64_t k = 0; k < K; k += innerBlock) {
            for (std::int64_t group = 0; group < groups; ++group) {
                const std::int64_t begin = kTable.groupBegin(rows, group), count = kTable.groupBegin(rows, group + 1) - begin;
                groupOfRows(count, static_cast<const float*>(x) + begin * paddedK + k * count, w + n * wStride + k, wStride, end - n,
                    k + innerBlock < K ? innerBlock : K - k, out + begin * outStride + n, outStride, k > 0, ahead);
            }
        }
    }
}

#endif
} // namespace HWY_NAMESPACE
} // namespace precedent::core
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace precedent::core {
namespace {

void preparePlain(const float* x, std::int64_t xStride, std::int64_t rows, std::int64_t K, void* out)
{
    for (std::int64_t r = 0; r < rows; ++r)
        std::memcpy(static_cast<float*>(out) + r * K, x + r * xStride, static_cast<std::size_t>(K) * sizeof(float));
}

void multiplyPlain(const void* x, std::int64_t rows, std::int64_t K, const Bf16* w, std::int64_t wStride, std::int64_t N,
    std::int64_t /*wanted*/, float* out, std::int64_t outStride)
{
    for (std::int64_t r = 0; r < rows; ++r) {
        const float* row = static_cast<const float*>(x) + r * K;
        for (std::int64_t n = 0; n < N; ++n) {
            float sum = 0;
            for (std::int64_t k = 0; k < K; ++k)
                sum += row[k] * widenedFromBf16(w[n * wStride + k]);
            out[r * outStride + n] = sum;
        }
    }
}

void mixPlain(const float* weights, std::int64_t weightStride, std::int64_t rows, std::int64_t count, const Bf16* values, std::int64_t D,
    float* out, std::int64_t outStride, bool accumulate)
{
    for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t d = 0; d < D; ++d) {
            float sum = accumulate ? out[r * outStride + d] : 0;
            for (std::int64_t p = 0; p < count; ++p)
                sum += weights[r * weightStride + p] * widenedFromBf16(values[p * D + d]);
            out[r * outStride + d] = sum;
        }
    }
}

constexpr RowKernels kPlain = {"plain", /*roundsInput=*/false, 1, 1, sizeof(float), &preparePlain, &multiplyPlain, &mixPlain};

std::vector<const RowKernels*> found()
{
    std::vector<const RowKernels*> all = {&kPlain};
    [[maybe_unused]] const auto offer = [&](std::int64_t target, const RowKernels& kernels) {
        if ((hwy::SupportedTargets() & target) != 0)
            all.push_back(&kernels);
    };
#if (HWY_TARGETS & HWY_SSE4) != 0
    offer(HWY_SSE4, N_SSE4::kTable);
#endif
#if (HWY_TARGETS & HWY_AVX2) != 0
    offer(HWY_AVX2, N_AVX2::kTable);
#endif
#if (HWY_TARGETS & HWY_AVX3) != 0
    offer(HWY_AVX3, N_AVX3::kTable);
#endif
#if (HWY_TARGETS & HWY_NEON) != 0
    offer(HWY_NEON, N_NEON::kTable);
#endif
    if (const RowKernels* kernels = avx512Bf16RowKernels(*all.back()))
        all.push_back(kernels);
    return all;
}

} // namespace

const std::vector<const RowKernels*>& availableRowKernels()
{
    static const std::vector<const RowKernels*> all = found();
    return all;
}

const RowKernels* findRowKernels(const char* name)
{
    for (const RowKernels* kernels : availableRowKernels()) {
        if (std::string_view(kernels->name) == name)
            return kernels;
    }
    return nullptr;
}

} // namespace precedent::core
#endif // HWY_ONCE
