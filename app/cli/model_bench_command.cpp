#include <cstdio>
#include <memory>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/loaded_model.h"
#include "precedent/workspace/engine_loader.h"
#include "precedent/workspace/model_speed.h"

namespace precedent::cli {
namespace {

struct Options {
    std::string model;
    std::string adapter;
    std::string casebase;
    core::BenchRequest request;
};

std::string textOf(const core::BenchRow& row)
{
    char line[160];
    std::snprintf(line, sizeof line, "%5d  %6d  %9.0f tokens/s (%3.0f %%)  %9.1f tokens/s (%3.0f %%)", row.batch, row.prompt,
        row.prefillTokensPerSecond, 100 * row.matmulShare, row.decodeTokensPerSecond, 100 * row.bandwidthShare);
    return line;
}

std::string textOf(const core::BenchResult& result)
{
    const core::MachineRates& machine = result.machine;
    char line[320];
    std::snprintf(line, sizeof line,
        "%s, %d threads\nProducts: %.0f GFLOP/s float32, %.0f with weights in bfloat16; memory %.1f GB/s; this process held %.0f MB at "
        "most\n",
        machine.processor.c_str(), machine.threads, machine.float32Gigaflops, machine.bfloat16Gigaflops, machine.memoryGigabytes,
        static_cast<double>(result.peakRssBytes) / 1e6);
    std::string text = line;
    text += "Kernels: " + machine.floatKernels;
    if (!machine.decodeKernels.empty())
        text += "; of bfloat16 weights " + machine.prefillKernels + " for prompts, " + machine.decodeKernels + " for decoding";
    text += "\nbatch  prompt  prefill (of the arithmetic)  decoding (of the memory's rate)\n";
    for (const core::BenchRow& row : result.rows)
        text += textOf(row) + "\n";
    return text;
}

Result<Outcome> bench(const Options& options, Context& context)
{
    const InterruptWatcher interrupt;
    const Result<LoadedModel> loaded = loadModel(context, options.model, options.adapter, options.casebase);
    if (!loaded)
        return loaded.error();
    if (const std::string slow = workspace::slowBlasNote(); !slow.empty())
        context.note(slow);
    const Result<core::BenchResult> result =
        loaded.value().model->bench(options.request, interrupt.token(), [&](const core::BenchRow& row) { context.note(textOf(row)); });
    if (!result)
        return result.error();
    return Outcome{workspace::speedToJson(result.value()), textOf(result.value())};
}

} // namespace

void addModelBench(CLI::App& group, Commands& commands)
{
    auto options = std::make_shared<Options>();
    CLI::App* command = addCommand(
        group, "bench", "How fast a model reads prompts and generates, beside what the machine can do", "model bench starter --batch 1,8");
    command->add_option("MODEL", options->model, "A folder, starter, or run:RUN[@STEP]")->required();
    core::BenchRequest& request = options->request;
    command->add_option("--batch", request.batches, "Completions of one prompt decoded together")
        ->delimiter(',')
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    command->add_option("--prompt", request.prompts, "Tokens of the prompt")
        ->delimiter(',')
        ->check(CLI::Range(1, 1 << 20))
        ->capture_default_str();
    command->add_option("--tokens", request.tokens, "Tokens of each completion")->check(CLI::Range(2, 1 << 20))->capture_default_str();
    command->add_option("--goes", request.goes, "Times that each is measured; the fastest counts")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    command->add_option("--adapter", options->adapter, "A PEFT folder")->type_name("DIR");
    command->add_option("--casebase", options->casebase, "The casebase of the run")->type_name("CASEBASE");
    commands.on(command, [options](Context& context) { return bench(*options, context); });
}

} // namespace precedent::cli
