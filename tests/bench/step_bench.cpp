// One GRPO step of a model folder by phase: drawing, reference, forward, backward, optimiser; memory at its peak.
// Usage: step_bench FOLDER TEXT [--prompts N] [--shared N] [--prompt N] [--group N] [--tokens N] [--steps N] [--dtype float32|bfloat16]
//            [--threads N] [--micro N] [--recompute] [--json]
// The text's tokens make the prompts: --prompts of them of --prompt tokens, of which the first --shared are the same.
// Completions are as long as --tokens says; rewards are drawn. LoRA of rank 16 on all projections, beta 0.04.
// The setting of tests/bench/peers/compare_training.sh, which puts it beside TRL.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include <ATen/ATen.h>

#include "core/align/torch/policy.h"
#include "core/generate/generator.h"
#include "core/generate/kernel_choice.h"
#include "core/generate/kernels.h"
#include "core/model/threads.h"
#include "precedent/align/advantages.h"
#include "precedent/align/prompt_encoder.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"
#include "precedent/base/random.h"

using namespace precedent;
using namespace precedent::core;

namespace {

using Clock = std::chrono::steady_clock;
double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Options {
    std::string folder, text, dtype = "float32";
    int prompts = 1, shared = 0, prompt = 800, group = 8, tokens = 128, steps = 2, threads = 2, micro = 2048;
    bool recompute = false, json = false;
};

Options parse(int argc, char** argv)
{
    Options options;
    std::map<std::string, int*> numbers{{"--prompts", &options.prompts}, {"--shared", &options.shared}, {"--prompt", &options.prompt},
        {"--group", &options.group}, {"--tokens", &options.tokens}, {"--steps", &options.steps}, {"--threads", &options.threads},
        {"--micro", &options.micro}};
    std::vector<std::string> places;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--json")
            options.json = true;
        else if (word == "--recompute")
            options.recompute = true;
        else if (word == "--dtype" && i + 1 < argc)
            options.dtype = argv[++i];
        else if (const auto number = numbers.find(word); number != numbers.end() && i + 1 < argc)
            *number->second = std::atoi(argv[++i]);
        else
            places.push_back(word);
    }
    if (places.size() == 2) {
        options.folder = places[0];
        options.text = places[1];
    }
    return options;
}

/// float32, large: what a phase's arithmetic is measured by.
double productRate()
{
    const at::Tensor a = at::randn({2048, 2048}), b = at::randn({2048, 2048});
    double best = 0;
    for (int i = 0; i < 6; ++i) {
        const auto start = Clock::now();
        at::mm(a, b);
        best = std::max(best, 2.0 * 2048 * 2048 * 2048 / secondsSince(start));
    }
    return best;
}

double peakMegabytes()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

std::vector<std::vector<int>> promptsOf(const Options& options, const std::vector<int>& ids)
{
    std::vector<std::vector<int>> prompts;
    const auto shared = static_cast<std::size_t>(options.shared), length = static_cast<std::size_t>(options.prompt);
    for (std::size_t p = 0; p < static_cast<std::size_t>(options.prompts); ++p) {
        std::vector<int> prompt;
        for (std::size_t i = 0; i < length; ++i)
            prompt.push_back(ids[(i < shared ? i : i + p * length) % ids.size()]);
        prompts.push_back(std::move(prompt));
    }
    return prompts;
}

/// Multiplications of matrices alone, twice each, as an exact step needs them: positions computed once.
struct Work {
    double body = 0, head = 0; ///< of one forward pass
};

Work workOf(const Options& options, const DecoderConfig& config)
{
    const double attended =
        static_cast<double>(config.heads + 2 * config.kvHeads) * config.headDim + static_cast<double>(config.heads) * config.headDim;
    const double perPosition = 2.0 * config.layers * config.hiddenSize * (attended + 3.0 * config.intermediateSize);
    const double completions = static_cast<double>(options.prompts) * options.group;
    const double positions =
        options.shared + static_cast<double>(options.prompts) * (options.prompt - options.shared) + completions * (options.tokens - 1);
    return {positions * perPosition, 2.0 * completions * options.tokens * config.hiddenSize * config.vocabulary};
}

