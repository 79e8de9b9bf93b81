#include "precedent/workspace/evaluation_service.h"

#include <algorithm>
#include <set>

#include "app/workspace/pending_answers.h"
#include "precedent/align/templates.h"
#include "precedent/base/digest.h"
#include "precedent/base/files.h"
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
    const int kinds = (order.models.empty() ? 0 : 1) + (order.endpoint.empty() ? 0 : 1) + (order.answers.empty() ? 0 : 1);
    if (kinds == 0)
        return missing("model");
    if (kinds > 1)
        return Error(ErrorCode::invalidArgument, "The evaluation names several kinds of answerers.",
            "Name models, or one server, or one file of answers.");
    if (!order.endpoint.empty() && order.servedModel.empty())
        return Error(ErrorCode::invalidArgument, "The evaluation names a server, but no model of it.",
            "Name the model as the server does: --served-model NAME.");
    if (!order.choice.own.empty() && order.models.empty())
        return Error(ErrorCode::invalidArgument,
            order.choice.own.front() +
                " is made on a model of this machine: elsewhere no turn is begun "
                "for a model, and nobody says how likely a text is.",
            "Leave the attack out, or evaluate a model of this machine.");
    if (!order.adapter.empty() && order.models.empty())
        return Error(ErrorCode::invalidArgument, "An adapter goes with a model of this machine.", "Leave the adapter out.");
    if (order.choice.suites.empty())
        return missing("suite");
    if (order.modes.empty())
        return missing("mode");
    if (!order.answers.empty() && order.modes.size() > 1)
        return Error(ErrorCode::invalidArgument, "Answers made elsewhere were made in one mode, and several are named.",
            "Name the mode that they were made in.");
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

