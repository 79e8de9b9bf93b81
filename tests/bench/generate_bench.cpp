// Tokens per second of generation and of the training pass, for a random model of the starter's shape.
// Usage: generate_bench [THREADS]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include <unistd.h>

#include <ATen/ATen.h>

#include "core/generate/generator.h"
#include "core/generate/kernels.h"
#include "core/generate/packed_weights.h"
#include "core/model/threads.h"
#include "precedent/base/random.h"

using namespace precedent;
using namespace precedent::core;

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Processor time of all threads: says more than the clock on a machine with other work.
double processorSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

DecoderConfig starterShape()
{
    DecoderConfig config;
    config.hiddenSize = 192;
    config.layers = 5;
    config.heads = 6;
    config.kvHeads = 2;
    config.headDim = 32;
    config.intermediateSize = 512;
    config.vocabulary = 2048;
    config.contextLength = 2048;
    return config;
}

std::vector<int> someIds(std::uint64_t seed, std::size_t n)
{
    Random random(seed);
    std::vector<int> ids;
    for (std::size_t i = 0; i < n; ++i)
        ids.push_back(static_cast<int>(random.below(2048)));
    return ids;
}

void decodeTable(Generator& generator)
{
    std::printf("%8s %8s %18s %18s %24s\n", "batch", "prompt", "prefill tokens/s", "decode tokens/s", "all tokens/cpu second");
    for (const int batch : {1, 8, 64, 128}) {
        for (const std::size_t prompt : {std::size_t{32}, std::size_t{500}}) {
            GenerationRequest request;
            for (int i = 0; i < batch; ++i)
                request.prompts.push_back({someIds(static_cast<std::uint64_t>(i), prompt), 1, static_cast<std::uint64_t>(i)});
            request.sampling.maxTokens = 55;
            request.maxBatch = batch;
            double prefill = 0, decode = 0, busy = 0;
            for (int repeat = 0; repeat < 3; ++repeat) {
                const double before = processorSeconds();
                const auto result = generator.generate(request);
                busy = std::max(busy, static_cast<double>(result->promptTokens + result->completionTokens) / (processorSeconds() - before));
                prefill = std::max(prefill, static_cast<double>(result->promptTokens) / result->prefillSeconds);
                decode = std::max(decode, static_cast<double>(result->completionTokens - batch) / result->decodeSeconds);
            }
            std::printf("%8d %8zu %18.0f %18.0f %24.0f\n", batch, prompt, prefill, decode, busy);
        }
    }
}

/// A tenth of the quickstart's generation: half short prompts, half of 500 tokens that share 250.
void quickstart(Generator& generator, int completionsPerPrompt)
{
    GenerationRequest request;
    const std::vector<int> common = someIds(1, 250);
    for (int i = 0; i < 1000 / completionsPerPrompt; ++i) {
        std::vector<int> ids = i % 2 == 0 ? common : std::vector<int>{};
        const std::vector<int> own = someIds(static_cast<std::uint64_t>(100 + i), i % 2 == 0 ? 250 : 40);
        ids.insert(ids.end(), own.begin(), own.end());
        request.prompts.push_back({ids, completionsPerPrompt, static_cast<std::uint64_t>(i)});
    }
    request.sampling.maxTokens = 55;
    request.maxBatch = 128;
    const auto start = Clock::now();
    const double before = processorSeconds();
    const auto result = generator.generate(request);
    std::printf("1000 completions of 55, %d a prompt, half with 500 tokens of context: %.2f s (prefill %.2f, decode %.2f; cpu %.2f)\n",
        completionsPerPrompt, secondsSince(start), result->prefillSeconds, result->decodeSeconds, processorSeconds() - before);
}

void trainingPass(const std::shared_ptr<Decoder>& decoder)
{
    for (const int length : {128, 512, 2048}) {
        const at::Tensor ids = at::randint(2048, {8192 / length, length}, at::TensorOptions(at::kLong));
        double best = 1e9, busy = 1e9;
        for (int repeat = 0; repeat < 2; ++repeat) {
            const auto start = Clock::now();
            const double before = processorSeconds();
            const at::Tensor hidden = decoder->hidden(ids);
            decoder->tokenLogProbs(hidden.reshape({-1, 192}), ids.reshape({-1})).mean().backward();
            best = std::min(best, secondsSince(start));
            busy = std::min(busy, processorSeconds() - before);
        }
        std::printf(
            "forward and backward, %d x %d tokens: %.2f s, %.0f tokens/s, cpu %.2f s\n", 8192 / length, length, best, 8192 / best, busy);
    }
    const at::Tensor prompt = at::randint(2048, {500}, at::TensorOptions(at::kLong));
    const at::Tensor suffixes = at::randint(2048, {8, 55}, at::TensorOptions(at::kLong));
    double best = 1e9;
    for (int repeat = 0; repeat < 5; ++repeat) {
        const auto start = Clock::now();
        decoder->tokenLogProbs(decoder->hiddenPacked({{prompt, suffixes}}), suffixes.reshape({-1})).mean().backward();
        best = std::min(best, secondsSince(start));
    }
    std::printf("packed pass, prompt 500 and 8 x 55: forward and backward %.3f s\n", best);
}

void products()
{
    for (const Kernels* kernels : availableKernels()) {
        const std::int64_t K = 192, N = 1024;
        AlignedBuffer w(K * N);
        std::printf("%-9s product with 192 x 1024 on one thread, GFLOP/s by rows:", kernels->name);
        for (const std::int64_t rows : {1, 4, 32, 128}) {
            AlignedBuffer x(rows * K), out(rows * N);
            const int repeats = static_cast<int>(4000 / rows);
            const double before = processorSeconds();
            for (int i = 0; i < repeats; ++i)
                kernels->matmul(x.data(), K, 1, rows, K, w.data(), N / kPanel, K * kPanel, out.data(), N, false);
            std::printf(
                "  %ld: %.0f", static_cast<long>(rows), 2e-9 * static_cast<double>(rows * K * N * repeats) / (processorSeconds() - before));
        }
        std::printf("\n");
    }
    const at::Tensor a = at::randn({128, 192}), b = at::randn({1024, 192});
    const auto start = Clock::now();
    for (int i = 0; i < 200; ++i)
        at::linear(a, b);
    std::printf("ATen, all threads, 128 rows: %.0f GFLOP/s\n", 2e-9 * 200 * 128 * 192 * 1024 / secondsSince(start));
}

} // namespace

int main(int argc, char** argv)
{
    // OpenBLAS reads this as it is loaded, and takes processors that are newer than itself for very old ones.
    if (std::getenv("OPENBLAS_CORETYPE") == nullptr && bestKernels().name != std::string("baseline")) {
        ::setenv("OPENBLAS_CORETYPE", bestKernels().name == std::string("avx512") ? "SkylakeX" : "Haswell", 1);
        ::execv("/proc/self/exe", argv);
    }
    setThreadCount(argc > 1 ? std::atoi(argv[1]) : 0);
    auto made = Decoder::create(starterShape(), 1);
    if (!made.ok())
        return 1;
    const std::shared_ptr<Decoder> decoder = *made;
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    std::printf("%d threads, %s kernels, %lld parameters\n", threadCount(), bestKernels().name,
        static_cast<long long>(decoder->config().parameterCount()));
    products();
    Generator generator(decoder);
    decodeTable(generator);
    quickstart(generator, 8);
    quickstart(generator, 1);
    trainingPass(decoder);
    return 0;
}
