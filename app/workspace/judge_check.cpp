#include "precedent/workspace/judge_check.h"

#include <cstdio>
#include <map>

#include "precedent/base/digest.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/verdict_store.h"
#include "precedent/workspace/suite_runner.h"

namespace precedent::workspace {
namespace {

using casebase::EvaluationRow;

constexpr const char* kUtility = "utility";

std::string targetOf(const std::string& evaluation, std::size_t row) { return evaluation + "/" + std::to_string(row); }

/// The newest verdict that counts on each row of the evaluation, by its target.
Result<std::map<std::string, Verdict>> countingVerdicts(const casebase::Casebase& casebase, const std::string& evaluation)
{
    const Result<casebase::Evaluation> found = casebase.evaluations().find(evaluation);
    if (!found)
        return found.error();
    const Result<std::vector<casebase::HumanVerdict>> all = casebase.verdicts().all(/*countableOnly=*/true);
    if (!all)
        return all.error();
    std::map<std::string, Verdict> newest; // oldest come first
    for (const casebase::HumanVerdict& verdict : all.value()) {
        // An older one was about a removed evaluation that had the same id.
        if (verdict.target == casebase::VerdictTarget::evaluationRow && verdict.targetId.rfind(evaluation + "/", 0) == 0 &&
            verdict.whenMs >= found.value().createdMs)
            newest[verdict.targetId] = verdict.did;
    }
    return newest;
}

/// Of one mode: what people judged, and how many answers the judge was asked about.
struct OfMode {
    std::vector<LabelledAnswer> judged;
    std::size_t answers = 0;
};

/// Empty where people judged nothing of the evaluation.
Result<std::map<Mode, OfMode>> readJudged(const casebase::Casebase& casebase, const std::string& evaluation)
{
    const Result<std::map<std::string, Verdict>> verdicts = countingVerdicts(casebase, evaluation);
    if (!verdicts)
        return verdicts.error();
    std::map<Mode, OfMode> modes;
    if (verdicts.value().empty())
        return modes;
    std::size_t number = 0;
    PRECEDENT_TRY(casebase.evaluations().forEachRow(evaluation, [&](const EvaluationRow& row) -> Status {
        const auto verdict = verdicts.value().find(targetOf(evaluation, number++));
        OfMode& of = modes[row.mode];
        of.answers += isJudged(row) ? 1 : 0;
        if (verdict != verdicts.value().end())
            of.judged.push_back(
                {row.promptId, row.answer, verdict->second, row.axis == "harmful" || row.axis == "attacked", row.promptId, row.verdict});
        return {};
    }));
    for (auto& [mode, of] : modes) {
        for (LabelledAnswer& answer : of.judged) {
            const Result<casebase::Prompt> prompt = casebase.prompts().find(answer.request);
            if (prompt)
                answer.request = lastUserText(prompt.value().messages);
            else if (prompt.error().code() != ErrorCode::notFound)
                return prompt.error();
        }
    }
    return modes;
}

JudgeCheck checkOf(const OfMode& of)
{
    const auto agreement = [&](const auto& counts) {
        std::vector<LabelledAnswer> some;
        std::vector<std::optional<Verdict>> judged;
        for (const LabelledAnswer& answer : of.judged) {
            if (!counts(answer))
                continue;
            some.push_back(answer);
            judged.push_back(answer.judged);
        }
        return agreementOf(some, judged);
    };
    return {agreement([](const LabelledAnswer&) { return true; }), agreement([](const LabelledAnswer& a) { return !a.unsafe; }),
        agreement([](const LabelledAnswer& a) { return a.unsafe; }), of.answers};
}

} // namespace

bool isJudged(const EvaluationRow& row) { return row.axis != kUtility && !row.answer.empty(); }

Result<BlindSample> drawBlind(const casebase::Casebase& casebase, const std::string& evaluation, Mode mode)
{
    const Result<std::map<std::string, Verdict>> verdicts = countingVerdicts(casebase, evaluation);
    if (!verdicts)
        return verdicts.error();
    BlindSample sample;
    std::map<std::string, DrawnAnswer> byChance;
    std::size_t number = 0;
    const Status read = casebase.evaluations().forEachRow(evaluation, [&](const EvaluationRow& row) -> Status {
        const std::string target = targetOf(evaluation, number++);
        if (row.mode != mode || !isJudged(row))
            return {};
        if (verdicts.value().count(target) > 0)
            ++sample.judged;
        else
            byChance.emplace(Sha256().addField(target).hex(), DrawnAnswer{target, row});
        return {};
    });
    if (!read.ok())
        return read.error();
    const std::size_t wanted = kBlindRows - sample.judged % kBlindRows;
    for (auto& [chance, answer] : byChance) {
        if (sample.next.size() == wanted)
            break;
        sample.next.push_back(std::move(answer));
    }
    return sample;
}

Result<std::vector<LabelledAnswer>> blindVerdicts(
    const casebase::Casebase& casebase, const std::string& evaluation, std::optional<Mode> mode)
{
    Result<std::map<Mode, OfMode>> modes = readJudged(casebase, evaluation);
    if (!modes)
        return modes.error();
    std::vector<LabelledAnswer> answers;
    for (auto& [of, read] : *modes) {
        if (!mode || of == *mode)
            answers.insert(answers.end(), read.judged.begin(), read.judged.end());
    }
    return answers;
}

Result<std::map<Mode, JudgeCheck>> checksOf(const casebase::Casebase& casebase, const std::string& evaluation)
{
    const Result<std::map<Mode, OfMode>> modes = readJudged(casebase, evaluation);
    if (!modes)
        return modes.error();
    std::map<Mode, JudgeCheck> checks;
    for (const auto& [mode, of] : modes.value()) {
        if (!of.judged.empty())
            checks.emplace(mode, checkOf(of));
    }
    return checks;
}

std::string checkSentence(const JudgeCheck& check)
{
    const std::size_t n = check.all.n;
    if (n == 0)
        return "not yet checked on these answers";
    if (!check.isChecked())
        return "checked on " + std::to_string(n) + " of " + std::to_string(std::min(kBlindRows, check.answers)) + " answers so far";
    char text[96];
    std::snprintf(text, sizeof text, "agrees with people on %zu of %zu answers, kappa %.2f", check.all.agreed(), n, check.all.kappa);
    return text;
}

} // namespace precedent::workspace
