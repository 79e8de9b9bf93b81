#include "precedent/workspace/evaluation_service.h"

#include <algorithm>
#include <set>

#include "precedent/align/templates.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/workspace/freezer.h"
#include "precedent/workspace/precedent_set.h"
#include "precedent/workspace/run_inputs_json.h"

namespace precedent::workspace {
namespace {

std::string joined(const std::vector<std::string>& parts)
{
    std::string text;
    for (const std::string& part : parts)
        text += (text.empty() ? "" : ", ") + part;
    return text;
}

bool asks(const EvaluationOrder& order, Mode mode) { return std::find(order.modes.begin(), order.modes.end(), mode) != order.modes.end(); }

Status checkNamed(const EvaluationOrder& order)
{
    const auto missing = [](const char* what) {
        return Error(ErrorCode::invalidArgument, std::string("The evaluation names no ") + what + ".", "Name at least one.");
    };
    if (order.models.empty())
        return missing("model");
    if (order.choice.suites.empty())
        return missing("suite");
    if (order.modes.empty())
        return missing("mode");
    if (!order.adapter.empty() && order.models.size() > 1)
        return Error(ErrorCode::invalidArgument,
            "An adapter belongs to one model, and " + std::to_string(order.models.size()) + " are named.",
            "Evaluate the adapter with its own model, the others apart.");
    return {};
}

Status checkSuites(const casebase::Casebase& casebase, const std::vector<std::string>& named)
{
    const Result<std::vector<casebase::Suite>> all = casebase.suites().all();
    if (!all)
        return all.error();
    std::vector<std::string> names;
    for (const casebase::Suite& suite : all.value())
        names.push_back(suite.name);
    for (const std::string& suite : named) {
        if (std::find(names.begin(), names.end(), suite) == names.end())
            return Error(ErrorCode::notFound, "There is no suite \"" + suite + "\" in " + casebase.path().string() + ".",
                names.empty() ? "The casebase has no suite: import one." : "Its suites are: " + joined(names) + ".");
    }
    return {};
}

/// Every wrapper named must wrap some prompt of the suites, or a figure would stand for something that was not asked.
Status checkAttacks(const casebase::Casebase& casebase, const SuiteChoice& choice)
{
    if (choice.attacks.empty())
        return {};
    SuiteChoice unfiltered = choice;
    unfiltered.attacks.clear();
    unfiltered.limit = 0;
    const Result<std::vector<SuitePrompt>> prompts = choosePrompts(casebase, unfiltered);
    if (!prompts)
        return prompts.error();
    std::set<std::string> wrappers;
    for (const SuitePrompt& prompt : prompts.value()) {
        if (!prompt.prompt.wrapper.empty())
            wrappers.insert(prompt.prompt.wrapper);
    }
    for (const std::string& attack : choice.attacks) {
        if (wrappers.count(attack) == 0)
            return Error(ErrorCode::invalidArgument, "No prompt of these suites is in a wrapper \"" + attack + "\".",
                wrappers.empty() ? "None of them is wrapped at all."
                                 : "Their wrappers are: " + joined({wrappers.begin(), wrappers.end()}) + ".");
    }
    return {};
}

std::vector<AskedAxis> askedAxes(const std::vector<SuitePrompt>& prompts)
{
    std::vector<AskedAxis> asked;
    for (const SuitePrompt& prompt : prompts) {
        const std::string axis = axisOf(prompt.prompt);
        auto found =
            std::find_if(asked.begin(), asked.end(), [&](const AskedAxis& a) { return a.suite == prompt.suite && a.axis == axis; });
        if (found == asked.end())
            found = asked.insert(asked.end(), {prompt.suite, axis, 0, 0, {}});
        ++found->n;
        found->burned += prompt.burned ? 1 : 0;
        const std::string& wrapper = prompt.prompt.wrapper;
        const auto at = std::lower_bound(found->wrappers.begin(), found->wrappers.end(), wrapper);
        if (!wrapper.empty() && (at == found->wrappers.end() || *at != wrapper))
            found->wrappers.insert(at, wrapper);
    }
    return asked;
}

Result<OrderedModel> orderedModel(
    const casebase::Casebase& casebase, const std::string& name, const std::string& adapter, const AnswerJudge& judge)
{
    Result<ModelSource> source = resolveModel(name, &casebase);
    if (!source)
        return source.error();
    if (!adapter.empty())
        source->adapter = adapter;
    Result<Lineage> lineage = lineageOf(casebase, *source);
    if (!lineage)
        return lineage.error();
    OrderedModel model;
    model.name = lineage->run.empty() ? name : lineage->runs.empty() ? lineage->base : lineage->runs.front().model;
    model.adapter = source->adapter;
    if (!lineage->run.empty())
        model.checkpoint = "run:" + lineage->run + "@" + std::to_string(lineage->step);
    model.selfJudged = judge.paysReward() && wasPaid(*lineage);
    model.source = std::move(*source);
    model.lineage = std::move(*lineage);
    return model;
}

/// What is fixed over all models of an order.
struct Ground {
    EvaluationOutline outline;
    PrecedentSet precedents;
    std::unique_ptr<AnswerJudge> judge;
};

Status checkPrecedents(const EvaluationOrder& order, const PrecedentSet& precedents)
{
    if (asks(order, Mode::codes) && precedents.codes.empty())
        return Error(ErrorCode::failedPrecondition, "Mode codes needs codes, and the casebase has none.",
            "Import or write codes, or evaluate in another mode.");
    if (asks(order, Mode::cases) && precedents.cases.empty())
        return Error(ErrorCode::failedPrecondition,
            "Mode cases needs cases, and none of the casebase's " + grouped(precedents.casesTotal) +
                " is approved with a known disposition.",
            "Approve cases, use drafts as well (--include-drafts), or evaluate in another mode.");
    return {};
}

Result<Ground> prepare(casebase::Casebase& casebase, const EvaluationOrder& order, core::Engine* engine)
{
    PRECEDENT_TRY(checkNamed(order));
    PRECEDENT_TRY(check(order.cases));
    PRECEDENT_TRY(checkSuites(casebase, order.choice.suites));
    PRECEDENT_TRY(checkAttacks(casebase, order.choice));
    const Result<bool> sample = isSampleOnly(casebase, order.choice.suites);
    if (!sample)
        return sample.error();
    Result<std::unique_ptr<AnswerJudge>> judge =
        openJudge(order.judge, sample.value(), {[engine]() -> Result<core::Engine*> { return engine; }, &casebase});
    if (!judge)
        return judge.error();
    const Result<std::vector<SuitePrompt>> prompts = choosePrompts(casebase, order.choice);
    if (!prompts)
        return prompts.error();
    if (prompts.value().empty())
        return Error(ErrorCode::failedPrecondition,
            "There is no prompt to ask: " + joined(order.choice.suites) + (order.choice.suites.size() == 1 ? " has none." : " have none."),
            "Add prompts to the suite, or name another.");
    Result<PrecedentSet> precedents = readPrecedentSet(casebase, order.includeDrafts);
    if (!precedents)
        return precedents.error();
    PRECEDENT_TRY(checkPrecedents(order, *precedents));
    Ground ground{{}, std::move(*precedents), std::move(*judge)};
    EvaluationOutline& outline = ground.outline;
    for (const std::string& name : order.models) {
        Result<OrderedModel> model = orderedModel(casebase, name, order.adapter, *ground.judge);
        if (!model)
            return model.error();
        outline.models.push_back(std::move(*model));
    }
    outline.asked = askedAxes(prompts.value());
    outline.judge = ground.judge->name();
    outline.judgeHash = ground.judge->hash();
    outline.codes = static_cast<std::int64_t>(ground.precedents.codes.size());
    outline.cases = static_cast<std::int64_t>(ground.precedents.cases.size());
    outline.casesTotal = ground.precedents.casesTotal;
    outline.answers = static_cast<std::int64_t>(prompts.value().size() * order.modes.size() * order.models.size());
    return ground;
}

SuitePlan planFor(const EvaluationOrder& order, const OrderedModel& model, int contextLength)
{
    SuitePlan plan;
    plan.model = model.name;
    plan.adapter = model.adapter;
    plan.checkpoint = model.checkpoint;
    plan.selfJudged = model.selfJudged;
    plan.choice = order.choice;
    plan.modes = order.modes;
    plan.cases = order.cases;
    plan.promptBudget = contextLength - order.maxTokens;
    plan.sampling.temperature = order.temperature;
    plan.sampling.maxTokens = order.maxTokens;
    plan.seed = order.seed;
    return plan;
}

Status checkSomethingFits(const SuitePlan& plan, const SuiteAnswers& answers)
{
    for (const Mode mode : plan.modes) {
        const bool any =
            std::any_of(answers.rows.begin(), answers.rows.end(), [&](const casebase::EvaluationRow& row) { return row.mode == mode; });
        if (!any)
            return Error(ErrorCode::failedPrecondition,
                "In mode " + std::string(toString(mode)) + " no prompt fits in the " + std::to_string(plan.promptBudget) + " tokens that " +
                    plan.model + " leaves beside an answer of " + std::to_string(plan.sampling.maxTokens) + ".",
                "Choose a mode with a shorter context, shorter answers, or a model with more positions. Nothing is cut silently.");
    }
    return {};
}

/// What retrieval by meaning takes, where the plan asks for it; null else. A model that answers without an adapter serves itself.
Result<std::shared_ptr<TextVectors>> vectorsFor(const casebase::Casebase& casebase, core::Engine& engine, const SuitePlan& plan,
    const OrderedModel& model, const std::shared_ptr<core::Model>& loaded)
{
    if (!asksForVectors(plan))
        return std::shared_ptr<TextVectors>();
    if (plan.cases.model.empty() && model.source.adapter.empty()) {
        Result<std::shared_ptr<const text::Tokenizer>> tokenizer = tokenizerOf(model.source.folder);
        if (!tokenizer)
            return tokenizer.error();
        return std::shared_ptr<TextVectors>(std::make_shared<ModelVectors>(loaded, std::move(*tokenizer)));
    }
    auto own = loadTextVectors(casebase, plan.cases.model, model.source.folder, [&]() -> Result<core::Engine*> { return &engine; });
    if (!own)
        return own.error();
    return std::shared_ptr<TextVectors>(std::move(*own));
}

/// One model's evaluation, answered and judged but not stored.
struct Answered {
    casebase::Evaluation evaluation;
    std::vector<casebase::EvaluationRow> rows;
};

Result<Answered> answer(const casebase::Casebase& casebase, core::Engine& engine, const EvaluationOrder& order, const Ground& ground,
    const OrderedModel& model, const SuiteProgress& progress, const std::stop_token& stop)
{
    const Result<align::PromptEncoder> encoder = align::PromptEncoder::load(model.source.folder);
    if (!encoder)
        return encoder.error();
    const Result<std::filesystem::path> folder = align::templateFolderFor(model.source.folder);
    if (!folder)
        return folder.error();
    core::RunInputs material;
    Result<core::ContextTemplates> templates = align::loadTemplates(folder.value());
    if (!templates)
        return templates.error();
    *templates = encoder->fitted(std::move(*templates));
    const Result<std::shared_ptr<core::Model>> loaded = engine.load({model.source.folder.string(), model.source.adapter});
    if (!loaded)
        return loaded.error();
    const core::ModelInfo& info = loaded.value()->info();
    const SuitePlan plan = planFor(order, model, info.contextLength);
    const Result<std::shared_ptr<TextVectors>> vectors = vectorsFor(casebase, engine, plan, model, loaded.value());
    if (!vectors)
        return vectors.error();
    const SuiteMaterial with{
        casebase, ground.precedents.codes, ground.precedents.cases, *templates, encoder.value(), *ground.judge, vectors.value()};
    Result<SuiteAnswers> answers = answerSuites(with, plan, *loaded.value(), progress, stop);
    if (!answers)
        return answers.error();
    PRECEDENT_TRY(checkSomethingFits(plan, *answers));
    Json spec = evaluationSpec(plan, with, info, *answers);
    material.codes = ground.precedents.codes;
    material.cases = ground.precedents.cases;
    material.templates = std::move(*templates);
    spec["content_hash"] = contentHash(material);
    spec["include_drafts"] = order.includeDrafts;
    spec["starter"] = model.lineage.ofStarter;
    Answered answered;
    answered.evaluation.name = model.checkpoint.empty() ? model.name : model.checkpoint;
    answered.evaluation.specJson = dumpJson(spec);
    answered.rows = std::move(answers->rows);
    return answered;
}

Status store(casebase::Casebase& casebase, const std::vector<Answered>& whole, std::vector<std::string>& ids)
{
    for (const Answered& answered : whole) {
        Result<std::string> id = casebase.evaluations().add(answered.evaluation);
        if (!id)
            return id.error();
        PRECEDENT_TRY(casebase.evaluations().addRows(*id, answered.rows));
        ids.push_back(std::move(*id));
    }
    return {};
}

} // namespace

Result<EvaluationOutline> outlineEvaluation(casebase::Casebase& casebase, const EvaluationOrder& order)
{
    // No question is put to the judge here, so that no engine is needed.
    Result<Ground> ground = prepare(casebase, order, nullptr);
    if (!ground)
        return ground.error();
    return std::move(ground->outline);
}

Result<std::vector<std::string>> runEvaluation(casebase::Casebase& casebase, core::Engine& engine, const EvaluationOrder& order,
    const EvaluationObserver& observer, std::stop_token stop)
{
    const Result<Ground> ground = prepare(casebase, order, &engine);
    if (!ground)
        return ground.error();
    const EvaluationOutline& outline = ground.value().outline;
    std::vector<Answered> whole;
    const std::int64_t perModel = outline.answers / static_cast<std::int64_t>(outline.models.size());
    for (const OrderedModel& model : outline.models) {
        const std::int64_t before = perModel * static_cast<std::int64_t>(whole.size());
        const std::string name = model.checkpoint.empty() ? model.name : model.checkpoint;
        const auto tell = [&](const SuiteStep& step) {
            if (observer)
                observer({before + step.done, outline.answers, name + ", " + toString(step.mode) + ", " + step.suite});
        };
        Result<Answered> answered = answer(casebase, engine, order, ground.value(), model, tell, stop);
        if (!answered)
            return answered.error().code() == ErrorCode::cancelled ? answered.error() : answered.error().in(name);
        whole.push_back(std::move(*answered));
    }
    std::vector<std::string> ids;
    PRECEDENT_TRY(casebase.transact([&] { return store(casebase, whole, ids); }));
    return ids;
}

Result<bool> isSampleOnly(const casebase::Casebase& casebase, const std::vector<std::string>& suites)
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

Json evaluationSpec(const SuitePlan& plan, const SuiteMaterial& material, const core::ModelInfo& model, const SuiteAnswers& answers)
{
    Json modes = Json::array();
    for (const Mode mode : plan.modes)
        modes.push_back(toString(mode));
    Json spec = {{"model", plan.model}, {"adapter", plan.adapter}, {"checkpoint", plan.checkpoint}, {"model_sha256", model.sha256},
        {"suites", plan.choice.suites}, {"attacks", plan.choice.attacks}, {"modes", modes}, {"limit", plan.choice.limit},
        {"temperature", plan.sampling.temperature}, {"max_tokens", plan.sampling.maxTokens}, {"seed", plan.seed},
        {"chain_open_in_prompt", material.templates.openInPrompt}, {"judge", material.judge.name()}, {"judge_hash", material.judge.hash()},
        {"self_judged", plan.selfJudged}, {"budget", toJson(answers.budget)}, {"unjudged", answers.unjudged}, {"seconds", answers.seconds},
        {"prompt_tokens", answers.promptTokens}, {"completion_tokens", answers.completionTokens}};
    spec.update(toJson(plan.cases));
    if (material.vectors != nullptr)
        spec["retrieval_vectors"] = material.vectors->model();
    return spec;
}

std::vector<std::string> budgetSentences(const Json& spec)
{
    std::vector<std::string> sentences;
    if (const auto unjudged = spec.value("unjudged", std::int64_t{0}); unjudged > 0)
        sentences.push_back(grouped(unjudged) + (unjudged == 1 ? " answer is" : " answers are") +
            " in no figure, because the judge's reply holds no verdict that can be read.");
    const auto budget = spec.find("budget");
    if (budget == spec.end() || !budget->is_array())
        return sentences;
    for (const Json& line : *budget) {
        const auto voided = line.value("voided", std::int64_t{0});
        const auto dropped = line.value("cases_dropped", std::int64_t{0});
        const std::string where = line.value("suite", std::string()) + ", mode " + line.value("mode", std::string()) + ": ";
        if (voided > 0)
            sentences.push_back(where + grouped(voided) + " of " + grouped(line.value("prompts", std::int64_t{0})) +
                " prompts were voided, because they do not fit the model's context; they are in no figure.");
        if (dropped > 0)
            sentences.push_back(where + grouped(dropped) + " cases gave way to the model's context.");
    }
    return sentences;
}

} // namespace precedent::workspace
