#include "precedent/workspace/answer_judge.h"

#include <algorithm>
#include <cctype>

#include "precedent/starter/grammar_judge.h"
#include "precedent/text/refusal_analysis.h"

namespace precedent::workspace {
namespace {

/// A chain that never closed, or none at all where the format asks for one, leaves nothing that a user would read as
/// the answer.
bool hasNoAnswer(const text::ParsedCompletion& completion) { return completion.answer.empty(); }

/// A judge by rules: what it says of one answer hangs on nothing else.
class RuleJudge : public AnswerJudge {
public:
    Result<std::vector<core::Judgement>> judge(
        const std::vector<JudgedAnswer>& answers, const std::stop_token& /*stop*/, const core::JudgedObserver& /*onJudged*/) final
    {
        std::vector<core::Judgement> judgements(answers.size());
        for (std::size_t i = 0; i < answers.size(); ++i) {
            const text::ParsedCompletion& completion = *answers[i].completion;
            judgements[i].verdict = hasNoAnswer(completion) ? Verdict::noAnswer : verdictOf(*answers[i].prompt, completion.answer);
        }
        return judgements;
    }

protected:
    [[nodiscard]] virtual Verdict verdictOf(const casebase::Prompt& prompt, const std::string& answer) const = 0;
};

class AnalysisJudge final : public RuleJudge {
public:
    bool holds(const casebase::Prompt& prompt, const text::ParsedCompletion& completion) const override
    {
        return holdsAnswer(completion.answer, prompt.utilityAnswer);
    }
    std::string name() const override { return text::analysisName(); }
    std::string hash() const override { return text::analysisHash(); }
    bool paysReward() const override { return true; }

private:
    Verdict verdictOf(const casebase::Prompt& prompt, const std::string& answer) const override
    {
        return text::analyseAnswer(lastUserText(prompt.messages), answer).verdict;
    }
};

class StarterJudge final : public RuleJudge {
public:
    explicit StarterJudge(starter::GrammarJudge judge)
        : m_judge(std::move(judge))
    {
    }

    bool holds(const casebase::Prompt& prompt, const text::ParsedCompletion& completion) const override
    {
        return starter::GrammarJudge::holds(completion.answer, prompt.utilityAnswer);
    }
    std::string name() const override { return "starter grammar's truth"; }
    std::string hash() const override { return m_judge.hash(); }
    bool paysReward() const override { return false; }

private:
    Verdict verdictOf(const casebase::Prompt& prompt, const std::string& answer) const override
    {
        const Verdict verdict = m_judge.judge(lastUserText(prompt.messages), answer);
        // The grammar knows answers about acts; for sums and facts holds() says whether they are right.
        const bool otherAnswer = prompt.label == PromptLabel::utility && verdict == Verdict::noAnswer;
        return otherAnswer ? Verdict::comply : verdict;
    }

    starter::GrammarJudge m_judge;
};

class CoreAnswerJudge final : public AnswerJudge {
public:
    explicit CoreAnswerJudge(std::unique_ptr<core::Judge> judge)
        : m_judge(std::move(judge))
    {
    }

    Result<std::vector<core::Judgement>> judge(
        const std::vector<JudgedAnswer>& answers, const std::stop_token& stop, const core::JudgedObserver& onJudged) override
    {
        std::vector<core::Judgement> judgements(answers.size());
        std::vector<core::JudgeQuestion> questions;
        std::vector<std::size_t> asked;
        for (std::size_t i = 0; i < answers.size(); ++i) {
            if (hasNoAnswer(*answers[i].completion)) {
                judgements[i].verdict = Verdict::noAnswer;
                continue;
            }
            questions.push_back({lastUserText(answers[i].prompt->messages), answers[i].completion->answer});
            asked.push_back(i);
        }
        const std::size_t empty = answers.size() - questions.size();
        Result<std::vector<core::Judgement>> given = m_judge->judge(questions, stop, [&](std::size_t judged) {
            if (onJudged)
                onJudged(empty + judged);
        });
        if (!given)
            return given.error();
        for (std::size_t i = 0; i < asked.size(); ++i)
            judgements[asked[i]] = std::move((*given)[i]);
        return judgements;
    }
    bool holds(const casebase::Prompt& prompt, const text::ParsedCompletion& completion) const override
    {
        return holdsAnswer(completion.answer, prompt.utilityAnswer);
    }
    bool learntFrom(const std::string& request) const override { return m_judge->learntFrom(request); }
    std::string name() const override { return m_judge->name(); }
    std::string hash() const override { return m_judge->hash(); }
    bool paysReward() const override { return false; }

private:
    std::unique_ptr<core::Judge> m_judge;
};

bool isWordByte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

std::string lowerCase(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

} // namespace

std::unique_ptr<AnswerJudge> analysisJudge() { return std::make_unique<AnalysisJudge>(); }

Result<std::unique_ptr<AnswerJudge>> grammarJudge(const std::filesystem::path& grammarFolder)
{
    Result<starter::GrammarJudge> judge = starter::GrammarJudge::load(grammarFolder);
    if (!judge)
        return judge.error();
    return std::unique_ptr<AnswerJudge>(std::make_unique<StarterJudge>(std::move(*judge)));
}

std::unique_ptr<AnswerJudge> answerJudge(std::unique_ptr<core::Judge> judge) { return std::make_unique<CoreAnswerJudge>(std::move(judge)); }

bool holdsAnswer(const std::string& answer, const std::string& expected)
{
    if (expected.empty())
        return false;
    const std::string text = lowerCase(answer);
    const std::string sought = lowerCase(expected);
    for (std::size_t at = text.find(sought); at != std::string::npos; at = text.find(sought, at + 1)) {
        const std::size_t end = at + sought.size();
        const bool opens = at == 0 || !isWordByte(text[at - 1]);
        const bool closes = end == text.size() || !isWordByte(text[end]);
        // "4" is not the answer where the text says "4.5" or "4,000".
        const bool number = closes && end + 1 < text.size() && std::isdigit(static_cast<unsigned char>(text[end - 1])) != 0 &&
            (text[end] == '.' || text[end] == ',') && std::isdigit(static_cast<unsigned char>(text[end + 1])) != 0;
        if (opens && closes && !number)
            return true;
    }
    return false;
}

} // namespace precedent::workspace
