// How fast each instruction set multiplies with weights held as bfloat16 rows.
// Usage: row_kernels_bench [THREADS]
// Every figure is the best of many short goes, taken in turns, so that other work on the machine weighs on all alike.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <omp.h>

#include "core/generate/aligned_buffer.h"
#include "core/generate/row_kernels.h"

using namespace precedent::core;

namespace {

using Clock = std::chrono::steady_clock;

struct Shape {
    std::int64_t rows, K, N;
};

constexpr std::array kShapes = {Shape{1, 640, 2048}, Shape{8, 640, 2048}, Shape{16, 640, 2048}, Shape{8, 2048, 640}, Shape{1, 640, 262144},
    Shape{8, 640, 262144}, Shape{16, 640, 262144}, Shape{128, 640, 2048}, Shape{512, 640, 2048}, Shape{512, 2048, 640}};

/// Seconds of one product, the columns handed out to the threads in order.
double seconds(const RowKernels& kernels, const Shape& shape, const AlignedBuffer& x, const Bf16* w, AlignedBuffer& out)
{
    const std::int64_t chunk = shape.N > 100000 ? 768 : 96;
    const std::int64_t chunks = (shape.N + chunk - 1) / chunk, threads = omp_get_max_threads();
    const auto start = Clock::now();
#pragma omp parallel
    {
        const std::int64_t t = omp_get_thread_num(), begin = chunks * t / threads, end = chunks * (t + 1) / threads;
        for (std::int64_t c = begin; c < end; ++c) {
            const std::int64_t n = c * chunk, count = std::min(chunk, shape.N - n);
            kernels.multiply(
                x.data(), shape.rows, shape.K, w + n * shape.K, shape.K, count, c + 1 < end ? chunk : 0, out.data() + n, shape.N);
        }
    }
    return std::chrono::duration<double>(Clock::now() - start).count();
}

} // namespace

int main(int argc, char** argv)
{
    if (argc > 1)
        omp_set_num_threads(std::atoi(argv[1]));
    std::printf("%d threads; GFLOP/s (GB/s of weights)\n%18s", omp_get_max_threads(), "rows x K x N");
    std::vector<const RowKernels*> sets(availableRowKernels().begin() + 1, availableRowKernels().end()); // not the plain loops
    for (const RowKernels* kernels : sets)
        std::printf("%20s", kernels->name);
    std::printf("\n");
    for (const Shape& shape : kShapes) {
        AlignedBuffer weights(shape.N * shape.K / 2), natural(shape.rows * shape.K), out(shape.rows * shape.N);
        std::memset(weights.data(), 0x3C, static_cast<std::size_t>(shape.N * shape.K) * sizeof(Bf16));
        std::fill_n(natural.data(), natural.size(), 0.5F);
        std::vector<double> best(sets.size(), 1e9);
        const int repeats = shape.N > 100000 ? 3 : 60;
        for (int round = 0; round < 12; ++round) {
            for (std::size_t s = 0; s < sets.size(); ++s) {
                const RowKernels& kernels = *sets[s];
                AlignedBuffer x(kernels.preparedBytes(shape.rows, shape.K) / 4);
                for (std::int64_t group = 0; group < kernels.groups(shape.rows); ++group)
                    kernels.prepareGroup(natural.data(), shape.K, shape.rows, shape.K, group, x.data());
                for (int i = 0; i < repeats; ++i)
                    best[s] = std::min(best[s], seconds(kernels, shape, x, reinterpret_cast<const Bf16*>(weights.data()), out));
            }
        }
        std::printf("%4ld x %4ld x %6ld", static_cast<long>(shape.rows), static_cast<long>(shape.K), static_cast<long>(shape.N));
        for (const double t : best)
            std::printf("%12.0f (%5.1f)", 2e-9 * static_cast<double>(shape.rows * shape.K * shape.N) / t,
                2e-9 * static_cast<double>(shape.K * shape.N) / t);
        std::printf("\n");
        std::fflush(stdout);
    }
    return 0;
}
