#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>

#include "app/cli/command.h"
#include "app/cli/estimate_text.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/casebase/run_store.h"
#include "precedent/workspace/run_alarms.h"
#include "precedent/workspace/run_comparison.h"
#include "precedent/workspace/run_estimate.h"
#include "precedent/workspace/run_examples.h"
#include "precedent/workspace/run_folders.h"
#include "precedent/workspace/run_manifest.h"
#include "precedent/workspace/run_notes.h"
#include "precedent/workspace/run_report.h"
#include "precedent/workspace/run_service.h"

namespace precedent::cli {
namespace {

using casebase::Casebase;
using casebase::OpenMode;

std::string timeText(std::int64_t ms)
{
    if (ms == 0)
        return {};
    const std::time_t seconds = ms / 1000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
}

Json runJson(const casebase::Run& run)
{
    return {{"run", run.id}, {"name", run.name}, {"state", run.state}, {"step", run.stepsDone}, {"steps", run.steps},
        {"started", timeText(run.startedMs)}, {"ended", timeText(run.endedMs)}, {"model", run.model}};
}

std::string runLine(const casebase::Run& run)
{
    return run.id + "  " + run.name + "  " + run.state + "  step " + std::to_string(run.stepsDone) + " of " + std::to_string(run.steps) +
        "  " + run.model + "  " + timeText(run.startedMs) + "\n";
}

struct RunOptions {
    std::string path;
    std::string run;
    std::string other;
    std::string otherPath;
    std::string format = "csv";
    std::string out;
    std::optional<int> step;
    bool text = false;
    bool keepLast = false;
    bool dryRun = false;
};

/// Opens the casebase and finds the run.
Result<std::pair<std::unique_ptr<Casebase>, casebase::Run>> openRun(const RunOptions& options, OpenMode mode)
{
    Result<std::unique_ptr<Casebase>> opened = Casebase::open(options.path, mode);
    if (!opened)
        return opened.error();
    Result<casebase::Run> run = (*opened)->runs().find(options.run);
    if (!run)
        return run.error();
    return std::pair(std::move(*opened), std::move(*run));
}

Result<Outcome> list(const RunOptions& options)
{
    Result<std::unique_ptr<Casebase>> opened = Casebase::open(options.path, OpenMode::readOnly);
    if (!opened)
        return opened.error();
    const Result<std::vector<casebase::Run>> runs = (*opened)->runs().all();
    if (!runs)
        return runs.error();
    Outcome outcome;
    outcome.json["runs"] = Json::array();
    for (const casebase::Run& run : runs.value()) {
        outcome.json["runs"].push_back(runJson(run));
        outcome.text += runLine(run);
    }
    if (runs.value().empty())
        outcome.text = "No run yet.\n";
    return outcome;
}

Result<Outcome> show(const RunOptions& options)
{
    auto found = openRun(options, OpenMode::readOnly);
    if (!found)
        return found.error();
    const auto& [casebase, run] = *found;
    Outcome outcome;
    outcome.json = runJson(run);
    outcome.json["message"] = run.message;
    outcome.json["folder"] = workspace::folderFromStored(casebase->path(), run.folder).string();
    outcome.json["content_hash"] = run.inputsHash;
    outcome.json["casebase_snapshot"] = run.snapshot;
    const Result<Json> spec = parseJson(run.specJson, "the run's spec");
    outcome.json["spec"] = spec ? spec.value() : Json();
    outcome.text = runLine(run) + (run.message.empty() ? "" : run.message + "\n");
    if (const Result<workspace::StoredReport> report = workspace::loadReport(*casebase, run.id); report) {
        outcome.json["freeze"] = report.value().report;
        for (const std::string& sentence : report.value().sentences)
            outcome.text += sentence + "\n";
    }
    const Result<Json> manifest = workspace::readManifest(outcome.json["folder"].get<std::string>());
    outcome.json["manifest"] = manifest ? manifest.value() : Json();
    for (const std::string& why : workspace::whyNotExact(outcome.json["manifest"]))
        outcome.text += "Not exact: " + why + "\n";
    const auto estimate = workspace::estimateOf(*casebase, run.id);
    const Result<workspace::RunOutcome> took = workspace::outcomeOf(*casebase, run.id);
    if (!estimate || !took)
        return !estimate ? estimate.error() : took.error();
    const workspace::RunEstimate expected = estimate.value().value_or(workspace::RunEstimate());
    const auto lines = workspace::compareEstimate(expected, took.value(), run.stepsDone, run.steps);
    outcome.json.update(workspace::toJson(expected, lines));
    outcome.text += outcomeText(lines);
    const Result<std::vector<workspace::Alarm>> alarms = workspace::alarmsOf(*casebase, run.id);
    if (!alarms)
        return alarms.error();
    outcome.json["alarms"] = workspace::toJson(alarms.value());
    for (const workspace::Alarm& alarm : alarms.value())
        outcome.text += "Steps " + std::to_string(alarm.from) + " to " + std::to_string(alarm.to) + " (" + core::toString(alarm.kind) +
            "): " + alarm.message + "\n";
    const auto checkpoints = casebase->runs().checkpoints(run.id);
    const auto evaluations = casebase->evaluations().ofRun(run.id);
    const auto rollouts = casebase->runs().rolloutCount(run.id);
    if (!checkpoints || !evaluations || !rollouts)
        return !checkpoints ? checkpoints.error() : !evaluations ? evaluations.error() : rollouts.error();
    outcome.json["rollouts"] = rollouts.value();
    outcome.json["checkpoints"] = Json::array();
    for (const casebase::Checkpoint& checkpoint : checkpoints.value())
        outcome.json["checkpoints"].push_back({{"step", checkpoint.step},
            {"folder", workspace::folderFromStored(casebase->path(), checkpoint.folder).string()}, {"sha256", checkpoint.sha256}});
    outcome.json["evaluations"] = Json::array();
    for (const casebase::Evaluation& evaluation : evaluations.value())
        outcome.json["evaluations"].push_back(evaluation.id);
    outcome.text += std::to_string(rollouts.value()) + " rollouts, " + std::to_string(checkpoints.value().size()) + " checkpoints, " +
        std::to_string(evaluations.value().size()) + " evaluations; " + outcome.json["folder"].get<std::string>() + "\n";
    return outcome;
}

Result<Outcome> metrics(const RunOptions& options)
{
    auto found = openRun(options, OpenMode::readOnly);
    if (!found)
        return found.error();
    const Result<std::vector<casebase::RunStep>> steps = found->first->runs().steps(found->second.id);
    if (!steps)
        return steps.error();
    Outcome outcome;
    outcome.json = {{"run", found->second.id}, {"steps", workspace::metricsJson(steps.value())}};
    if (options.format == "csv") {
        outcome.text = workspace::metricsCsv(steps.value());
    } else {
        for (const Json& row : outcome.json["steps"])
            outcome.text += dumpJson(row) + "\n";
    }
    return outcome;
}

Json rolloutJson(const casebase::Rollout& r)
{
    Json citations = Json::array();
    for (const casebase::RolloutCitation& c : r.citations)
        citations.push_back({{"id", c.id}, {"in_context", c.inContext}, {"exists", c.exists}, {"governs", c.governs}});
    return {{"step", r.step}, {"group", r.group}, {"index", r.index}, {"prompt_id", r.promptId}, {"mode", toString(r.mode)},
        {"context", r.prompt}, {"completion", r.completion}, {"chain", r.chain}, {"answer", r.answer}, {"parse_problem", r.parseProblem},
        {"reward", r.reward}, {"rewards", r.rewards}, {"advantage", r.advantage}, {"verdict", toString(r.verdict)}, {"tokens", r.tokens},
        {"logprob", r.logprob}, {"citations", citations}};
}

/// A rollout as a line; its texts, which may be ugly, only where they are asked for.
std::string rolloutText(const casebase::Rollout& r, bool withText)
{
    std::string line = "step " + std::to_string(r.step) + "  group " + std::to_string(r.group) + "." + std::to_string(r.index) + "  " +
        r.promptId + "  " + toString(r.mode) + "  " + toString(r.verdict) + "  reward " + std::to_string(r.reward);
    for (const auto& [part, value] : r.rewards)
        line += "  " + part + " " + std::to_string(value);
    line += "\n";
    if (withText)
        line += "  chain: " + r.chain + "\n  answer: " + r.answer + "\n";
    return line;
}

Result<Outcome> rollouts(const RunOptions& options)
{
    auto found = openRun(options, OpenMode::readOnly);
    if (!found)
        return found.error();
    const Result<std::vector<casebase::Rollout>> all = found->first->runs().rollouts(found->second.id, options.step);
    if (!all)
        return all.error();
    Outcome outcome;
    outcome.json["rollouts"] = Json::array();
    for (const casebase::Rollout& rollout : all.value()) {
        outcome.json["rollouts"].push_back(rolloutJson(rollout));
        outcome.text += rolloutText(rollout, options.text);
    }
    return outcome;
}

Result<Outcome> examples(const RunOptions& options)
{
    auto found = openRun(options, OpenMode::readOnly);
    if (!found)
        return found.error();
    const auto& [casebase, run] = *found;
    const Result<std::vector<workspace::GeneratedExample>> all = workspace::generatedExamples(*casebase, run.id);
    if (!all)
        return all.error();
    Outcome outcome;
    outcome.json = {{"run", run.id}, {"kept", 0}, {"examples", Json::array()}};
    std::int64_t kept = 0;
    for (const workspace::GeneratedExample& example : all.value()) {
        const casebase::Rollout& r = example.rollout;
        if (options.step && r.step != *options.step)
            continue;
        kept += example.kept ? 1 : 0;
        outcome.json["examples"].push_back(
            {{"id", r.promptId}, {"step", r.step}, {"group", r.group}, {"index", r.index}, {"mode", toString(r.mode)}, {"score", r.reward},
                {"kept", example.kept}, {"rejected", example.rejected}, {"chain", r.chain}, {"answer", r.answer}});
        outcome.text += (example.kept ? "kept      " : example.rejected ? "rejected  " : "          ") + rolloutText(r, options.text);
    }
    outcome.json["kept"] = kept;
    outcome.text += std::to_string(kept) + " of " + std::to_string(outcome.json["examples"].size()) + " kept.\n";
    if (options.out.empty())
        return outcome;
    const Result<std::int64_t> written = workspace::exportExamples(*casebase, run.id, options.out);
    if (!written)
        return written.error();
    return Outcome{{{"run", run.id}, {"written", written.value()}, {"path", options.out}},
        std::to_string(written.value()) + " examples written to " + options.out +
            ". Correct them, and learn from them with --set sft_examples=file --set sft_file=" + options.out + ".\n"};
}

Result<Outcome> compare(const RunOptions& options)
{
    auto left = openRun(options, OpenMode::readOnly);
    if (!left)
        return left.error();
    RunOptions others = options;
    others.run = options.other;
    if (!options.otherPath.empty())
        others.path = options.otherPath;
    auto right = openRun(others, OpenMode::readOnly);
    if (!right)
        return right.error();
    const auto comparison = workspace::compareRuns(*left->first, left->second.id, *right->first, right->second.id);
    if (!comparison)
        return comparison.error();
    return Outcome{workspace::toJson(*comparison), workspace::toText(*comparison)};
}

Result<Outcome> removeRun(const RunOptions& options)
{
    auto found = openRun(options, options.dryRun ? OpenMode::readOnly : OpenMode::readWrite);
    if (!found)
        return found.error();
    auto& [casebase, run] = *found;
    const workspace::Removal removal = options.keepLast ? workspace::Removal::allButLast : workspace::Removal::everything;
    const Result<workspace::RemovalPlan> plan = workspace::planRemoval(*casebase, run.id, removal);
    if (!plan)
        return plan.error();
    const std::vector<std::string>& folders = plan.value().folders;
    const std::string what = options.keepLast
        ? std::to_string(folders.size()) + " checkpoints of run " + run.id + ", all but the last"
        : "run " + run.id + " with its records and " + std::to_string(folders.size()) + " checkpoints";
    Outcome outcome{{{"run", run.id}, {"removed", folders}, {"record_kept", options.keepLast}},
        (options.dryRun ? "Would remove " : "Removed ") + what + ".\n"};
    if (!options.dryRun)
        PRECEDENT_TRY(workspace::removeRun(*casebase, plan.value(), removal));
    return outcome;
}

} // namespace

void addRunCommands(CLI::App& app, Commands& commands)
{
    CLI::App* group = addCommand(app, "run", "What runs recorded", "run list demo.casebase");
    group->require_subcommand(1);
    const auto add = [&](const char* name, const char* description, const std::string& example, bool needsRun,
                         Result<Outcome> (*body)(const RunOptions&)) {
        auto options = std::make_shared<RunOptions>();
        CLI::App* command = addCommand(*group, name, description, example);
        command->add_option("CASEBASE", options->path, "The casebase")->required();
        if (needsRun)
            command->add_option("RUN", options->run, "The run's id or name")->required();
        commands.on(command, [options, body](Context&) { return body(*options); });
        return std::pair(command, options);
    };
    add("list", "Every run, newest first", "run list demo.casebase", false, list);
    add("show", "One run: spec, what it froze, checkpoints", "run show demo.casebase run-1", true, show);
    auto [metricsCommand, metricsOptions] =
        add("metrics", "One row a step, TRL's names", "run metrics demo.casebase run-1 --format csv", true, metrics);
    metricsCommand->add_option("--format", metricsOptions->format, "How the rows are written")
        ->check(CLI::IsMember({"csv", "jsonl"}))
        ->capture_default_str();
    auto [rolloutsCommand, rolloutsOptions] =
        add("rollouts", "Completions with their reward parts", "run rollouts demo.casebase run-1 --step 3 --json", true, rollouts);
    rolloutsCommand->add_option("--step", rolloutsOptions->step, "Of this step only");
    rolloutsCommand->add_flag("--text", rolloutsOptions->text, "With chains and answers");
    auto [examplesCommand, examplesOptions] = add("examples", "Chains that the run drew to learn from, and which it kept",
        "run examples demo.casebase run-1 --export kept.jsonl", true, examples);
    examplesCommand->add_option("--step", examplesOptions->step, "Of this step only");
    examplesCommand->add_flag("--text", examplesOptions->text, "With chains and answers");
    examplesCommand->add_option("--export", examplesOptions->out, "Write the kept ones here, a line each, to be corrected")
        ->type_name("FILE.jsonl");
    auto [compareCommand, compareOptions] =
        add("compare", "Where two runs' completions part, to the token", "run compare demo.casebase run-1 run-2", true, compare);
    compareCommand->add_option("OTHER", compareOptions->other, "The other run's id or name")->required();
    compareCommand->add_option("--with", compareOptions->otherPath, "The casebase of the other run, if it is not the same")
        ->type_name("CASEBASE");
    auto [removeCommand, removeOptions] =
        add("delete", "Removes a run and its checkpoints", "run delete demo.casebase run-1", true, removeRun);
    removeCommand->add_flag("--keep-last", removeOptions->keepLast, "Keep the record and the last checkpoint");
    removeCommand->add_flag("--dry-run", removeOptions->dryRun, "Say what would be removed");
}

} // namespace precedent::cli
