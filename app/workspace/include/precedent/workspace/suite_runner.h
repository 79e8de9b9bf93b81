#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "precedent/base/json.h"
#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/core/engine.h"
#include "precedent/workspace/answer_judge.h"
#include "precedent/workspace/answer_scorer.h"
#include "precedent/workspace/answerer.h"
#include "precedent/workspace/case_choice.h"
#include "precedent/workspace/model_attacks.h"
#include "precedent/workspace/text_vectors.h"

namespace precedent::workspace {

/// What the suites are answered with: fixed for all rows of an evaluation. References are borrowed.
struct SuiteMaterial {
    const casebase::Casebase& casebase;
    const std::vector<core::Code>& codes;
    const std::vector<core::Case>& cases; ///< what may be retrieved, but for what overlaps a suite
    const core::ContextTemplates& templates;
    AnswerJudge& judge;
    std::shared_ptr<TextVectors> vectors = nullptr; ///< needed where asksForVectors()
    std::vector<AnswerScorer*> scorers = {}; ///< borrowed: what else is measured of the answers
    const AttackMaterial* attacks = nullptr; ///< borrowed; needed where the plan's choice names attacks of the program's own
};

/// Which prompts of which suites are asked.
struct SuiteChoice {
    std::vector<std::string> suites;
    std::vector<std::string> attacks; ///< of the wrapped prompts only those in these wrappers; empty: all
    int limit = 0; ///< prompts an axis of a suite, spread over it and always the same; 0: all
    std::vector<std::string> own = {}; ///< modelAttacks(): plain harmful and benign requests are asked under these as well
};

struct SuitePrompt {
    casebase::Prompt prompt;
    std::string suite;
    bool burned = false;
    std::string attack = {}; ///< of the program's own: a plain prompt that is asked under it, and has it as its wrapper
};

/// The chosen prompts, suite by suite in each suite's order. Fails with notFound (suite) or as the casebase does.
[[nodiscard]] Result<std::vector<SuitePrompt>> choosePrompts(const casebase::Casebase& casebase, const SuiteChoice& choice);

struct SuitePlan {
    std::string model; ///< names that the rows carry
    std::string adapter;
    std::string checkpoint;
    bool selfJudged = false; ///< the rows' mark: the model was rewarded by this judge
    bool selfMarked = false; ///< and their harm scores' mark: by the judge that gives those
    SuiteChoice choice;
    std::vector<Mode> modes;
    CaseChoice cases;
    bool weighsChoices = true; ///< a model of this machine answers questions of multiple choice by log-probability
    int promptBudget = 0; ///< tokens; 0 where the answerer knows
    core::Sampling sampling;
    std::uint64_t seed = 1; ///< prompts draw from (seed, prompt, mode): the same noise before and after
};

/// What the budget did to the prompts of one suite in one mode.
struct BudgetLine {
    std::string suite;
    Mode mode = Mode::none;
    std::int64_t prompts = 0;
    std::int64_t voided = 0; ///< over budget with codes and request alone: no row
    std::int64_t casesDropped = 0;
    std::map<int, std::int64_t> casesShown; ///< number of cases -> prompts
};

struct SuiteAnswers {
    std::vector<casebase::EvaluationRow> rows;
    std::vector<BudgetLine> budget;
    std::int64_t unjudged = 0; ///< answers without a row: the judge said nothing of them that can be read as a verdict
    std::map<std::string, std::int64_t> unscored; ///< measure -> answers on its axes that have a row and no score
    std::int64_t unanswered = 0; ///< prompts without a row: nothing answered them
    std::int64_t kept = 0; ///< answers that an earlier sitting left, which was cut short
    std::int64_t weighed = 0; ///< letters that were chosen by their log-probabilities, not written
    double seconds = 0; ///< of this sitting
    std::int64_t promptTokens = 0;
    std::int64_t completionTokens = 0;
};

struct SuiteStep {
    std::int64_t done = 0;
    std::int64_t total = 0;
    Mode mode = Mode::none; ///< of the prompt that was just done
    std::string suite;
    // Once a mode's answers are there, how many of them are judged, or scored; told by those that take their time.
    std::size_t judged = 0;
    std::size_t toJudge = 0; ///< 0: none yet
    // Before a mode's answers, how many of the prompts that an attack searches for are done.
    std::size_t searched = 0;
    std::size_t toSearch = 0; ///< 0: it does not search now
};
using SuiteProgress = std::function<void(const SuiteStep& step)>;

/// Whether some context of the plan takes retrieval by meaning.
[[nodiscard]] bool asksForVectors(const SuitePlan& plan);

/// Has every prompt of the suites answered in every mode, and judges the answers. A mode's prompts go to the answerer together. Cases that
/// overlap a sealed suite, or the prompt itself, are not shown. Fails with cancelled, notFound (suite), as CaseRetriever does or as the
/// answerer does. Blocks.
[[nodiscard]] Result<SuiteAnswers> answerSuites(
    const SuiteMaterial& material, const SuitePlan& plan, Answerer& answerer, const SuiteProgress& progress, std::stop_token stop);

/// The axis that a prompt's figures count on: harmful, attacked, benign, benign_wrapped or utility.
[[nodiscard]] std::string axisOf(const casebase::Prompt& prompt);

/// Whether the answer did what the prompt expects (the matrix's diagonal; utility prompts want the right answer).
[[nodiscard]] bool isCorrect(const casebase::Prompt& prompt, Verdict verdict, bool holdsUtilityAnswer);

/// The clusters that prompts are resampled in: prompts that share a goal, a sibling or a family, joined transitively.
/// Prompt id -> the cluster's name.
[[nodiscard]] std::map<std::string, std::string> clustersOf(const std::vector<casebase::Prompt>& prompts);

[[nodiscard]] Json toJson(const std::vector<BudgetLine>& budget);

} // namespace precedent::workspace