int run(const Options& options)
{
    setThreadCount(options.threads);
    Placement placement;
    placement.dtype = options.dtype == "bfloat16" ? WeightDtype::bfloat16 : WeightDtype::float32;
    const auto loaded = loadModel(options.folder, true, placement);
    if (!loaded.ok()) {
        std::fprintf(stderr, "%s\n", loaded.error().message().c_str());
        return 1;
    }
    const auto encoder = align::PromptEncoder::load(options.folder);
    const auto text = readFile(options.text);
    if (!encoder.ok() || !text.ok()) {
        std::fprintf(stderr, "no tokenizer or no text\n");
        return 1;
    }
    RunSpec spec;
    spec.numGenerations = options.group;
    spec.maxCompletionLength = options.tokens;
    spec.beta = 0.04;
    spec.loraR = 16;
    spec.loraAlpha = 32;
    spec.microBatchTokens = options.micro;
    spec.learningRate = 1e-5;
    spec.gradientCheckpointing = options.recompute;
    spec.lossType = LossType::grpo;
    auto policy = Policy::create(*loaded, spec);
    if (!policy.ok())
        return 1;
    Generator generator((*policy)->decoder());
    const auto prompts = promptsOf(options, encoder->tokenizer().encode(*text));
    const Work work = workOf(options, loaded->config);
    Random random(1);
    Json rows = Json::array();
    for (int step = 1; step <= options.steps; ++step) {
        const auto start = Clock::now();
        GenerationRequest request;
        for (const auto& prompt : prompts)
            request.prompts.push_back({prompt, options.group, static_cast<std::uint64_t>(step)});
        request.sampling.maxTokens = options.tokens;
        request.sampling.seed = static_cast<std::uint64_t>(step);
        request.maxBatch = options.prompts * options.group;
        const auto drawn = generator.generate(request);
        if (!drawn.ok())
            return 1;
        const double generation = secondsSince(start);
        std::vector<UpdateGroup> groups;
        for (const auto& prompt : prompts)
            groups.push_back({prompt, {}, {}});
        for (const Completion& completion : drawn->completions) {
            groups[static_cast<std::size_t>(completion.prompt)].completions.push_back(completion.ids);
            groups[static_cast<std::size_t>(completion.prompt)].advantages.push_back(random.uniform() * 2 - 1);
        }
        const UpdateResult update = (*policy)->update(groups, spec.learningRate);
        const auto refresh = Clock::now();
        generator.refreshWeights();
        const double refreshing = secondsSince(refresh);
        rows.push_back({{"step", step}, {"generation", generation}, {"prefill", drawn->prefillSeconds}, {"decode", drawn->decodeSeconds},
            {"reference", update.seconds.reference}, {"forward", update.seconds.forward}, {"backward", update.seconds.backward},
            {"optimiser", update.seconds.optimiser}, {"refresh", refreshing}, {"total", secondsSince(start)}, {"loss", update.loss},
            {"grad_norm", update.gradNorm}, {"kl", update.kl}});
    }
    const KernelChoice& kernels = chosenKernels();
    const Json result{{"threads", threadCount()}, {"dtype", options.dtype}, {"prefill_kernels", kernels.prefill->name},
        {"decode_kernels", kernels.decode->name}, {"gflops", productRate() / 1e9}, {"body_gflop", work.body / 1e9},
        {"head_gflop", work.head / 1e9}, {"peak_mb", peakMegabytes()}, {"steps", rows}};
    std::printf("%s\n", dumpJson(result, options.json ? -1 : 1).c_str());
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    const Options options = parse(argc, argv);
    if (options.folder.empty()) {
        std::fprintf(stderr, "usage: step_bench FOLDER TEXT [options]\n");
        return 2;
    }
    // OpenBLAS reads this as it is loaded, and takes processors that are newer than itself for very old ones.
    if (std::getenv("OPENBLAS_CORETYPE") == nullptr && bestKernels().name != std::string("baseline")) {
        ::setenv("OPENBLAS_CORETYPE", bestKernels().name == std::string("avx512") ? "SkylakeX" : "Haswell", 1);
        ::execv("/proc/self/exe", argv);
    }
    return run(options);
}
