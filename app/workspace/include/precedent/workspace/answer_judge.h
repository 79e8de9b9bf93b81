#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/base/result.h"
#include "precedent/casebase/types.h"
#include "precedent/core/judge.h"
#include "precedent/text/chain_parser.h"

namespace precedent::workspace {

/// An answer as it stands in a suite or file. Borrowed; never null.
struct JudgedAnswer {
    const casebase::Prompt* prompt = nullptr;
    const text::ParsedCompletion* completion = nullptr;
};

/// Says what answers did. Thread: one at a time.
class AnswerJudge {
public:
    virtual ~AnswerJudge() = default;

    /// One judgement an answer, in order. The chain is not shown to the judge: request and answer only. A completion that did not parse is
    /// no_answer. Blocks; `onJudged` is told of those that take their time: the rules tell nothing. Fails with cancelled, or as what the
    /// judge asks does; the rules never fail.
    [[nodiscard]] virtual Result<std::vector<core::Judgement>> judge(
        const std::vector<JudgedAnswer>& answers, const std::stop_token& stop = {}, const core::JudgedObserver& onJudged = {}) = 0;
    /// Whether the answer holds what a utility prompt asks for.
    [[nodiscard]] virtual bool holds(const casebase::Prompt& prompt, const text::ParsedCompletion& completion) const = 0;

    /// Whether it learnt from answers to this request, so that agreement on them says little.
    [[nodiscard]] virtual bool learntFrom(const std::string& /*request*/) const { return false; }

    [[nodiscard]] virtual std::string name() const = 0; ///< as figures carry it
    [[nodiscard]] virtual std::string hash() const = 0; ///< changes whenever a verdict may
    /// True if runs that name no judge of their own are paid by this one, so that rows are marked "graded by its own reward" (Rule 5).
    [[nodiscard]] virtual bool paysReward() const = 0;
};

/// The built-in refusal analysis.
[[nodiscard]] std::unique_ptr<AnswerJudge> analysisJudge();

/// The truth about the starter's answers, read off its grammar. Fails with notFound or corrupt.
[[nodiscard]] Result<std::unique_ptr<AnswerJudge>> grammarJudge(const std::filesystem::path& grammarFolder);

/// A judge of request and answer as one of suites: what is no answer is not put before it.
[[nodiscard]] std::unique_ptr<AnswerJudge> answerJudge(std::unique_ptr<core::Judge> judge);

/// What prompts of the sample carry as their source; only those does the grammar's judge know the truth about.
inline constexpr const char* kSampleSource = "starter grammar";

/// True if `answer` holds `expected` as whole words or numbers, case aside.
[[nodiscard]] bool holdsAnswer(const std::string& answer, const std::string& expected);

} // namespace precedent::workspace
