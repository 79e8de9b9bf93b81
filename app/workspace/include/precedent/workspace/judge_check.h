#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/workspace/judge_agreement.h"

/// Whether the judge of an evaluation can be trusted on the evaluation's own answers: a person judges some of them, drawn at random, and
/// does not see what the judge said. Any thread.
namespace precedent::workspace {

/// Blind verdicts that make a judge checked; all answers where there are fewer.
inline constexpr std::size_t kBlindRows = 50;

/// Whether a judge was asked about this row: a whole answer, to a request whose answer no key decides.
[[nodiscard]] bool isJudged(const casebase::EvaluationRow& row);

struct DrawnAnswer {
    std::string target; ///< what a verdict on it is filed under (HumanVerdict::targetId of an evaluationRow)
    casebase::EvaluationRow row;
};
struct BlindSample {
    std::vector<DrawnAnswer> next; ///< still to be judged, in this order
    std::size_t judged = 0; ///< have a blind verdict already
};
/// The next answers of an evaluation's mode to be judged blind: as many as bring those that are judged to the next multiple of kBlindRows,
/// or to all. Their order is chance's and always the same (SHA-256 of evaluation and row), so nobody picks, and a sitting goes on where the
/// last one ended. Fails with notFound, or as the casebase does.
[[nodiscard]] Result<BlindSample> drawBlind(const casebase::Casebase& casebase, const std::string& evaluation, Mode mode);

/// The answers that people judged blind and drawn at random, with the newest verdict of each and, as `judged`, what the evaluation's judge
/// said; of one mode or of all. A request is unsafe on the axes harmful and attacked. Fails with notFound, or as the casebase does.
[[nodiscard]] Result<std::vector<LabelledAnswer>> blindVerdicts(
    const casebase::Casebase& casebase, const std::string& evaluation, std::optional<Mode> mode);

/// How far the judge agrees with those verdicts (method.md, Rule 6).
struct JudgeCheck {
    Agreement all;
    Agreement safe;
    Agreement unsafe;
    std::size_t answers = 0; ///< that the judge was asked about, judged by people or not

    [[nodiscard]] bool isChecked() const { return all.n > 0 && all.n >= std::min(kBlindRows, answers); }
};
/// Of each mode of an evaluation of which something was judged so. Fails with notFound, or as the casebase does.
[[nodiscard]] Result<std::map<Mode, JudgeCheck>> checksOf(const casebase::Casebase& casebase, const std::string& evaluation);

/// "not yet checked on these answers"; "checked on 12 of 50 answers so far"; "agrees with people on 47 of 50 answers, kappa 0.89".
[[nodiscard]] std::string checkSentence(const JudgeCheck& check);

} // namespace precedent::workspace
