#include <set>

#include "app/workspace/pending_answers.h"
#include "precedent/align/context_budget.h"
#include "precedent/align/run_spec_json.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/workspace/evaluation_service.h"
#include "precedent/workspace/lineage.h"
#include "precedent/workspace/run_service.h"

namespace precedent::workspace {
namespace {

std::vector<Mode> evaluationModes(const core::RunSpec& spec)
{
    if (!spec.evaluateModes.empty()) {
        std::vector<Mode> named;
        for (const std::string& mode : spec.evaluateModes)
            named.push_back(modeFromString(mode).value_or(Mode::none));
        return named;
    }
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
    plan.choice.limit = inputs.spec.evaluateLimit;
    plan.cases = evaluationChoice(inputs.spec);
    plan.promptBudget = align::promptBudget(inputs.spec, contextLength);
    plan.sampling.temperature = inputs.spec.evaluateTemperature;
    plan.sampling.maxTokens = inputs.spec.maxCompletionLength;
    plan.seed = inputs.spec.seed;
    return plan;
}

/// Before training the model is what it was trained from: graded by its own reward only if that is itself a run's checkpoint. After it,
/// the run's own reward counts as well (Rule 5).
bool isSelfJudged(const core::RunInputs& inputs, const Lineage& lineage, Phase phase, const AnswerJudge& judge)
{
    return wasPaid(lineage, judge) || (phase == Phase::after && wasPaid(inputs.spec, judge));
}

} // namespace

const char* toString(Phase phase) { return phase == Phase::before ? "before" : "after"; }

Result<std::string> evaluateRun(casebase::Casebase& casebase, core::Engine& engine, const core::RunInputs& inputs,
    const RunEvaluation& what, const SuiteProgress& progress, std::stop_token stop)
{
    const Result<std::vector<std::string>> sealed = casebase.suites().named(casebase::SuiteRole::sealed);
    if (!sealed)
        return sealed.error();
    if (sealed->empty())
        return std::string();
    const Result<bool> ofSample = isSampleOnly(casebase, *sealed);
    if (!ofSample)
        return ofSample.error();
    const Result<std::unique_ptr<AnswerJudge>> judge = openJudge({}, ofSample.value(), {});
    if (!judge)
        return judge.error();
    const Result<align::PromptEncoder> encoder = align::PromptEncoder::load(inputs.modelFolder);
    if (!encoder)
        return encoder.error();
    Result<std::shared_ptr<core::Model>> model = engine.load(what.load);
    if (!model)
        return model.error();
    SuitePlan plan = planFor(inputs, what, (*model)->info().contextLength);
    plan.choice.suites = *sealed;
    const Result<Lineage> lineage = lineageOf(casebase, {inputs.spec.model, inputs.modelFolder, {}, {}, 0});
    if (!lineage)
        return lineage.error();
    plan.selfJudged = isSelfJudged(inputs, lineage.value(), what.phase, *judge.value());
    std::shared_ptr<TextVectors> vectors;
    if (asksForVectors(plan)) { // of the model as it was before training, so that both evaluations show the same cases
        auto loaded = loadTextVectors(casebase, plan.cases.model, inputs.modelFolder, [&]() -> Result<core::Engine*> { return &engine; });
        if (!loaded)
            return loaded.error();
        vectors = std::move(*loaded);
    }
    const SuiteMaterial material{casebase, inputs.codes, inputs.cases, inputs.templates, *judge.value(), vectors};
    const std::shared_ptr<PendingAnswers> pending = pendingAnswersOf(casebase, engine, what.load, (*model)->info(), encoder.value(), plan);
    const std::unique_ptr<Answerer> answerer =
        modelAnswerer(*model, encoder.value(), inputs.templates, plan.sampling, plan.promptBudget, plan.weighsChoices, pending);
    const Result<SuiteAnswers> answers = answerSuites(material, plan, *answerer, progress, std::move(stop));
    if (!answers)
        return answers.error();

    Json spec = evaluationSpec(plan, material, (*model)->info().sha256, answers.value());
    spec["phase"] = toString(what.phase);
    spec["content_hash"] = inputs.contentHash;
    spec["starter"] = lineage.value().ofStarter;
    casebase::Evaluation evaluation;
    evaluation.name = inputs.runId + " " + toString(what.phase);
    evaluation.runId = inputs.runId;
    evaluation.specJson = dumpJson(spec);
    std::string id;
    PRECEDENT_TRY(casebase.transact([&]() -> Status {
        Result<std::string> added = casebase.evaluations().add(evaluation);
        if (!added)
            return added.error();
        id = *added;
        return casebase.evaluations().addRows(id, answers.value().rows);
    }));
    if (pending != nullptr)
        pending->remove();
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
