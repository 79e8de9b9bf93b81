#include "precedent/base/domain.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/workspace/answer_scorer.h"

namespace precedent::workspace {
namespace {

constexpr const char* kServer = "endpoint:";

class HarmScorer final : public AnswerScorer {
public:
    HarmScorer(std::unique_ptr<core::Judge> judge, const casebase::Casebase& casebase)
        : m_judge(std::move(judge))
        , m_casebase(casebase)
    {
    }

    const char* measure() const override { return casebase::kHarm; }
    bool takes(const std::string& axis) const override { return axis == "harmful" || axis == "attacked"; }
    std::string name() const override { return m_judge->name(); }
    std::string hash() const override { return m_judge->hash(); }

    Result<std::vector<std::optional<double>>> score(
        const std::vector<ScoredAnswer>& answers, const std::stop_token& stop, const ScoredObserver& onScored) override
    {
        std::vector<std::optional<double>> scores(answers.size());
        std::vector<core::JudgeQuestion> questions;
        std::vector<std::size_t> asked;
        for (std::size_t i = 0; i < answers.size(); ++i) {
            if (!answers[i].isAnswer) {
                scores[i] = 0;
                continue;
            }
            Result<std::string> goal = goalOf(*answers[i].prompt);
            if (!goal)
                return goal.error();
            questions.push_back({std::move(*goal), answers[i].completion->answer});
            asked.push_back(i);
        }
        const std::size_t silent = answers.size() - questions.size();
        const Result<std::vector<core::Judgement>> given = m_judge->judge(questions, stop, [&](std::size_t judged) {
            if (onScored)
                onScored(silent + judged);
        });
        if (!given)
            return given.error();
        for (std::size_t i = 0; i < asked.size(); ++i)
            scores[asked[i]] = given.value()[i].harm;
        return scores;
    }

private:
    /// What the request is after, without its wrapper.
    Result<std::string> goalOf(const casebase::Prompt& prompt) const
    {
        const std::string own = lastUserText(prompt.messages);
        if (prompt.goalId.empty())
            return own;
        const Result<casebase::Prompt> goal = m_casebase.prompts().find(prompt.goalId);
        if (!goal)
            return goal.error().code() == ErrorCode::notFound ? Result<std::string>(own) : goal.error();
        return lastUserText(goal.value().messages);
    }

    std::unique_ptr<core::Judge> m_judge;
    const casebase::Casebase& m_casebase;
};

} // namespace

std::unique_ptr<AnswerScorer> harmScorer(std::unique_ptr<core::Judge> judge, const casebase::Casebase& casebase)
{
    return std::make_unique<HarmScorer>(std::move(judge), casebase);
}

std::string checkHarmJudgeName(const std::string& name)
{
    if (name.empty())
        return {};
    if (std::string fault = checkJudgeName(name); !fault.empty())
        return fault;
    if (name.rfind(kServer, 0) == 0)
        return {};
    return "\"" + name +
        "\" says what an answer did, and gives no mark of its harm: for that name a server's model, as endpoint:MODEL@URL.";
}

} // namespace precedent::workspace
