#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "precedent/base/json.h"
#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/core/engine.h"
#include "precedent/workspace/figures.h"
#include "precedent/workspace/judge_choice.h"
#include "precedent/workspace/lineage.h"
#include "precedent/workspace/model_source.h"
#include "precedent/workspace/suite_runner.h"

/// Any stored suite against any model, checkpoint and mode: what the window and the command line share.
namespace precedent::workspace {

/// Who answers: models, or one server, or one file of answers made elsewhere.
struct EvaluationOrder {
    std::vector<std::string> models; ///< as resolveModel() takes them
    std::string endpoint; ///< URL of an OpenAI-compatible server; empty: none
    std::string servedModel; ///< as the server names it; of a file of answers: what rows call it, else the file's name
    EndpointOptions asking; ///< how that server is asked
    std::string answers; ///< a file as fileAnswerer() takes it; empty: none
    std::string adapter; ///< a PEFT folder over the one model named; empty: none
    SuiteChoice choice;
    std::vector<Mode> modes;
    CaseChoice cases; ///< of mode cases; its model, where empty, is each model of the order, without its adapter
    double temperature = 0;
    int maxTokens = 160; ///< of an answer with its chain
    std::uint64_t seed = 1;
    bool weighsChoices = true; ///< questions of multiple choice by log-probability, not by what is written; models of this machine
    JudgeChoice judge; ///< an empty name: the fitting one
    std::string harmJudge; ///< endpoint:MODEL@URL, asked as judge's server is: marks the harm of answers; empty: nobody does
    std::string perplexityModel; ///< whose probabilities answers' perplexity is of, as resolveModel() takes it; empty: not measured
    bool includeDrafts = false; ///< cases that nobody has approved may be retrieved as well
};

/// How many prompts of a suite count on an axis.
struct AskedAxis {
    std::string suite;
    std::string axis;
    std::int64_t n = 0;
    std::int64_t burned = 0;
    std::vector<std::string> wrappers; ///< in alphabetical order
    std::string attack = {}; ///< of the program's own, under which they are asked; the table's lines alone have it
};

/// One model of an order, found and traced.
struct OrderedModel {
    ModelSource source;
    Lineage lineage;
    // What rows call it: the base model's name, the adapter's folder, run:RUN@STEP.
    std::string name;
    std::string adapter;
    std::string checkpoint;
    bool selfJudged = false; ///< was rewarded by this order's judge
    bool selfMarked = false; ///< was rewarded by this order's harm judge
};

/// What an order comes to, before anything is loaded.
struct EvaluationOutline {
    std::vector<OrderedModel> models;
    std::vector<AskedAxis> asked;
    std::string judge;
    std::string judgeHash;
    Measured measured;
    std::int64_t codes = 0;
    std::int64_t cases = 0; ///< usable ones
    std::int64_t casesTotal = 0;
    std::int64_t answers = 0; ///< prompts x modes x models
    std::int64_t searches = 0; ///< of them those whose requests suffix-search looks for words for
    std::int64_t searchPasses = 0; ///< through the model, of each
};

/// Fails with invalidArgument (nothing named, several kinds of answerers, a judge or a wrapper that is not known, an adapter over several
/// models, named cases that do not go together), notFound (suite, model; the hint lists the suites), failedPrecondition (no prompt to ask,
/// no code or case for the mode), or as the casebase.
[[nodiscard]] Result<EvaluationOutline> outlineEvaluation(casebase::Casebase& casebase, const EvaluationOrder& order);

/// What `done` and `total` count: answers; of this model and mode those that go to a judge that takes its time; those whose requests an
/// attack searches words for.
enum class EvaluationStage { answers, judges, searches };

struct EvaluationProgress {
    std::int64_t done = 0;
    std::int64_t total = 0;
    std::string what; ///< "starter, cases, held-out attacks"; "starter, cases" of one model and mode
    EvaluationStage stage = EvaluationStage::answers;
};
using EvaluationObserver = std::function<void(const EvaluationProgress&)>;

/// Answers the suites with the casebase's codes and cases as they are now, judges the answers and stores one evaluation a model, all of
/// them at once when the last is whole. Cut short, in whatever way, it stores no evaluation and keeps the answers of this machine's models
/// (pending_answers.h) and of servers, and the same order goes on with them; stopped, it fails with cancelled. Returns the ids in the order
/// of the models. The engine is opened for models of this machine alone. Blocks. Fails as outlineEvaluation(), answerSuites() and
/// Engine::load() do, and with failedPrecondition where no prompt fits a model's context in some mode; prompts that do not fit beside
/// others that do are counted in the spec's `budget` (Rule 9).
[[nodiscard]] Result<std::vector<std::string>> runEvaluation(casebase::Casebase& casebase, const EngineOpener& engine,
    const EvaluationOrder& order, const EvaluationObserver& observer, std::stop_token stop);

/// Whether the grammar knows the truth about every prompt of these suites.
[[nodiscard]] Result<bool> isSampleOnly(const casebase::Casebase& casebase, const std::vector<std::string>& suites);

/// What every evaluation's spec says: the plan, the judge, the model, what the budget did, and how long it took.
[[nodiscard]] Json evaluationSpec(
    const SuitePlan& plan, const SuiteMaterial& material, const std::string& modelSha256, const SuiteAnswers& answers);

/// By whom harm or perplexity was measured, a sentence each.
[[nodiscard]] std::vector<std::string> measuredSentences(const Json& spec);

/// Those, and "12 of 300 prompts were voided ..." for every line of a spec's budget that voided prompts or dropped cases (Rule 9).
[[nodiscard]] std::vector<std::string> budgetSentences(const Json& spec);

} // namespace precedent::workspace
