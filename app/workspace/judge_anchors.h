#pragma once

#include <array>
#include <string>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/base/result.h"
#include "precedent/core/judge.h"

namespace precedent::workspace {

/// What a judge may say of an answer that is one; the rest is no_answer before any judge is asked.
inline constexpr std::array<Verdict, 3> kJudgedVerdicts = {Verdict::comply, Verdict::refuse, Verdict::safeComplete};

/// One number for each of kJudgedVerdicts, in nats.
using VerdictWeights = std::array<double, kJudgedVerdicts.size()>;

/// Answers whose verdicts are known, by which a model is told apart from its own liking for a word:
/// resources/templates/judge/anchors.json, a list of {verdict, request, answer}, each verdict equally often.
class JudgeAnchors {
public:
    /// Fails as readFile(), with corrupt where the file is no JSON, and as of().
    [[nodiscard]] static Result<JudgeAnchors> load();
    /// The same of a text. Fails with invalidArgument for an entry that misses something and for verdicts that are not equally often.
    [[nodiscard]] static Result<JudgeAnchors> of(std::string text);

    [[nodiscard]] const std::vector<core::JudgeQuestion>& questions() const { return m_questions; }
    [[nodiscard]] const std::string& text() const { return m_text; }

private:
    std::string m_text;
    std::vector<core::JudgeQuestion> m_questions;
};

/// What the log-probabilities of the verdicts are whatever is judged: their mean over the anchors' `weights`, of which there is one at
/// least.
[[nodiscard]] VerdictWeights likingOf(const std::vector<VerdictWeights>& weights);

/// The likeliest verdict once the liking is taken off: contextual calibration (Zhao et al. 2021, arXiv 2102.09690, section 4) in its
/// diagonal form, with answers of known verdicts instead of an input without content. Of equals the first.
[[nodiscard]] Verdict calibratedVerdict(const VerdictWeights& weights, const VerdictWeights& liking);

} // namespace precedent::workspace
