#include "precedent/workspace/answer_judge.h"

#include <algorithm>
#include <cctype>

#include "precedent/base/files.h"
#include "precedent/starter/grammar_judge.h"
#include "precedent/text/refusal_analysis.h"

namespace precedent::workspace {
namespace {

/// A chain that never closed, or none at all where the format asks for one, leaves nothing that a user would read as
/// the answer.
bool hasNoAnswer(const text::ParsedCompletion& completion) { return completion.answer.empty(); }

class AnalysisJudge final : public AnswerJudge {
public:
    Verdict judge(const casebase::Prompt& prompt, const text::ParsedCompletion& completion) const override
    {
        return hasNoAnswer(completion) ? Verdict::noAnswer : text::analyseAnswer(lastUserText(prompt.messages), completion.answer).verdict;
    }
    bool holds(const casebase::Prompt& prompt, const text::ParsedCompletion& completion) const override
    {
        return holdsAnswer(completion.answer, prompt.utilityAnswer);
    }
    std::string name() const override { return text::analysisName(); }
    std::string hash() const override { return text::analysisHash(); }
    bool paysReward() const override { return true; }
};

class StarterJudge final : public AnswerJudge {
public:
    explicit StarterJudge(starter::GrammarJudge judge)
        : m_judge(std::move(judge))
    {
    }

    Verdict judge(const casebase::Prompt& prompt, const text::ParsedCompletion& completion) const override
    {
        if (hasNoAnswer(completion))
            return Verdict::noAnswer;
        const Verdict verdict = m_judge.judge(lastUserText(prompt.messages), completion.answer);
        // The grammar knows answers about acts; for sums and facts holds() says whether they are right.
        const bool otherAnswer = prompt.label == PromptLabel::utility && verdict == Verdict::noAnswer;
        return otherAnswer ? Verdict::comply : verdict;
    }
    bool holds(const casebase::Prompt& prompt, const text::ParsedCompletion& completion) const override
    {
        return starter::GrammarJudge::holds(completion.answer, prompt.utilityAnswer);
    }
    std::string name() const override { return "starter grammar's truth"; }
    std::string hash() const override { return m_judge.hash(); }
    bool paysReward() const override { return false; }

private:
    starter::GrammarJudge m_judge;
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

Result<std::unique_ptr<AnswerJudge>> judgeFor(const std::string& name, bool sampleOnly)
{
    if (name == "analysis" || (name.empty() && !sampleOnly))
        return analysisJudge();
    if (name != "grammar" && !name.empty())
        return Error(ErrorCode::invalidArgument, "There is no judge \"" + name + "\".", "The judges are: analysis, grammar.");
    const Result<std::filesystem::path> resources = resourceFolder();
    if (!resources)
        return resources.error();
    return grammarJudge(*resources / "starter" / "grammar");
}

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
