#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

#include "app/cli/command.h"
#include "app/cli/estimate_text.h"
#include "app/cli/interrupt.h"
#include "app/cli/loaded_model.h"
#include "app/cli/ranked_training.h"
#include "app/cli/training_session.h"
#include "precedent/align/run_spec_json.h"
#include "precedent/base/files.h"
#include "precedent/workspace/engine_loader.h"
#include "precedent/workspace/run_lock.h"
#include "precedent/workspace/run_service.h"

namespace precedent::cli {
namespace {

struct TrainOptions {
    std::string casebase;
    std::string model;
    std::string preset;
    std::string spec;
    std::vector<std::string> settings;
    std::optional<int> steps;
    std::optional<std::uint64_t> seed;
    std::string out;
    std::string resume;
    bool includeDrafts = false;
    bool dryRun = false;
    bool noEstimate = false;
    Patience patience;
};

/// Preset, then the file, then --set, then the flags.
Result<core::RunSpec> specOf(const TrainOptions& options, const GlobalOptions& globals)
{
    core::RunSpec spec;
    if (!options.preset.empty()) {
        Result<core::RunSpec> preset = align::preset(options.preset);
        if (!preset)
            return preset;
        spec = std::move(*preset);
    }
    if (!options.spec.empty()) {
        const Result<std::string> text = readFile(options.spec, std::size_t{16} << 20);
        if (!text)
            return text.error();
        const Result<Json> json = parseJson(text.value(), options.spec);
        if (!json)
            return json.error();
        Result<core::RunSpec> read = align::runSpecFromJson(json.value(), spec);
        if (!read)
            return read.error().in(options.spec);
        spec = std::move(*read);
    }
    for (const std::string& setting : options.settings)
        PRECEDENT_TRY(align::applySetting(spec, setting));
    if (!options.model.empty())
        spec.model = options.model;
    if (options.steps)
        spec.maxSteps = *options.steps;
    if (options.seed)
        spec.seed = *options.seed;
    if (globals.dtype != core::WeightDtype::automatic)
        spec.dtype = globals.dtype;
    return spec;
}

void showBeforeStart(const workspace::PreparedRun& prepared, const Context& context)
{
    for (const std::string& sentence : prepared.report.sentences())
        context.note(sentence);
    if (!prepared.templateNote.empty())
        context.note(prepared.templateNote);
    if (!prepared.earnings.empty())
        context.note("What policies that read nothing would earn (1 is the most):");
    for (const align::Earnings& line : prepared.earnings) {
        std::string text = "  " + line.policy + std::string(line.policy.size() < 22 ? 22 - line.policy.size() : 1, ' ');
        char number[48];
        std::snprintf(number, sizeof number, "%6.3f", line.overall);
        text += number;
        for (const auto& [label, value] : line.byLabel) {
            std::snprintf(number, sizeof number, "  %s %.3f", label.c_str(), value);
            text += number;
        }
        context.note(text);
    }
    if (!prepared.balanceNote.empty())
        context.note(prepared.balanceNote);
}

/// Before anything is written: parts of steps are done, unless the line says not to, or the engine cannot.
Result<workspace::RunEstimate> estimate(const TrainOptions& options, const casebase::Casebase& casebase,
    const workspace::PreparedRun& prepared, Context& context, const InterruptWatcher& interrupt)
{
    if (options.noEstimate)
        return workspace::estimatePrepared(casebase, prepared);
    const Result<core::Engine*> engine = openEngine(context);
    if (!engine)
        return engine.error();
    context.note("Measuring parts of steps on this machine ...");
    const Result<core::Rehearsal> rehearsal = engine.value()->rehearse(prepared.inputs, interrupt.token());
    if (!rehearsal)
        return rehearsal.error().code() == ErrorCode::unsupported ? workspace::estimatePrepared(casebase, prepared) : rehearsal.error();
    return workspace::estimatePrepared(casebase, prepared, rehearsal.value());
}

std::string checkLine(const TrainOptions& options)
{
    if (options.resume.empty())
        return options.model.empty() || (options.preset.empty() && options.spec.empty())
            ? "A new run needs --model, and --preset or --spec; or continue a run with --resume RUN."
            : "";
    const bool others = !options.model.empty() || !options.preset.empty() || !options.spec.empty() || !options.settings.empty() ||
        options.seed || !options.out.empty() || options.includeDrafts;
    return others ? "A run is continued with the settings that it froze: of all settings only --steps goes with --resume." : "";
}

Result<Outcome> trainTo(
    Context& context, casebase::Casebase& casebase, core::RunInputs inputs, RankedTraining* ranked, const InterruptWatcher& interrupt)
{
    if (ranked != nullptr && !inputs.spec.selfGenerationEndpoint.empty())
        return Error(ErrorCode::unsupported,
            "self_generation_endpoint is " + inputs.spec.selfGenerationEndpoint + ": among several processes the run's own model draws.",
            "Self-generate in one process, then learn from the exported examples in several (run examples --export, sft_file).");
    if (ranked != nullptr && !inputs.spec.rolloutEndpoint.empty())
        return Error(ErrorCode::unsupported, "rollout_endpoint is set: a server draws for one process only.",
            "Train in one process, or without rollout_endpoint.");
    if (const std::string slow = workspace::slowBlasNote(); !slow.empty())
        context.note(slow);
    return TrainingSession(context, casebase, interrupt, std::move(inputs), ranked == nullptr ? nullptr : &ranked->lead).go();
}

Result<Outcome> startRun(const TrainOptions& options, Context& context, RankedTraining* ranked, const InterruptWatcher& interrupt)
{
    Result<core::RunSpec> spec = specOf(options, context.globals());
    if (!spec)
        return spec.error();
    Result<std::unique_ptr<casebase::Casebase>> opened =
        casebase::Casebase::open(options.casebase, options.dryRun ? casebase::OpenMode::readOnly : casebase::OpenMode::readWrite);
    if (!opened)
        return opened.error();
    Result<workspace::PreparedRun> prepared =
        workspace::prepareRun(**opened, *spec, options.includeDrafts, [&context] { return openEngine(context); });
    if (!prepared)
        return prepared.error();
    showBeforeStart(*prepared, context);
    const Result<workspace::RunEstimate> expected = estimate(options, **opened, *prepared, context, interrupt);
    if (!expected)
        return expected.error();
    context.note(estimateText(expected.value()));
    if (options.dryRun) {
        const Json json = {{"spec", align::toJson(*spec)}, {"freeze", prepared->report.toJson()},
            {"content_hash", prepared->inputs.contentHash}, {"estimate", estimateJson(expected.value())}};
        return Outcome{json, "Nothing was written. The run would be:\n" + dumpJson(json.at("spec"), 2) + "\n"};
    }
    PRECEDENT_TRY(workspace::storeRun(**opened, *prepared, options.out));
    PRECEDENT_TRY(workspace::keepEstimate(**opened, prepared->inputs.runId, expected.value()));
    const Result<workspace::RunLock> lock = workspace::RunLock::take(prepared->inputs.outputFolder);
    if (!lock)
        return lock.error();
    context.note("Run " + prepared->inputs.runId + " in " + prepared->inputs.outputFolder + ".");
    return trainTo(context, **opened, std::move(prepared->inputs), ranked, interrupt);
}

Result<Outcome> resumeRun(const TrainOptions& options, Context& context, RankedTraining* ranked, const InterruptWatcher& interrupt)
{
    Result<std::unique_ptr<casebase::Casebase>> opened =
        casebase::Casebase::open(options.casebase, options.dryRun ? casebase::OpenMode::readOnly : casebase::OpenMode::readWrite);
    if (!opened)
        return opened.error();
    casebase::Casebase& casebase = **opened;
    Result<core::RunInputs> inputs = workspace::loadRun(casebase, options.resume);
    if (!inputs)
        return inputs.error();
    if (options.steps)
        inputs->spec.maxSteps = *options.steps;
    Result<casebase::Run> run = casebase.runs().find(inputs->runId);
    if (!run)
        return run.error();
    const auto checkpoint = workspace::lastCheckpoint(casebase, inputs->runId);
    if (!checkpoint)
        return checkpoint.error();
    const int from = checkpoint.value() ? checkpoint.value()->step : 0;
    if (options.dryRun)
        return Outcome{{{"run", inputs->runId}, {"steps", from}, {"max_steps", inputs->spec.maxSteps}},
            "Would continue run " + inputs->runId + " from step " + std::to_string(from) + " to " + std::to_string(inputs->spec.maxSteps) +
                ".\n"};
    const Result<workspace::RunLock> lock = workspace::RunLock::take(inputs->outputFolder);
    if (!lock)
        return lock.error();
    run->steps = inputs->spec.maxSteps;
    run->specJson = dumpJson(align::toJson(inputs->spec));
    PRECEDENT_TRY(casebase.runs().update(*run));
    context.note("Continuing run " + inputs->runId + " from step " + std::to_string(from) + ".");
    return trainTo(context, casebase, std::move(*inputs), ranked, interrupt);
}

/// Alone, or as the rank that a launcher made of this process.
Result<Outcome> train(const TrainOptions& options, Context& context)
{
    std::optional<InterruptWatcher> own; // of a process that trains alone
    const auto onRank = [&](RankedTraining* ranked) {
        const InterruptWatcher& interrupt = ranked != nullptr ? ranked->interrupt : own.emplace();
        return options.resume.empty() ? startRun(options, context, ranked, interrupt) : resumeRun(options, context, ranked, interrupt);
    };
    Result<std::optional<Launch>> launch = launchFrom([](const char* name) { return std::getenv(name); });
    PRECEDENT_TRY(launch);
    if (!launch.value())
        return onRank(nullptr);
    if (options.dryRun)
        return launch.value()->place.rank == 0 ? onRank(nullptr) : Outcome{{}, {}, 0, true};
    return trainAmongRanks(context, *launch.value(), options.patience, onRank);
}

} // namespace

void addTrainCommand(CLI::App& app, Commands& commands)
{
    auto options = std::make_shared<TrainOptions>();
    CLI::App* command = addCommand(app, "train", "Trains a model on its own reasoning over a casebase, or continues a run",
        "train --casebase demo.casebase --model starter --preset quickstart\n  precedent-cli train --casebase demo.casebase --resume "
        "run-1");
    command->add_option("--casebase", options->casebase, "The casebase")->required()->type_name("CASEBASE");
    command->add_option("--model", options->model, "A folder, a .gguf file, starter, or run:RUN[@STEP]");
    command->add_option("--preset", options->preset, "Settings to start from")->check(CLI::IsMember(align::presetNames()));
    command->add_option("--spec", options->spec, "Settings from a file, over the preset's")->type_name("FILE.json");
    command->add_option("--set", options->settings, "key=value, over the file's; may be given again")->allow_extra_args(false);
    command->add_option("--steps", options->steps, "Steps in all, also after a resume")->check(CLI::Range(1, 100000000));
    command->add_option("--seed", options->seed, "The run's seed");
    command->add_option("--out", options->out, "The run's folder; else NAME.casebase.runs/RUN")->type_name("DIR");
    command->add_option("--resume", options->resume, "Continue this run")->type_name("RUN");
    command->add_flag("--include-drafts", options->includeDrafts, "Also use cases that nobody has approved");
    command->add_flag("--no-estimate", options->noEstimate, "Start without measuring parts of steps first");
    command->add_flag("--dry-run", options->dryRun, "Freeze and report; write nothing");
    command->add_option("--meet-timeout", options->patience.meetSeconds, "Among several processes: seconds until all have come")
        ->check(CLI::Range(1, 86400))
        ->capture_default_str();
    command
        ->add_option(
            "--rank-timeout", options->patience.stepSeconds, "Among several processes: seconds until the slowest has done its step")
        ->check(CLI::Range(1, 604800))
        ->capture_default_str();
    command->footer(command->get_footer() +
        "\n\nSeveral processes train one run together where a launcher starts them (torchrun, mpirun, srun):\n"
        "  torchrun --no-python --nproc_per_node 2 precedent-cli train --casebase demo.casebase --model starter --preset quickstart");
    commands.on(
        command, [options](Context& context) { return train(*options, context); }, [options] { return checkLine(*options); });
}

} // namespace precedent::cli
