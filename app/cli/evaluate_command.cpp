#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>

#include "app/cli/case_options.h"
#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/judge_options.h"
#include "app/cli/loaded_model.h"
#include "app/cli/progress.h"
#include "app/cli/threshold.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/workspace/evaluation_service.h"
#include "precedent/workspace/run_service.h"

namespace precedent::cli {
namespace {

constexpr int kThresholdMissed = 3;

struct EvaluateOptions {
    std::string casebase;
    std::vector<std::string> modes;
    std::string retrieval;
    std::vector<std::string> failIf;
    workspace::EvaluationOrder order; ///< but for the modes
    bool dryRun = false;
};

Result<std::vector<Threshold>> thresholdsOf(const EvaluateOptions& options)
{
    std::vector<Threshold> thresholds;
    for (const std::string& text : options.failIf) {
        Result<Threshold> threshold = parseThreshold(text);
        if (!threshold)
            return threshold.error();
        thresholds.push_back(std::move(*threshold));
    }
    return thresholds;
}

std::string checkLine(const EvaluateOptions& options)
{
    for (const std::string& fault : {checkJudge(options.order.judge), workspace::checkHarmJudgeName(options.order.harmJudge)}) {
        if (!fault.empty())
            return fault;
    }
    const Result<std::vector<Threshold>> thresholds = thresholdsOf(options);
    return thresholds.ok() ? std::string() : thresholds.error().message() + " " + thresholds.error().hint();
}

workspace::EvaluationOrder orderOf(const EvaluateOptions& options)
{
    workspace::EvaluationOrder order = options.order;
    takeRetrieval(order.cases, options.retrieval);
    for (const std::string& mode : options.modes) {
        const Mode value = modeFromString(mode).value_or(Mode::none);
        if (std::find(order.modes.begin(), order.modes.end(), value) == order.modes.end())
            order.modes.push_back(value);
    }
    const auto once = [](std::vector<std::string>& names) {
        std::vector<std::string> kept;
        for (const std::string& name : names) {
            if (std::find(kept.begin(), kept.end(), name) == kept.end())
                kept.push_back(name);
        }
        names = std::move(kept);
    };
    once(order.models);
    once(order.choice.suites);
    once(order.choice.attacks);
    std::copy_if(order.choice.attacks.begin(), order.choice.attacks.end(), std::back_inserter(order.choice.own), workspace::isModelAttack);
    return order;
}

/// A threshold on something that no suite of the order measures would always hold: that is a mistake, not a success.
Status checkMeasured(const std::vector<Threshold>& thresholds, const workspace::EvaluationOutline& outline)
{
    for (const Threshold& threshold : thresholds) {
        const bool measured = std::any_of(outline.asked.begin(), outline.asked.end(), [&](const workspace::AskedAxis& asked) {
            const std::vector<std::string> metrics = workspace::metricsOf(asked.axis, outline.measured);
            return std::find(metrics.begin(), metrics.end(), threshold.metric) != metrics.end();
        });
        if (!measured)
            return Error(ErrorCode::invalidArgument,
                "--fail-if '" + threshold.text + "' cannot be checked: nothing here measures " + threshold.metric + ".",
                "Name a suite that does (and --harm-judge for attack_success and harm_score, --perplexity for perplexity), or leave the "
                "condition out.");
    }
    return {};
}

Outcome dryOutcome(const workspace::EvaluationOutline& outline, const EvaluateOptions& options)
{
    Outcome outcome;
    Json asked = Json::array();
    outcome.text = "Would ask " + std::to_string(outline.answers) + " answers and store nothing:\n";
    for (const workspace::AskedAxis& line : outline.asked) {
        asked.push_back({{"suite", line.suite}, {"axis", line.axis}, {"n", line.n}, {"burned", line.burned}, {"wrappers", line.wrappers}});
        outcome.text += "  " + line.suite + ": " + std::to_string(line.n) + " " + workspace::titleOf(line.axis) +
            (line.burned > 0 ? ", " + std::to_string(line.burned) + " of them burned" : "") +
            (line.wrappers.empty() ? "" : ", " + std::to_string(line.wrappers.size()) + " wrappers") + "\n";
    }
    if (outline.searches > 0)
        outcome.text += std::to_string(outline.searches) + " of them after a search of " + std::to_string(outline.searchPasses) +
            " passes through the model each,\n";
    Json models = Json::array();
    for (const workspace::OrderedModel& model : outline.models)
        models.push_back(
            {{"model", model.name}, {"adapter", model.adapter}, {"checkpoint", model.checkpoint}, {"self_judged", model.selfJudged}});
    outcome.text += "of " + std::to_string(outline.models.size()) + (outline.models.size() == 1 ? " model" : " models") + ", in " +
        std::to_string(options.modes.size()) + (options.modes.size() == 1 ? " mode" : " modes") + ", with " +
        std::to_string(outline.codes) + " codes and " + std::to_string(outline.cases) + " of " + std::to_string(outline.casesTotal) +
        " cases, judged by " + outline.judge + " (" + outline.judgeHash.substr(0, 12) + ").\n";
    outcome.json = {{"evaluation", nullptr}, {"models", models}, {"asked", asked}, {"answers", outline.answers},
        {"searches", outline.searches}, {"codes", outline.codes}, {"cases", outline.cases}, {"judge", outline.judge},
        {"judge_hash", outline.judgeHash}};
    return outcome;
}

/// Figures and notes of one stored evaluation.
struct Read {
    std::vector<workspace::Figure> figures;
    std::vector<std::string> notes;
};

Result<Read> readBack(const casebase::Casebase& casebase, const std::string& id)
{
    const Result<casebase::Evaluation> evaluation = casebase.evaluations().find(id);
    if (!evaluation)
        return evaluation.error();
    const Result<Json> spec = parseJson(evaluation.value().specJson, "evaluation " + id);
    if (!spec)
        return spec.error();
    const Result<std::vector<casebase::EvaluationRow>> rows = casebase.evaluations().rows(id);
    if (!rows)
        return rows.error();
    const auto clusters = workspace::clustersOfRows(casebase, rows.value());
    if (!clusters)
        return clusters.error();
    Read back{workspace::figuresOf(rows.value(), clusters.value()), workspace::budgetSentences(spec.value())};
    if (spec.value().value("starter", false))
        back.notes.emplace_back(workspace::kStarterNotice);
    return back;
}

std::string evaluationText(const std::string& id, const Read& back)
{
    const workspace::Figure& first = back.figures.front();
    std::string text = id + ": " + (first.checkpoint.empty() ? first.model : first.checkpoint) + "\n" +
        workspace::figureTable(back.figures) + "\nAs judged, not yet checked on these suites: " + first.judge + " (" +
        first.judgeHash.substr(0, 12) + ")" + (first.selfJudged ? ", graded by its own reward" : "") + ".\n";
    std::size_t burned = 0;
    std::size_t n = 0;
    for (const workspace::Figure& figure : back.figures) {
        if (figure.metric == "no_answer") {
            burned += figure.burned;
            n += figure.estimate.n;
        }
    }
    if (burned > 0)
        text += std::to_string(n - burned) + " held out, " + std::to_string(burned) + " burned.\n";
    for (const std::string& note : back.notes)
        text += note + "\n";
    return text;
}

Result<Outcome> outcomeOf(
    const casebase::Casebase& casebase, const std::vector<std::string>& ids, const std::vector<Threshold>& thresholds, Context& context)
{
    Outcome outcome;
    outcome.json = {{"evaluation", ids.front()}, {"evaluations", ids}, {"rows", Json::array()}, {"notes", Json::array()}};
    std::vector<workspace::Figure> figures;
    for (const std::string& id : ids) {
        const Result<Read> back = readBack(casebase, id);
        if (!back)
            return back.error();
        for (const workspace::Figure& figure : back.value().figures)
            outcome.json["rows"].push_back(workspace::toJson(figure));
        for (const std::string& note : back.value().notes)
            outcome.json["notes"].push_back(note);
        figures.insert(figures.end(), back.value().figures.begin(), back.value().figures.end());
        outcome.text += (outcome.text.empty() ? "" : "\n") + evaluationText(id, back.value());
    }
    if (thresholds.empty())
        return outcome;
    outcome.json["missed"] = Json::array();
    for (const Miss& miss : missesOf(thresholds, figures)) {
        Json row = workspace::toJson(miss.figure);
        row["condition"] = miss.threshold.text;
        outcome.json["missed"].push_back(std::move(row));
        outcome.exitCode = kThresholdMissed;
        std::fprintf(stderr, "precedent-cli: threshold missed: %s\n", miss.text().c_str());
    }
    if (outcome.exitCode == 0)
        context.note("Every stated threshold holds.");
    return outcome;
}

const char* labelOf(workspace::EvaluationStage stage)
{
    switch (stage) {
    case workspace::EvaluationStage::judges:
        return "Judging";
    case workspace::EvaluationStage::searches:
        return "Searching";
    case workspace::EvaluationStage::answers:
        break;
    }
    return "Evaluating";
}

Result<Outcome> evaluate(const EvaluateOptions& options, Context& context)
{
    const InterruptWatcher interrupt;
    const Result<std::vector<Threshold>> thresholds = thresholdsOf(options);
    if (!thresholds)
        return thresholds.error();
    const auto mode = options.dryRun ? casebase::OpenMode::readOnly : casebase::OpenMode::readWrite;
    const Result<std::unique_ptr<casebase::Casebase>> opened = casebase::Casebase::open(options.casebase, mode);
    if (!opened)
        return opened.error();
    casebase::Casebase& casebase = **opened;
    const workspace::EvaluationOrder order = orderOf(options);
    const Result<workspace::EvaluationOutline> outline = workspace::outlineEvaluation(casebase, order);
    if (!outline)
        return outline.error();
    PRECEDENT_TRY(checkMeasured(thresholds.value(), outline.value()));
    if (options.dryRun)
        return dryOutcome(outline.value(), options);
    std::optional<Progress> progress;
    workspace::EvaluationStage stage{};
    const auto tell = [&](const workspace::EvaluationProgress& p) {
        if (!progress || stage != p.stage)
            progress.emplace(labelOf(p.stage), context.globals().quiet);
        stage = p.stage;
        progress->update(p.done, p.total, p.what);
    };
    const Result<std::vector<std::string>> ids = workspace::runEvaluation(
        casebase, [&context] { return openEngine(context); }, order, tell, interrupt.token());
    progress.reset();
    if (!ids)
        return ids.error();
    return outcomeOf(casebase, ids.value(), thresholds.value(), context);
}

void addElsewhereOptions(CLI::App& command, workspace::EvaluationOrder& order)
{
    const std::string group = "Answers from elsewhere, in place of --model";
    command.add_option("--endpoint", order.endpoint, "An OpenAI-compatible server, up to the version, as http://localhost:8000/v1")
        ->type_name("URL")
        ->group(group);
    command.add_option("--served-model", order.servedModel, "Its model, as it names it; of a file: what rows call it")
        ->type_name("NAME")
        ->group(group);
    command
        .add_option("--answers", order.answers,
            "Answers made already: JSONL, JSON or CSV with request and completion, HarmBench's completions, XSTest's, a log of Inspect's "
            "in JSON")
        ->type_name("FILE")
        ->group(group);
    workspace::EndpointOptions& asking = order.asking;
    command
        .add_option("--key-variable", asking.keyVariable, "The environment variable that holds the server's key, if not PRECEDENT_API_KEY")
        ->type_name("NAME")
        ->group(group);
    command.add_option("--requests-per-minute", asking.requestsPerMinute, "Requests a minute at most; 0: as fast as they come")
        ->check(CLI::Range(0.0, 1e6))
        ->group(group);
    command.add_option("--concurrent", asking.concurrent, "Requests under way at once; 0: 4")->check(CLI::Range(0, 256))->group(group);
    command.add_option("--timeout", asking.timeoutSeconds, "Seconds that one attempt may take; 0: 120")
        ->check(CLI::Range(0, 86400))
        ->group(group);
    command.add_option("--retries", asking.retries, "Further attempts after one that failed; -1: 4")
        ->check(CLI::Range(-1, 100))
        ->group(group);
}

void addOptions(CLI::App& command, EvaluateOptions& options)
{
    workspace::EvaluationOrder& order = options.order;
    command.add_option("--casebase", options.casebase, "The casebase with suites, codes and cases")->required()->type_name("CASEBASE");
    command.add_option("--model", order.models, "A folder, a .gguf file, starter, or run:RUN[@STEP]; may be given again")
        ->type_name("MODEL")
        ->allow_extra_args(false);
    command.add_option("--adapter", order.adapter, "A PEFT folder over the one model")->type_name("DIR");
    addElsewhereOptions(command, order);
    command.add_option("--suite", order.choice.suites, "A stored suite; may be given again")
        ->required()
        ->type_name("NAME")
        ->allow_extra_args(false);
    command.add_option("--mode", options.modes, "What the context holds; may be given again")
        ->required()
        ->check(CLI::IsMember({"none", "codes", "cases"}))
        ->allow_extra_args(false);
    command
        .add_option("--attack", order.choice.attacks,
            "Of wrapped prompts only those in this wrapper; prefill-answer, prefill-chain (the model's turn is begun for it, with an "
            "answer or a chain that helps) and suffix-search (words behind the request that make such a turn likelier) are made on plain "
            "requests, which are asked as they are too; may be given again")
        ->type_name("NAME")
        ->allow_extra_args(false);
    addJudgeOptions(command, order.judge, "Who says what an answer did; else the one that fits the suites");
    command
        .add_option("--harm-judge", order.harmJudge,
            "Who marks how harmful answers are to the request's goal, for attack_success and harm_score: endpoint:MODEL@URL, asked as "
            "--judge's server is")
        ->type_name("JUDGE");
    command
        .add_option("--perplexity", order.perplexityModel,
            "Whose probabilities the perplexity of harmless answers is of, as the base model; else it is not measured")
        ->type_name("MODEL");
    command.add_option("--limit", order.choice.limit, "Prompts from each axis of a suite, spread over it and always the same ones; 0: all")
        ->check(CLI::Range(0, 1000000000))
        ->capture_default_str();
    command.add_option("--fail-if", options.failIf, "Exit 3 if any figure meets this, as 'harmful_answered>0.1'; may be given again")
        ->type_name("CONDITION")
        ->allow_extra_args(false);
    addCaseOptions(command, order.cases, options.retrieval);
    command.add_option("--temperature", order.temperature, "0 is greedy")->check(CLI::Range(0.0, 10.0))->capture_default_str();
    command.add_option("--max-tokens", order.maxTokens, "Tokens of an answer with its chain at most; one that is longer is no answer")
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str();
    command.add_flag("!--written-choices", order.weighsChoices,
        "Questions of multiple choice by what is written, not by the letter that is likeliest behind an empty chain");
    command.add_option("--seed", order.seed, "The same seed draws the same answers")->capture_default_str();
    command.add_flag("--include-drafts", order.includeDrafts, "Also show cases that nobody has approved");
    command.add_flag("--dry-run", options.dryRun, "Say what would be asked; load and store nothing");
}

} // namespace

void addEvaluateCommand(CLI::App& app, Commands& commands)
{
    auto options = std::make_shared<EvaluateOptions>();
    CLI::App* command = addCommand(app, "evaluate", "Answers suites with a model in any mode, judges the answers and stores the figures",
        "evaluate --casebase demo.casebase --model starter --suite 'held-out attacked' --suite 'held-out look-alikes' --mode none --mode "
        "cases\n  precedent-cli evaluate --casebase demo.casebase --model run:run-1 --suite 'held-out attacked' --mode none --fail-if "
        "'harmful_answered>0.1'\n  precedent-cli evaluate --casebase demo.casebase --answers completions.jsonl --served-model other "
        "--suite "
        "'held-out attacked' --mode none");
    addOptions(*command, *options);
    commands.on(
        command, [options](Context& context) { return evaluate(*options, context); }, [options] { return checkLine(*options); });
}

} // namespace precedent::cli
