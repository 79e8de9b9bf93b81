#include <algorithm>
#include <cmath>

#include "precedent/align/run_spec_json.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/run_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/workspace/folder_size.h"
#include "precedent/workspace/run_estimate.h"
#include "precedent/workspace/run_folders.h"
#include "precedent/workspace/run_service.h"

namespace precedent::workspace {
namespace {

constexpr int kFewestSteps = 2;
constexpr double kLettersPerToken = 4.0;
constexpr const char* kEstimate = "estimate";
constexpr const char* kMeasured = "measured";

double quantile(const std::vector<double>& sorted, double share)
{
    return sorted[static_cast<std::size_t>(std::lround(share * static_cast<double>(sorted.size() - 1)))];
}

double metric(const casebase::RunStep& step, const char* name)
{
    const auto found = step.metrics.find(name);
    return found == step.metrics.end() || !std::isfinite(found->second) ? 0.0 : found->second;
}

/// A stored text that is JSON; an empty object where there is none or it cannot be read.
Json storedJson(const casebase::Casebase& casebase, const std::string& run, const char* name)
{
    const Result<std::string> text = casebase.runs().inputs(run, name);
    if (!text)
        return Json::object();
    Result<Json> json = parseJson(text.value(), name);
    return json && json->is_object() ? std::move(*json) : Json::object();
}

Result<core::RunSpec> specOf(const casebase::Run& run)
{
    const Result<Json> json = parseJson(run.specJson, "run " + run.id);
    if (!json)
        return json.error();
    return align::runSpecFromJson(json.value(), core::RunSpec{});
}

void addTimes(const std::vector<casebase::RunStep>& steps, StepEvidence& evidence)
{
    std::vector<double> seconds;
    for (const casebase::RunStep& step : steps)
        seconds.push_back(step.seconds);
    if (seconds.size() > 2)
        seconds.erase(seconds.begin());
    std::sort(seconds.begin(), seconds.end());
    evidence.steps = static_cast<int>(steps.size());
    evidence.secondsPerStep = quantile(seconds, 0.5);
    evidence.lowSeconds = quantile(seconds, 0.1);
    evidence.highSeconds = quantile(seconds, 0.9);
    double answers = 0;
    double all = 0;
    for (const casebase::RunStep& step : steps) {
        answers += metric(step, "completions/mean_length");
        all += metric(step, "tokens_per_second") * step.seconds;
    }
    const double rollouts = std::max(1, evidence.spec.promptsPerStep * evidence.spec.numGenerations);
    const double n = static_cast<double>(steps.size());
    evidence.answerTokens = answers / n;
    evidence.promptTokens = std::max(1.0, all / n / rollouts - evidence.answerTokens);
}

Status addEvaluations(const casebase::Casebase& casebase, StepEvidence& evidence)
{
    const Result<std::vector<casebase::Evaluation>> all = casebase.evaluations().ofRun(evidence.run);
    if (!all)
        return all.error();
    double seconds = 0;
    double answers = 0;
    for (const casebase::Evaluation& evaluation : all.value()) {
        const Result<Json> spec = parseJson(evaluation.specJson, "evaluation " + evaluation.id);
        if (!spec || !spec.value().is_object())
            continue;
        double answered = 0;
        for (const Json& suite : spec.value().value("budget", Json::array()))
            answered += suite.value("prompts", 0.0);
        if (answered <= 0)
            continue;
        answers += answered;
        seconds += spec.value().value("seconds", 0.0);
    }
    if (answers > 0)
        evidence.evaluateSecondsPerAnswer = seconds / answers;
    return {};
}

/// The letters of what a prompt's context holds, in the mode.
double contextLetters(const core::RunInputs& inputs, Mode mode)
{
    if (mode == Mode::none)
        return 0;
    double letters = 0;
    for (const core::Code& code : inputs.codes)
        letters += static_cast<double>(code.title.size() + (mode == Mode::codes ? code.detailed : code.simple).size());
    if (mode == Mode::cases && !inputs.cases.empty()) {
        double all = 0;
        for (const core::Case& value : inputs.cases) {
            all += static_cast<double>(value.chain.size() + value.answer.size());
            for (const Message& message : value.request)
                all += static_cast<double>(message.content.size());
        }
        letters += all / static_cast<double>(inputs.cases.size()) * inputs.spec.casesPerPrompt;
    }
    return letters;
}

} // namespace

Result<std::optional<StepEvidence>> findEvidence(const casebase::Casebase& casebase, const core::RunSpec& spec)
{
    const Result<std::vector<casebase::Run>> runs = casebase.runs().all();
    if (!runs)
        return runs.error();
    std::optional<StepEvidence> best;
    for (const casebase::Run& run : runs.value()) {
        if (run.model != spec.model || run.stepsDone < kFewestSteps)
            continue;
        const Result<core::RunSpec> of = specOf(run);
        if (!of || (best && of.value().preset != spec.preset))
            continue;
        const bool same = of.value().preset == spec.preset;
        const Result<std::vector<casebase::RunStep>> steps = casebase.runs().steps(run.id);
        if (!steps)
            return steps.error();
        if (static_cast<int>(steps.value().size()) < kFewestSteps)
            continue;
        StepEvidence evidence;
        evidence.run = run.id;
        evidence.spec = of.value();
        addTimes(steps.value(), evidence);
        if (evidence.secondsPerStep <= 0 || evidence.answerTokens <= 0)
            continue;
        PRECEDENT_TRY(addEvaluations(casebase, evidence));
        evidence.memoryBytes = storedJson(casebase, run.id, kMeasured).value("peak_memory", std::int64_t{0});
        best = std::move(evidence);
        if (same)
            break;
    }
    return best;
}

Result<RunWork> workOf(const casebase::Casebase& casebase, const core::RunInputs& inputs)
{
    RunWork work;
    double request = 0;
    for (const core::TrainingPrompt& prompt : inputs.prompts) {
        for (const Message& message : prompt.messages)
            request += static_cast<double>(message.content.size());
    }
    work.promptTokens = request / kLettersPerToken / std::max<double>(1, static_cast<double>(inputs.prompts.size()));
    double weights = 0;
    double letters = 0;
    std::int64_t modes = 1; // mode none is always measured
    for (const auto& [name, share] : inputs.spec.modeWeights) {
        const std::optional<Mode> mode = modeFromString(name);
        if (!mode || share <= 0)
            continue;
        weights += share;
        letters += share * contextLetters(inputs, *mode);
        modes += *mode != Mode::none ? 1 : 0;
    }
    if (weights > 0)
        work.promptTokens += letters / weights / kLettersPerToken;
    const Result<std::vector<std::string>> sealed = casebase.suites().named(casebase::SuiteRole::sealed);
    if (!sealed)
        return sealed.error();
    if (inputs.spec.evaluateLimit > 0) {
        const Result<std::vector<SuitePrompt>> asked = choosePrompts(casebase, {*sealed, {}, inputs.spec.evaluateLimit});
        if (!asked)
            return asked.error();
        work.evaluatedAnswers = modes * std::ssize(*asked);
        return work;
    }
    for (const std::string& suite : *sealed) {
        casebase::PromptFilter filter;
        filter.suite = suite;
        const Result<std::int64_t> n = casebase.prompts().count(filter);
        if (!n)
            return n.error();
        work.evaluatedAnswers += modes * n.value();
    }
    return work;
}

Result<RunOutcome> outcomeOf(const casebase::Casebase& casebase, const std::string& id)
{
    const Result<casebase::Run> run = casebase.runs().find(id);
    if (!run)
        return run.error();
    RunOutcome outcome;
    const Result<std::vector<casebase::RunStep>> steps = casebase.runs().steps(run.value().id);
    if (!steps)
        return steps.error();
    for (const casebase::RunStep& step : steps.value())
        outcome.trainSeconds += step.seconds;
    const Result<std::vector<casebase::Evaluation>> evaluations = casebase.evaluations().ofRun(run.value().id);
    if (!evaluations)
        return evaluations.error();
    for (const casebase::Evaluation& evaluation : evaluations.value()) {
        if (const Result<Json> spec = parseJson(evaluation.specJson, "evaluation " + evaluation.id); spec && spec.value().is_object())
            outcome.evaluateSeconds += spec.value().value("seconds", 0.0);
    }
    outcome.memoryBytes = storedJson(casebase, run.value().id, kMeasured).value("peak_memory", std::int64_t{0});
    outcome.diskBytes = folderBytes(folderFromStored(casebase.path(), run.value().folder));
    return outcome;
}

Status keepEstimate(casebase::Casebase& casebase, const std::string& run, const RunEstimate& e)
{
    const Json json{{"seconds_per_step", e.secondsPerStep}, {"train_seconds", e.trainSeconds}, {"evaluate_seconds", e.evaluateSeconds},
        {"low_seconds", e.lowSeconds}, {"high_seconds", e.highSeconds}, {"memory", e.memoryBytes}, {"checkpoints", e.checkpointBytes},
        {"rollouts", e.rolloutBytes}, {"answers", e.answers}, {"tokens", e.tokens}, {"basis", e.basis}};
    return casebase.runs().setInputs(run, kEstimate, dumpJson(json));
}

Result<std::optional<RunEstimate>> estimateOf(const casebase::Casebase& casebase, const std::string& run)
{
    const Result<std::string> text = casebase.runs().inputs(run, kEstimate);
    if (!text)
        return text.error().code() == ErrorCode::notFound ? Result<std::optional<RunEstimate>>(std::optional<RunEstimate>()) : text.error();
    const Result<Json> json = parseJson(text.value(), "the run's estimate");
    if (!json)
        return json.error();
    try {
        const Json& j = json.value();
        RunEstimate e;
        e.secondsPerStep = j.at("seconds_per_step");
        e.trainSeconds = j.at("train_seconds");
        e.evaluateSeconds = j.at("evaluate_seconds");
        e.lowSeconds = j.at("low_seconds");
        e.highSeconds = j.at("high_seconds");
        e.memoryBytes = j.at("memory");
        e.checkpointBytes = j.at("checkpoints");
        e.rolloutBytes = j.at("rollouts");
        e.answers = j.at("answers");
        e.tokens = j.at("tokens");
        e.basis = j.at("basis");
        return std::optional(e);
    } catch (const Json::exception& e) {
        return Error(ErrorCode::corrupt, std::string("The run's estimate cannot be read: ") + e.what() + ".");
    }
}

Status keepPeakMemory(casebase::Casebase& casebase, const std::string& run, std::int64_t bytes)
{
    const std::int64_t before = storedJson(casebase, run, kMeasured).value("peak_memory", std::int64_t{0});
    return casebase.runs().setInputs(run, kMeasured, dumpJson(Json{{"peak_memory", std::max(before, bytes)}}));
}

} // namespace precedent::workspace
