#include "precedent/workspace/judged_answers.h"

#include <charconv>
#include <map>
#include <optional>
#include <string>

#include "precedent/casebase/evaluation_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/run_store.h"
#include "precedent/casebase/verdict_store.h"
#include "precedent/workspace/suite_runner.h"

namespace precedent::workspace {
namespace {

/// Cuts the last "/"-part off `text` as a number; nothing where it is none.
std::optional<std::int64_t> takeNumber(std::string& text)
{
    const std::size_t slash = text.rfind('/');
    if (slash == std::string::npos)
        return std::nullopt;
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data() + slash + 1, end, number);
    if (error != std::errc() || stopped != end || number < 0)
        return std::nullopt;
    text.resize(slash);
    return number;
}

/// An answer that a verdict is about, and the prompt that it answers.
struct Found {
    std::string promptId;
    std::string answer;
};

class Answers {
public:
    explicit Answers(const casebase::Casebase& casebase)
        : m_casebase(casebase)
    {
    }

    /// Nothing where the casebase does not hold it.
    Result<std::optional<Found>> of(const casebase::HumanVerdict& verdict)
    {
        std::string id = verdict.targetId;
        if (verdict.target == casebase::VerdictTarget::rollout) {
            const auto index = takeNumber(id);
            const auto group = takeNumber(id);
            const auto step = takeNumber(id);
            return index && group && step ? ofRollout(id, static_cast<int>(*step), *group, *index) : std::optional<Found>();
        }
        const auto row = verdict.target == casebase::VerdictTarget::evaluationRow ? takeNumber(id) : std::nullopt;
        return row ? ofRow(id, static_cast<std::size_t>(*row)) : std::optional<Found>();
    }

private:
    Result<std::optional<Found>> ofRollout(const std::string& run, int step, std::int64_t group, std::int64_t index)
    {
        const Result<std::vector<casebase::Rollout>> rollouts = m_casebase.runs().rollouts(run, step);
        if (!rollouts)
            return gone(rollouts.error());
        for (const casebase::Rollout& rollout : rollouts.value()) {
            if (rollout.group == group && rollout.index == index)
                return std::optional<Found>({rollout.promptId, rollout.answer});
        }
        return std::optional<Found>();
    }
    Result<std::optional<Found>> ofRow(const std::string& evaluation, std::size_t number)
    {
        auto rows = m_rows.find(evaluation);
        if (rows == m_rows.end()) {
            Result<std::vector<casebase::EvaluationRow>> read = m_casebase.evaluations().rows(evaluation);
            if (!read)
                return gone(read.error());
            rows = m_rows.emplace(evaluation, std::move(*read)).first;
        }
        if (number >= rows->second.size())
            return std::optional<Found>();
        return std::optional<Found>({rows->second[number].promptId, rows->second[number].answer});
    }
    static Result<std::optional<Found>> gone(const Error& error)
    {
        return error.code() == ErrorCode::notFound ? Result<std::optional<Found>>(std::optional<Found>()) : error;
    }

    const casebase::Casebase& m_casebase;
    std::map<std::string, std::vector<casebase::EvaluationRow>> m_rows;
};

} // namespace

Result<std::vector<LabelledAnswer>> judgedAnswers(const casebase::Casebase& casebase)
{
    const Result<std::vector<casebase::HumanVerdict>> verdicts = casebase.verdicts().all();
    if (!verdicts)
        return verdicts.error();
    // Oldest first, so that the newest verdict on an answer is what remains.
    std::map<std::pair<casebase::VerdictTarget, std::string>, casebase::HumanVerdict> newest;
    for (const casebase::HumanVerdict& verdict : verdicts.value())
        newest[{verdict.target, verdict.targetId}] = verdict;
    Answers answers(casebase);
    std::vector<LabelledAnswer> labelled;
    std::vector<casebase::Prompt> prompts;
    for (const auto& [target, verdict] : newest) {
        const Result<std::optional<Found>> found = answers.of(verdict);
        if (!found)
            return found.error();
        if (!found.value())
            continue;
        const Result<casebase::Prompt> prompt = casebase.prompts().find(found.value()->promptId);
        if (!prompt && prompt.error().code() != ErrorCode::notFound)
            return prompt.error();
        if (!prompt)
            continue;
        labelled.push_back({lastUserText(prompt.value().messages), found.value()->answer, verdict.did,
            prompt.value().expected == Disposition::refuse, prompt.value().id});
        prompts.push_back(prompt.value());
    }
    const std::map<std::string, std::string> clusters = clustersOf(prompts);
    for (LabelledAnswer& answer : labelled)
        answer.group = clusters.at(answer.group);
    return labelled;
}

} // namespace precedent::workspace
