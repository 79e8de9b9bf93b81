// How fast the attention of an update is, forward and backward, for completions of unlike lengths behind a prompt.
// Usage: attention_bench [THREADS]
// Shapes are Gemma 3 270M's: 4 query heads that share one key head of 256, over all positions or a window of 512. GFLOP/s count what the
// causal mask and the window leave. Every figure is the best of several goes.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <vector>

#include <ATen/ATen.h>

#include "core/model/ops_attention.h"
#include "core/model/threads.h"

using namespace precedent::core;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kHeads = 4, kHeadDim = 256;

double since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

/// Multiplications and additions of scores and mixing.
double workOf(const std::vector<std::int64_t>& lengths, std::int64_t P, std::int64_t window)
{
    double scores = 0;
    for (const std::int64_t length : lengths) {
        for (std::int64_t i = 0; i < length; ++i)
            scores += static_cast<double>(window > 0 ? std::min(window, P + i + 1) : P + i + 1);
    }
    return scores * kHeads * 2 * 2 * kHeadDim;
}

void measure(const char* name, const std::vector<std::int64_t>& lengths, std::int64_t P, std::int64_t window)
{
    const std::int64_t N = std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
    const auto leaf = [](at::IntArrayRef shape) { return at::randn(shape).requires_grad_(true); };
    const at::Tensor q = leaf({N, kHeads, kHeadDim}), k = leaf({N, 1, kHeadDim}), v = leaf({N, 1, kHeadDim}),
                     promptK = leaf({P, 1, kHeadDim}), promptV = leaf({P, 1, kHeadDim});
    const at::Tensor upstream = at::randn({N, kHeads, kHeadDim});
    double forward = 1e9, backward = 1e9;
    for (int i = 0; i < 4; ++i) {
        auto began = Clock::now();
        const at::Tensor out = fusedAttention(q, k, v, lengths, promptK, promptV, {0, window});
        forward = std::min(forward, since(began));
        began = Clock::now();
        out.backward(upstream);
        backward = std::min(backward, since(began));
    }
    const double work = workOf(lengths, P, window) * 1e-9;
    std::printf(
        "%-44s%9.1f ms %4.0f GFLOP/s%9.1f ms %4.0f GFLOP/s\n", name, 1e3 * forward, work / forward, 1e3 * backward, 2.5 * work / backward);
}

} // namespace

int main(int argc, char** argv)
{
    setThreadCount(argc > 1 ? std::atoi(argv[1]) : 2);
    at::manual_seed(1);
    std::printf("%d threads%53s%30s\n", threadCount(), "forward", "backward");
    const std::vector<std::int64_t> lengths = {67, 80, 98, 110, 122, 150, 203, 255};
    measure("8 completions behind 700, all", lengths, 700, 0);
    measure("8 completions behind 700, window", lengths, 700, 512);
    measure("8 completions behind 2,130, all", lengths, 2130, 0);
    measure("8 completions behind 2,130, window", lengths, 2130, 512);
    measure("a prompt of 2,090, all", {2090}, 0, 0);
    measure("a prompt of 2,090, window", {2090}, 0, 512);
    return 0;
}
