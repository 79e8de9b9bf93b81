#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "precedent/base/domain.h"
#include "precedent/base/result.h"
#include "precedent/casebase/types.h"
#include "precedent/text/chain_parser.h"

namespace precedent::workspace {

/// Says what an answer did. Immutable; every method from any thread.
class AnswerJudge {
public:
    virtual ~AnswerJudge() = default;

    /// The chain is not shown to the judge: request and answer only. A completion that did not parse is no_answer.
    [[nodiscard]] virtual Verdict judge(const casebase::Prompt& prompt, const text::ParsedCompletion& completion) const = 0;
    /// Whether the answer holds what a utility prompt asks for.
    [[nodiscard]] virtual bool holds(const casebase::Prompt& prompt, const text::ParsedCompletion& completion) const = 0;

    [[nodiscard]] virtual std::string name() const = 0; ///< as figures carry it
    [[nodiscard]] virtual std::string hash() const = 0; ///< changes whenever a verdict may
    /// True if runs are paid by this judge, so that rows are marked "graded by its own reward" (Rule 5).
    [[nodiscard]] virtual bool paysReward() const = 0;
};

/// The built-in refusal analysis.
[[nodiscard]] std::unique_ptr<AnswerJudge> analysisJudge();

/// The truth about the starter's answers, read off its grammar. Fails with notFound or corrupt.
[[nodiscard]] Result<std::unique_ptr<AnswerJudge>> grammarJudge(const std::filesystem::path& grammarFolder);

/// What prompts of the sample carry as their source; only those does the grammar's judge know the truth about.
inline constexpr const char* kSampleSource = "starter grammar";

/// The judge that fits: "analysis" and "grammar" by name; with an empty name the grammar's for prompts that all come
/// from the sample, else the analysis. Fails with invalidArgument for an unknown name.
[[nodiscard]] Result<std::unique_ptr<AnswerJudge>> judgeFor(const std::string& name, bool sampleOnly);

/// True if `answer` holds `expected` as whole words or numbers, case aside.
[[nodiscard]] bool holdsAnswer(const std::string& answer, const std::string& expected);

} // namespace precedent::workspace
