#include "core/run/model_bench.h"

#include <algorithm>
#include <chrono>

#include <ATen/ATen.h>
#include <sys/resource.h>

#include "core/generate/kernel_timing.h"
#include "core/model/threads.h"
#include "precedent/base/random.h"

namespace precedent::core {
namespace {

constexpr ProductShape kLargeProduct = {256, 1024, 2048};
constexpr int kGoes = 8; // of each measurement of the machine

/// Positions that a layer sees, summed over the prompt's positions.
double seenPositions(const LayerConfig& layer, double positions)
{
    const double window = layer.window > 0 ? std::min<double>(layer.window, positions) : positions;
    return window * (window + 1) / 2 + (positions - window) * window;
}

/// Operations of computing a prompt and the logits after it.
double promptOperations(const DecoderConfig& config, double positions)
{
    const double C = config.hiddenSize, Q = double{1} * config.heads * config.headDim, KV = double{1} * config.kvHeads * config.headDim;
    double total = 2 * C * config.vocabulary;
    for (int i = 0; i < config.layers; ++i) {
        total += 2 * positions * (C * (Q + 2 * KV) + Q * C + 3 * C * config.intermediateSize);
        total += 4 * Q * seenPositions(config.layer(i), positions);
    }
    return total;
}

/// Bytes of keys and values that one completion's steps read between them. A shared prompt is read once for all.
double cachedBytes(const DecoderConfig& config, double bytesPerPosition, const BenchRow& row, int tokens)
{
    double total = 0;
    for (int i = 0; i < config.layers; ++i) {
        const int window = config.layer(i).window;
        for (int t = 1; t < tokens; ++t) {
            const int own = window > 0 ? std::min(t, window) : t, left = window > 0 ? window - own : row.prompt;
            total += std::min(left, row.prompt) + double{1} * own * row.batch;
        }
    }
    return total * bytesPerPosition / config.layers;
}

double torchGigaflops(const ProductShape& shape)
{
    using Clock = std::chrono::steady_clock;
    const at::Tensor x = at::rand({shape.rows, shape.K}), w = at::rand({shape.N, shape.K});
    double best = 0;
    for (int go = 0; go < kGoes; ++go) {
        const auto start = Clock::now();
        const at::Tensor out = at::linear(x, w);
        const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
        best = std::max(best, 2e-9 * static_cast<double>(shape.rows * shape.K * shape.N) / seconds);
    }
    return best;
}

MachineRates measureMachine(const Generator& generator)
{
    const KernelChoice& kernels = generator.kernels();
    MachineRates rates;
    rates.processor = processorName();
    rates.threads = threadCount();
    rates.prefillKernels = generator.holdsRows() ? kernels.prefill->name : "";
    rates.decodeKernels = generator.holdsRows() ? kernels.decode->name : "";
    rates.floatKernels = kernels.floats->name;
    rates.float32Gigaflops = std::max(panelGigaflops(*kernels.floats, kLargeProduct, kGoes), torchGigaflops(kLargeProduct));
    const RowKernels& rows = generator.holdsRows() ? *kernels.prefill : *availableRowKernels().back();
    rates.bfloat16Gigaflops = rowGigaflops(rows, kLargeProduct, kGoes);
    rates.memoryGigabytes = readGigabytes(kGoes);
    return rates;
}

Status check(const BenchRequest& request, const Generator& generator)
{
    const auto bad = [](const std::string& message) { return Error(ErrorCode::invalidArgument, message); };
    if (!generator.usesKernels())
        return Error(ErrorCode::unsupported, "Only models on the processor are measured.", "Leave --device at cpu.");
    if (request.tokens < 2 || request.goes < 1)
        return bad("A measurement needs at least 2 tokens and 1 go; it has " + std::to_string(request.tokens) + " and " +
            std::to_string(request.goes) + ".");
    const int context = generator.decoder().config().contextLength;
    for (const int prompt : request.prompts) {
        if (prompt < 1 || prompt > context - request.tokens)
            return bad("A prompt of " + std::to_string(prompt) + " tokens and " + std::to_string(request.tokens) +
                " more do not fit the model's context of " + std::to_string(context) + ".");
    }
    for (const int batch : request.batches) {
        if (batch < 1)
            return bad("A batch has " + std::to_string(batch) + " completions; expected 1 or more.");
    }
    return {};
}

/// The fastest of some goes of one combination.
Result<BenchRow> measureRow(Generator& generator, const BenchRequest& request, BenchRow row, const std::stop_token& stop)
{
    Random random(static_cast<std::uint64_t>(row.prompt));
    GenerationRequest generation;
    std::vector<int> ids;
    for (int i = 0; i < row.prompt; ++i)
        ids.push_back(static_cast<int>(random.below(static_cast<std::size_t>(generator.decoder().config().vocabulary))));
    generation.prompts = {{ids, row.batch, 1}};
    generation.sampling.maxTokens = request.tokens;
    generation.maxBatch = row.batch;
    for (int go = 0; go < request.goes; ++go) {
        const auto result = generator.generate(generation, stop);
        if (!result.ok())
            return result.error();
        if (stop.stop_requested())
            return Error(ErrorCode::cancelled, "Measuring was stopped.");
        row.prefillTokensPerSecond = std::max(row.prefillTokensPerSecond, row.prompt / result->prefillSeconds);
        row.decodeTokensPerSecond =
            std::max(row.decodeTokensPerSecond, static_cast<double>(result->completionTokens - row.batch) / result->decodeSeconds);
    }
    return row;
}

void setShares(BenchRow& row, const Generator& generator, const MachineRates& rates, int tokens)
{
    const DecoderConfig& config = generator.decoder().config();
    const double rate = 1e9 * (generator.holdsRows() ? rates.bfloat16Gigaflops : rates.float32Gigaflops);
    row.matmulShare = promptOperations(config, row.prompt) * row.prefillTokensPerSecond / row.prompt / rate;
    const double steps = tokens - 1, seconds = steps * row.batch / row.decodeTokensPerSecond;
    const double bytes = steps * static_cast<double>(generator.weightBytes()) +
        cachedBytes(config, static_cast<double>(generator.bytesPerPosition()), row, tokens);
    row.bandwidthShare = bytes / seconds / (1e9 * rates.memoryGigabytes);
}

} // namespace

Result<BenchResult> benchModel(
    Generator& generator, const BenchRequest& request, const std::stop_token& stop, const std::function<void(const BenchRow&)>& onRow)
{
    PRECEDENT_TRY(check(request, generator));
    BenchResult result;
    result.machine = measureMachine(generator);
    for (const int batch : request.batches) {
        for (const int prompt : request.prompts) {
            BenchRow row;
            row.batch = batch;
            row.prompt = prompt;
            Result<BenchRow> measured = measureRow(generator, request, row, stop);
            if (!measured.ok())
                return measured.error();
            setShares(*measured, generator, result.machine, request.tokens);
            result.rows.push_back(*measured);
            if (onRow)
                onRow(*measured);
        }
    }
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0)
        result.peakRssBytes = std::int64_t{usage.ru_maxrss} * 1024;
    return result;
}

} // namespace precedent::core
