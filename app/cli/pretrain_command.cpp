#include <cstdio>
#include <memory>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/loaded_model.h"
#include "app/cli/progress.h"
#include "precedent/workspace/pretrain_spec_json.h"

namespace precedent::cli {
namespace {

struct PretrainOptions {
    std::string spec;
    std::string out;
    bool resume = false;
    bool dryRun = false;
};

std::string lossText(const core::PretrainProgress& p)
{
    char text[96];
    std::snprintf(text, sizeof text, "loss %.3f, %.0f tokens/s", p.loss, p.tokensPerSecond);
    return text;
}

Result<Outcome> pretrain(const PretrainOptions& options, Context& context)
{
    Result<core::PretrainSpec> spec = workspace::readPretrainSpec(options.spec);
    if (!spec)
        return spec.error();
    spec->outputFolder = options.out;
    spec->resume = options.resume;
    if (options.dryRun)
        return Outcome{{{"spec", workspace::toJson(*spec)}}, dumpJson(workspace::toJson(*spec), 2) + "\n"};
    const InterruptWatcher interrupt;
    const Result<core::Engine*> engine = openEngine(context);
    if (!engine)
        return engine.error();
    Progress progress("Pretraining", context.globals().quiet);
    const auto onProgress = [&](const core::PretrainProgress& p) { progress.update(p.step, p.steps, lossText(p)); };
    const Result<core::PretrainSummary> summary = engine.value()->pretrain(*spec, onProgress, interrupt.token());
    progress.finish();
    if (!summary)
        return summary.error();
    const core::PretrainSummary& s = summary.value();
    Outcome outcome{{{"steps", s.steps}, {"loss", s.loss}, {"tokens", s.tokens}, {"sha256", s.sha256}},
        std::to_string(s.steps) + " steps over " + std::to_string(s.tokens) + " tokens, loss " + std::to_string(s.loss) + "; " +
            options.out + ", sha256 " + s.sha256 + "\n"};
    return outcome;
}

} // namespace

void addPretrainCommand(CLI::App& app, Commands& commands)
{
    auto options = std::make_shared<PretrainOptions>();
    CLI::App* command = addCommand(app, "pretrain", "Makes a language model from scratch out of a grammar's text (the starter's recipe)",
        "pretrain --spec resources/starter/recipe.json --out my-starter");
    command->add_option("--spec", options->spec, "The recipe")->required()->type_name("FILE.json");
    command->add_option("--out", options->out, "The model folder to write")->required()->type_name("DIR");
    command->add_flag("--resume", options->resume, "Go on from the folder's last checkpoint");
    command->add_flag("--dry-run", options->dryRun, "Show the recipe with its defaults; write nothing");
    commands.on(command, [options](Context& context) { return pretrain(*options, context); });
}

} // namespace precedent::cli