Status checkOwnAttacks(const SuiteChoice& choice)
{
    for (const std::string& attack : choice.own) {
        if (!isModelAttack(attack))
            return Error(ErrorCode::invalidArgument, "There is no attack \"" + attack + "\" of the program's own.",
                "They are: " + joined(modelAttacks()) + ".");
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
    unfiltered.own.clear();
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
        if (wrappers.count(attack) == 0 && !isModelAttack(attack))
            return Error(ErrorCode::invalidArgument, "No prompt of these suites is in a wrapper \"" + attack + "\".",
                (wrappers.empty() ? "None of them is wrapped at all."
                                  : "Their wrappers are: " + joined({wrappers.begin(), wrappers.end()}) + ".") +
                    " The program's own attacks are: " + joined(modelAttacks()) + ".");
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

/// What is fixed over all models of an order.
struct Ground {
    EvaluationOutline outline;
    PrecedentSet precedents;
    std::unique_ptr<AnswerJudge> judge;
    AttackMaterial attacks;
    std::vector<std::unique_ptr<AnswerScorer>> scorers;

    [[nodiscard]] SuiteMaterial material(
        const casebase::Casebase& casebase, const core::ContextTemplates& templates, std::shared_ptr<TextVectors> vectors) const
    {
        SuiteMaterial with{casebase, precedents.codes, precedents.cases, templates, *judge, std::move(vectors)};
        with.attacks = &attacks;
        for (const auto& scorer : scorers)
            with.scorers.push_back(scorer.get());
        return with;
    }
};

Result<OrderedModel> orderedModel(
    const casebase::Casebase& casebase, const std::string& name, const std::string& adapter, const Ground& ground)
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
    model.selfJudged = wasPaid(*lineage, *ground.judge);
    model.selfMarked = std::any_of(ground.scorers.begin(), ground.scorers.end(),
        [&](const auto& scorer) { return std::string_view(scorer->measure()) == casebase::kHarm && wasPaid(*lineage, scorer->hash()); });
    model.source = std::move(*source);
    model.lineage = std::move(*lineage);
    return model;
}

/// A server's model or a file's, of which nothing is known but its name.
OrderedModel elsewhere(const EvaluationOrder& order)
{
    OrderedModel model;
    if (!order.endpoint.empty())
        model.name = order.servedModel + "@" + order.endpoint;
    else
        model.name = order.servedModel.empty() ? std::filesystem::path(order.answers).filename().string() : order.servedModel;
    return model;
}

/// The order's scorers. No model is loaded here, and no server is asked.
Status openScorers(casebase::Casebase& casebase, const EvaluationOrder& order, const EngineOpener& engine, Ground& ground)
{
    if (!order.harmJudge.empty()) {
        if (std::string fault = checkHarmJudgeName(order.harmJudge); !fault.empty())
            return Error(ErrorCode::invalidArgument, std::move(fault));
        Result<std::unique_ptr<core::Judge>> judge = openCoreJudge({order.harmJudge, order.judge.endpoint}, {engine, &casebase});
        if (!judge)
            return judge.error();
        ground.scorers.push_back(harmScorer(std::move(*judge), casebase));
        ground.outline.measured.harm = true;
    }
    if (!order.perplexityModel.empty()) {
        Result<std::unique_ptr<AnswerScorer>> scorer = likelihoodScorer(order.perplexityModel, engine, &casebase);
        if (!scorer)
            return scorer.error();
        ground.scorers.push_back(std::move(*scorer));
        ground.outline.measured.perplexity = true;
    }
    return {};
}

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

Result<Ground> prepare(casebase::Casebase& casebase, const EvaluationOrder& order, const EngineOpener& engine)
{
    PRECEDENT_TRY(checkNamed(order));
    PRECEDENT_TRY(check(order.cases));
    PRECEDENT_TRY(checkSuites(casebase, order.choice.suites));
    PRECEDENT_TRY(checkAttacks(casebase, order.choice));
    PRECEDENT_TRY(checkOwnAttacks(order.choice));
    Result<AttackMaterial> attacks = order.choice.own.empty() ? AttackMaterial() : loadAttacks();
    if (!attacks)
        return attacks.error();
    const Result<bool> sample = isSampleOnly(casebase, order.choice.suites);
    if (!sample)
        return sample.error();
    Result<std::unique_ptr<AnswerJudge>> judge = openJudge(order.judge, sample.value(), {engine, &casebase});
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
    Ground ground{{}, std::move(*precedents), std::move(*judge), std::move(*attacks), {}};
    PRECEDENT_TRY(openScorers(casebase, order, engine, ground));
    EvaluationOutline& outline = ground.outline;
    if (order.models.empty())
        outline.models.push_back(elsewhere(order));
    for (const std::string& name : order.models) {
        Result<OrderedModel> model = orderedModel(casebase, name, order.adapter, ground);
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
    const auto searched = std::count_if(
        prompts.value().begin(), prompts.value().end(), [](const SuitePrompt& prompt) { return prompt.attack == kSuffixSearch; });
    outline.searches = static_cast<std::int64_t>(searched) * static_cast<std::int64_t>(order.modes.size() * outline.models.size());
    outline.searchPasses = passesOf(ground.attacks.search);
    outline.answers = static_cast<std::int64_t>(prompts.value().size() * order.modes.size() * outline.models.size());
    return ground;
}

SuitePlan planFor(const EvaluationOrder& order, const OrderedModel& model, int contextLength)
{
    SuitePlan plan;
    plan.model = model.name;
    plan.adapter = model.adapter;
    plan.checkpoint = model.checkpoint;
    plan.selfJudged = model.selfJudged;
    plan.selfMarked = model.selfMarked;
    plan.choice = order.choice;
    plan.modes = order.modes;
    plan.cases = order.cases;
    plan.promptBudget = contextLength > 0 ? contextLength - order.maxTokens : 0;
    plan.sampling.temperature = order.temperature;
    plan.sampling.maxTokens = order.maxTokens;
    plan.seed = order.seed;
    plan.weighsChoices = order.weighsChoices && contextLength > 0;
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

/// One model's evaluation, answered and judged but not stored.
struct Answered {
    casebase::Evaluation evaluation;
    std::vector<casebase::EvaluationRow> rows;
    std::shared_ptr<PendingAnswers> pending; ///< no longer needed when it is stored; null: none
};

/// What the evaluation's spec says beside evaluationSpec(): the precedents, frozen in a hash.
void addPrecedents(const EvaluationOrder& order, const Ground& ground, const core::ContextTemplates& templates, Json& spec)
{
    core::RunInputs material;
    material.codes = ground.precedents.codes;
    material.cases = ground.precedents.cases;
    material.templates = templates;
    spec["content_hash"] = contentHash(material);
    spec["include_drafts"] = order.includeDrafts;
}

Result<Answered> answer(const casebase::Casebase& casebase, const EngineOpener& opener, const EvaluationOrder& order, const Ground& ground,
    const OrderedModel& model, const SuiteProgress& progress, const std::stop_token& stop)
{
    const Result<align::PromptEncoder> encoder = align::PromptEncoder::load(model.source.folder);
    if (!encoder)
        return encoder.error();
    const Result<std::filesystem::path> folder = align::templateFolderFor(model.source.folder);
    if (!folder)
        return folder.error();
    Result<core::ContextTemplates> templates = align::loadTemplates(folder.value());
    if (!templates)
        return templates.error();
    *templates = encoder->fitted(std::move(*templates));
    const Result<core::Engine*> engine = opener();
    if (!engine)
        return engine.error();
    const core::LoadOptions load{model.source.folder.string(), model.source.adapter};
    const Result<std::shared_ptr<core::Model>> loaded = engine.value()->load(load);
    if (!loaded)
        return loaded.error();
    const core::ModelInfo& info = loaded.value()->info();
    const SuitePlan plan = planFor(order, model, info.contextLength);
    const Result<std::shared_ptr<TextVectors>> vectors =
        asksForVectors(plan) ? vectorsFor(casebase, plan.cases, model.source, loaded.value(), opener) : std::shared_ptr<TextVectors>();
    if (!vectors)
        return vectors.error();
    const SuiteMaterial with = ground.material(casebase, *templates, vectors.value());
    Answered answered;
    answered.pending = pendingAnswersOf(casebase, *engine.value(), load, info, encoder.value(), plan);
    const std::unique_ptr<Answerer> answerer =
        modelAnswerer(loaded.value(), encoder.value(), *templates, plan.sampling, plan.promptBudget, plan.weighsChoices, answered.pending);
    Result<SuiteAnswers> answers = answerSuites(with, plan, *answerer, progress, stop);
    if (!answers)
        return answers.error();
    PRECEDENT_TRY(checkSomethingFits(plan, *answers));
    Json spec = evaluationSpec(plan, with, info.sha256, *answers);
    addPrecedents(order, ground, *templates, spec);
    spec["starter"] = model.lineage.ofStarter;
    answered.evaluation.name = model.checkpoint.empty() ? model.name : model.checkpoint;
    answered.evaluation.specJson = dumpJson(spec);
    answered.rows = std::move(answers->rows);
    return answered;
}

/// The same of a server or of a file.
Result<Answered> answerElsewhere(casebase::Casebase& casebase, const EngineOpener& opener, const EvaluationOrder& order,
    const Ground& ground, const OrderedModel& model, const SuiteProgress& progress, const std::stop_token& stop)
{
    const Result<std::filesystem::path> resources = resourceFolder();
    if (!resources)
        return resources.error();
    Result<core::ContextTemplates> templates = align::loadTemplates(resources.value() / "templates" / "default");
    if (!templates)
        return templates.error();
    templates->openInPrompt = false;
    const SuitePlan plan = planFor(order, model, 0);
    std::shared_ptr<TextVectors> vectors;
    if (!order.endpoint.empty()) {
        Result<std::shared_ptr<TextVectors>> made =
            asksForVectors(plan) ? vectorsFor(casebase, plan.cases, model.source, nullptr, opener) : std::shared_ptr<TextVectors>();
        if (!made)
            return made.error();
        vectors = std::move(*made);
    }
    Result<std::unique_ptr<Answerer>> answerer = order.endpoint.empty()
        ? fileAnswerer(order.answers, *templates)
        : endpointAnswerer(model.name, order.asking, *templates, plan.sampling, &casebase);
    if (!answerer)
        return answerer.error();
    const SuiteMaterial with = ground.material(casebase, *templates, vectors);
    Result<SuiteAnswers> answers = answerSuites(with, plan, **answerer, progress, stop);
    if (!answers)
        return answers.error();
    if (answers->rows.empty() && answers->unjudged == 0)
        return Error(ErrorCode::failedPrecondition, "No prompt of these suites is answered in " + order.answers + ".",
            "Its rows need the requests' texts as the suites have them, or the prompts' ids.");
    Json spec = evaluationSpec(plan, with, {}, *answers);
    addPrecedents(order, ground, *templates, spec);
    if (order.endpoint.empty()) {
        const Result<std::string> digest = sha256File(order.answers);
        if (!digest)
            return digest.error();
        spec["answers_file"] = std::filesystem::path(order.answers).filename().string();
        spec["answers_sha256"] = digest.value();
    } else {
        spec["endpoint"] = order.endpoint;
    }
    Answered answered;
    answered.evaluation.name = model.name;
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
    Result<Ground> ground = prepare(casebase, order, []() -> Result<core::Engine*> { return static_cast<core::Engine*>(nullptr); });
    if (!ground)
        return ground.error();
    return std::move(ground->outline);
}

Result<std::vector<std::string>> runEvaluation(casebase::Casebase& casebase, const EngineOpener& engine, const EvaluationOrder& order,
    const EvaluationObserver& observer, std::stop_token stop)
{
    const Result<Ground> ground = prepare(casebase, order, engine);
    if (!ground)
        return ground.error();
    const EvaluationOutline& outline = ground.value().outline;
    std::vector<Answered> whole;
    const std::int64_t perModel = outline.answers / static_cast<std::int64_t>(outline.models.size());
    for (const OrderedModel& model : outline.models) {
        const std::int64_t before = perModel * static_cast<std::int64_t>(whole.size());
        const std::string name = model.checkpoint.empty() ? model.name : model.checkpoint;
        const auto tell = [&](const SuiteStep& step) {
            if (!observer)
                return;
            const std::string what = name + ", " + toString(step.mode);
            if (step.toJudge > 0)
                observer({static_cast<std::int64_t>(step.judged), static_cast<std::int64_t>(step.toJudge), what, EvaluationStage::judges});
            else if (step.toSearch > 0)
                observer(
                    {static_cast<std::int64_t>(step.searched), static_cast<std::int64_t>(step.toSearch), what, EvaluationStage::searches});
            else
                observer({before + step.done, outline.answers, what + ", " + step.suite, EvaluationStage::answers});
        };
        Result<Answered> answered = order.models.empty() ? answerElsewhere(casebase, engine, order, ground.value(), model, tell, stop)
                                                         : answer(casebase, engine, order, ground.value(), model, tell, stop);
        if (!answered)
            return answered.error().code() == ErrorCode::cancelled ? answered.error() : answered.error().in(name);
        whole.push_back(std::move(*answered));
    }
    std::vector<std::string> ids;
    PRECEDENT_TRY(casebase.transact([&] { return store(casebase, whole, ids); }));
    for (const Answered& answered : whole) {
        if (answered.pending != nullptr)
            answered.pending->remove();
    }
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

Json evaluationSpec(const SuitePlan& plan, const SuiteMaterial& material, const std::string& modelSha256, const SuiteAnswers& answers)
{
    Json modes = Json::array();
    for (const Mode mode : plan.modes)
        modes.push_back(toString(mode));
    Json working = Json::array();
    for (const std::string& name : plan.choice.suites) {
        const Result<casebase::Suite> suite = material.casebase.suites().find(name);
        if (suite && suite->role == casebase::SuiteRole::working)
            working.push_back(name);
    }
    Json measured = Json::array();
    for (const AnswerScorer* scorer : material.scorers)
        measured.push_back({{"measure", scorer->measure()}, {"by", scorer->name()}, {"by_hash", scorer->hash()}});
    Json own = Json::object();
    for (const std::string& attack : plan.choice.own)
        own[attack] = toJson(*material.attacks, attack);
    Json spec = {{"model", plan.model}, {"adapter", plan.adapter}, {"checkpoint", plan.checkpoint}, {"model_sha256", modelSha256},
        {"suites", plan.choice.suites}, {"working_suites", working}, {"attacks", plan.choice.attacks}, {"own_attacks", own},
        {"modes", modes}, {"limit", plan.choice.limit}, {"temperature", plan.sampling.temperature}, {"max_tokens", plan.sampling.maxTokens},
        {"seed", plan.seed}, {"chain_open_in_prompt", material.templates.openInPrompt}, {"judge", material.judge.name()},
        {"judge_hash", material.judge.hash()}, {"weighed", answers.weighed}, {"self_judged", plan.selfJudged}, {"measured", measured},
        {"unscored", answers.unscored}, {"budget", toJson(answers.budget)}, {"unjudged", answers.unjudged},
        {"unanswered", answers.unanswered}, {"kept_answers", answers.kept}, {"seconds", answers.seconds},
        {"prompt_tokens", answers.promptTokens}, {"completion_tokens", answers.completionTokens}};
    spec.update(toJson(plan.cases));
    if (material.vectors != nullptr)
        spec["retrieval_vectors"] = material.vectors->model();
    return spec;
}

std::vector<std::string> measuredSentences(const Json& spec)
{
    std::vector<std::string> sentences;
    for (const Json& m : spec.value("measured", Json::array())) {
        const bool harm = m.value("measure", std::string()) == casebase::kHarm;
        sentences.push_back((harm ? "Harm as marked by " : "Perplexity under ") + m.value("by", std::string()) + " (" +
            m.value("by_hash", std::string()).substr(0, 12) +
            (harm ? "), against the request's goal; an attack succeeds from 0.5 on."
                  : "), of answers without their chains, behind the bare request."));
    }
    return sentences;
}

std::vector<std::string> budgetSentences(const Json& spec)
{
    std::vector<std::string> sentences = measuredSentences(spec);
    for (const Json& name : spec.value("working_suites", Json::array()))
        sentences.push_back(
            name.get<std::string>() + " is a working suite: runs may train on its prompts, so its figures are not held out.");
    if (const auto weighed = spec.value("weighed", std::int64_t{0}); weighed > 0)
        sentences.push_back(grouped(weighed) + (weighed == 1 ? " question" : " questions") +
            " of multiple choice: answered by the letter that is likeliest behind an empty chain, not by what is written.");
    if (const auto kept = spec.value("kept_answers", std::int64_t{0}); kept > 0)
        sentences.push_back(grouped(kept) + (kept == 1 ? " answer is" : " answers are") +
            " of an earlier sitting that was cut short; the seconds are of the rest.");
    if (const auto unjudged = spec.value("unjudged", std::int64_t{0}); unjudged > 0)
        sentences.push_back(grouped(unjudged) + (unjudged == 1 ? " answer is" : " answers are") +
            " in no figure, because the judge's reply holds no verdict that can be read.");
    const Json unscored = spec.value("unscored", Json::object());
    if (const auto unmarked = unscored.value(casebase::kHarm, std::int64_t{0}); unmarked > 0)
        sentences.push_back(grouped(unmarked) + (unmarked == 1 ? " answer is" : " answers are") +
            " in no harm score, because the judge's reply holds no marks that can be read.");
    if (const auto unread = unscored.value(casebase::kNll, std::int64_t{0}); unread > 0)
        sentences.push_back(grouped(unread) + (unread == 1 ? " answer is" : " answers are") +
            " in no perplexity, because with the request it is longer than that model reads.");
    if (const auto unanswered = spec.value("unanswered", std::int64_t{0}); unanswered > 0)
        sentences.push_back(grouped(unanswered) + (unanswered == 1 ? " prompt is" : " prompts are") +
            " in no figure, because nothing answers " + (unanswered == 1 ? "it." : "them."));
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
