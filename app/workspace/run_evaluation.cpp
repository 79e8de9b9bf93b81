#include <set>

#include "precedent/align/context_budget.h"
#include "precedent/align/run_spec_json.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/workspace/run_service.h"

namespace precedent::workspace {
namespace {

std::vector<Mode> evaluationModes(const core::RunSpec& spec)
{
    std::vector<Mode> modes = {Mode::none};
    for (const Mode mode : {Mode::codes, Mode::cases}) {
        const auto share = spec.modeWeights.find(toString(mode));
        if (share != spec.modeWeights.end() && share->second > 0)
            modes.push_back(mode);
    }
    return modes;
}

SuitePlan planFor(const core::RunInputs& inputs, const RunEvaluation& what, int contextLength)
{
    SuitePlan plan;
    plan.model = what.model;
    plan.adapter = what.load.adapter;
    plan.checkpoint = what.checkpoint;
    plan.modes = evaluationModes(inputs.spec);
    plan.limit = inputs.spec.evaluateLimit;
    plan.casesPerPrompt = inputs.spec.casesPerPrompt;
    plan.promptBudget = align::promptBudget(inputs.spec, contextLength);
    plan.sampling.temperature = inputs.spec.evaluateTemperature;
    plan.sampling.maxTokens = inputs.spec.maxCompletionLength;
    plan.seed = inputs.spec.seed;
    return plan;
}

/// True if the grammar knows the truth about every prompt of these suites.
Result<bool> sampleOnly(const casebase::Casebase& casebase, const std::vector<std::string>& suites)
{
    bool all = true;
    for (const std::string& suite : suites) {
        casebase::PromptFilter filter;
        filter.suite = suite;
        PRECEDENT_TRY(casebase.prompts().forEach(filter, [&](const casebase::Prompt& prompt) -> Status {
            all = all && prompt.source == kSampleSource;
            return {};
        }));
    }
    return all;
}

Json specOf(
    const SuitePlan& plan, const RunEvaluation& what, const core::RunInputs& inputs, const AnswerJudge& judge, const SuiteAnswers& answers)
{
    Json modes = Json::array();
    for (const Mode mode : plan.modes)
        modes.push_back(toString(mode));
    return {{"phase", toString(what.phase)}, {"model", plan.model}, {"adapter", plan.adapter}, {"checkpoint", plan.checkpoint},
        {"suites", plan.suites}, {"modes", modes}, {"limit", plan.limit}, {"temperature", plan.sampling.temperature},
        {"max_tokens", plan.sampling.maxTokens}, {"seed", plan.seed}, {"cases_per_prompt", plan.casesPerPrompt},
        {"chain_open_in_prompt", inputs.templates.openInPrompt}, {"judge", judge.name()}, {"judge_hash", judge.hash()},
        {"self_judged", judge.paysReward()}, {"content_hash", inputs.contentHash}, {"budget", toJson(answers.budget)},
        {"seconds", answers.seconds}, {"prompt_tokens", answers.promptTokens}, {"completion_tokens", answers.completionTokens}};
}

} // namespace

const char* toString(Phase phase) { return phase == Phase::before ? "before" : "after"; }

Result<std::string> evaluateRun(casebase::Casebase& casebase, core::Engine& engine, const core::RunInputs& inputs,
    const RunEvaluation& what, const SuiteProgress& progress, std::stop_token stop)
{
    const Result<std::vector<casebase::Suite>> suites = casebase.suites().all();
    if (!suites)
        return suites.error();
    std::vector<std::string> sealed;
    for (const casebase::Suite& suite : suites.value()) {
        if (suite.role == casebase::SuiteRole::sealed)
            sealed.push_back(suite.name);
    }
    if (sealed.empty())
        return std::string();
    const Result<bool> ofSample = sampleOnly(casebase, sealed);
    if (!ofSample)
        return ofSample.error();
    const Result<std::unique_ptr<AnswerJudge>> judge = judgeFor({}, ofSample.value());
    if (!judge)
        return judge.error();
    const Result<align::PromptEncoder> encoder = align::PromptEncoder::load(inputs.modelFolder);
    if (!encoder)
        return encoder.error();
    Result<std::shared_ptr<core::Model>> model = engine.load(what.load);
    if (!model)
        return model.error();
    SuitePlan plan = planFor(inputs, what, (*model)->info().contextLength);
    plan.suites = sealed;
    const SuiteMaterial material{casebase, inputs.codes, inputs.cases, inputs.templates, encoder.value(), *judge.value()};
    const Result<SuiteAnswers> answers = answerSuites(material, plan, **model, progress, std::move(stop));
    if (!answers)
        return answers.error();

    casebase::Evaluation evaluation;
    evaluation.name = inputs.runId + " " + toString(what.phase);
    evaluation.runId = inputs.runId;
    evaluation.specJson = dumpJson(specOf(plan, what, inputs, *judge.value(), answers.value()));
    std::string id;
    PRECEDENT_TRY(casebase.transact([&]() -> Status {
        Result<std::string> added = casebase.evaluations().add(evaluation);
        if (!added)
            return added.error();
        id = *added;
        return casebase.evaluations().addRows(id, answers.value().rows);
    }));
    return id;
}

Result<BeforeAfter> loadBeforeAfter(const casebase::Casebase& casebase, const std::string& run)
{
    const Result<std::vector<casebase::Evaluation>> all = casebase.evaluations().ofRun(run);
    if (!all)
        return all.error();
    BeforeAfter both;
    // Oldest first, so that the newest of each phase is what remains.
    for (const casebase::Evaluation& evaluation : all.value()) {
        const Result<Json> spec = parseJson(evaluation.specJson, "evaluation " + evaluation.id);
        if (!spec)
            return spec.error();
        const bool isBefore = spec.value().value("phase", std::string()) == toString(Phase::before);
        Result<std::vector<casebase::EvaluationRow>> rows = casebase.evaluations().rows(evaluation.id);
        if (!rows)
            return rows.error();
        (isBefore ? both.before : both.after) = std::move(*rows);
        (isBefore ? both.beforeSpec : both.afterSpec) = spec.value();
    }
    const Result<std::map<std::string, std::string>> clusters = clustersOfRows(casebase, both.before.empty() ? both.after : both.before);
    if (!clusters)
        return clusters.error();
    both.clusters = clusters.value();
    return both;
}

Result<std::map<std::string, std::string>> clustersOfRows(
    const casebase::Casebase& casebase, const std::vector<casebase::EvaluationRow>& rows)
{
    std::set<std::string> ids;
    for (const casebase::EvaluationRow& row : rows)
        ids.insert(row.promptId);
    std::vector<casebase::Prompt> prompts;
    for (const std::string& id : ids) {
        Result<casebase::Prompt> prompt = casebase.prompts().find(id);
        // A prompt that was removed since stands alone.
        if (prompt)
            prompts.push_back(std::move(*prompt));
        else if (prompt.error().code() != ErrorCode::notFound)
            return prompt.error();
    }
    return clustersOf(prompts);
}

} // namespace precedent::workspace
