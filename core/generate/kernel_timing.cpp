#include "core/generate/kernel_timing.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "core/generate/aligned_buffer.h"
#include "core/generate/team.h"
#include "core/model/threads.h"

namespace precedent::core {
namespace {

constexpr std::int64_t kColumnsPerTask = 96;
constexpr std::int64_t kReadBytes = 256 << 20;

/// Seconds of the fastest of some goes of work(member), the first not counted.
template <typename Work>
double bestSeconds(int goes, const Work& work)
{
    using Clock = std::chrono::steady_clock;
    double best = std::numeric_limits<double>::max();
    for (int go = -1; go < goes; ++go) {
        const auto start = Clock::now();
        Team(threadCount()).run(work);
        if (go >= 0)
            best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
    }
    return best;
}

double gigaflops(const ProductShape& shape, double seconds)
{
    return 2e-9 * static_cast<double>(shape.rows) * static_cast<double>(shape.K) * static_cast<double>(shape.N) / seconds;
}

} // namespace

double rowGigaflops(const RowKernels& kernels, const ProductShape& shape, int goes)
{
    const auto [rows, K, N] = shape;
    AlignedBuffer weights((N * K + 1) / 2), x(rows * K), prepared(kernels.preparedBytes(rows, K) / 4 + 1), out(rows * N);
    for (std::int64_t group = 0; group < kernels.groups(rows); ++group)
        kernels.prepareGroup(x.data(), K, rows, K, group, prepared.data());
    const Bf16* w = reinterpret_cast<const Bf16*>(weights.data());
    return gigaflops(shape, bestSeconds(goes, [&](Team::Member& member) {
        member.each((N + kColumnsPerTask - 1) / kColumnsPerTask, [&](std::int64_t task, bool more) {
            const std::int64_t begin = task * kColumnsPerTask, end = std::min(N, begin + kColumnsPerTask);
            kernels.multiply(prepared.data(), rows, K, w + begin * K, K, end - begin, more ? std::min(kColumnsPerTask, N - end) : 0,
                out.data() + begin, N);
        });
    }));
}

double panelGigaflops(const Kernels& kernels, const ProductShape& shape, int goes)
{
    const auto [rows, K, N] = shape;
    const std::int64_t panels = N / kPanel, perTask = kColumnsPerTask / kPanel;
    AlignedBuffer weights(N * K), x(rows * K), out(rows * N);
    return gigaflops(shape, bestSeconds(goes, [&](Team::Member& member) {
        member.each((panels + perTask - 1) / perTask, [&](std::int64_t task, bool) {
            const std::int64_t begin = task * perTask, end = std::min(panels, begin + perTask);
            kernels.matmul(x.data(), K, 1, rows, K, weights.data() + begin * K * kPanel, end - begin, K * kPanel,
                out.data() + begin * kPanel, N, false);
        });
    }));
}

double readGigabytes(int goes)
{
    // One row times many: the weights are read once, in order, and the arithmetic is the least there can be.
    const RowKernels& kernels = *availableRowKernels().back();
    const ProductShape shape = {1, 2048, kReadBytes / 2048 / 2};
    return rowGigaflops(kernels, shape, goes); // two operations, two bytes a weight
}

} // namespace precedent::core
