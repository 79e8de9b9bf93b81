#include <map>

#include "app/workspace/made_answers.h"
#include "precedent/base/domain.h"
#include "precedent/workspace/answerer.h"

namespace precedent::workspace {
namespace {

std::string trimmed(const std::string& text)
{
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    return first == std::string::npos ? std::string() : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::vector<MadeAnswer> withChainsOpened(std::vector<MadeAnswer> answers, const text::ChainFormat& format)
{
    std::vector<std::string*> completions;
    for (MadeAnswer& answer : answers)
        completions.push_back(&answer.completion);
    text::openChains(completions, format);
    return answers;
}

class FileAnswerer final : public Answerer {
public:
    FileAnswerer(std::vector<MadeAnswer> answers, const core::ContextTemplates& templates)
        : m_format{templates.chainOpen, templates.chainClose, false}
        , m_answers(withChainsOpened(std::move(answers), m_format))
    {
        for (const MadeAnswer& answer : m_answers) {
            if (!answer.request.empty())
                m_byRequest[trimmed(answer.request)].push_back(&answer);
            if (!answer.id.empty())
                m_byId[answer.id].push_back(&answer);
        }
    }

    bool readsContext() const override { return false; }

    Result<align::FittedPrompt> fit(ContextParts /*parts*/, const casebase::Prompt& /*prompt*/, std::uint64_t /*seed*/) const override
    {
        align::FittedPrompt fitted;
        fitted.fits = true;
        return fitted;
    }

    Result<GivenAnswers> answer(
        const std::vector<AskedPrompt>& asked, const std::function<void(std::size_t)>& onAnswer, const std::stop_token& /*stop*/) override
    {
        GivenAnswers given;
        for (std::size_t i = 0; i < asked.size(); ++i) {
            int sample = 0;
            for (const MadeAnswer* answer : answersTo(*asked[i].prompt))
                given.answers.push_back({i, sample++, answer->completion, true, false});
            onAnswer(i);
        }
        return given;
    }

    text::ParsedCompletion parse(const std::string& completion) const override { return text::parseCompletion(completion, m_format); }

private:
    std::vector<const MadeAnswer*> answersTo(const casebase::Prompt& prompt) const
    {
        if (const auto found = m_byRequest.find(trimmed(lastUserText(prompt.messages))); found != m_byRequest.end())
            return found->second;
        const auto found = m_byId.find(prompt.id);
        return found == m_byId.end() ? std::vector<const MadeAnswer*>() : found->second;
    }

    const text::ChainFormat m_format;
    const std::vector<MadeAnswer> m_answers;
    std::map<std::string, std::vector<const MadeAnswer*>> m_byRequest, m_byId;
};

} // namespace

Result<std::unique_ptr<Answerer>> fileAnswerer(const std::filesystem::path& file, const core::ContextTemplates& templates)
{
    Result<std::vector<MadeAnswer>> answers = readMadeAnswers(file);
    if (!answers)
        return answers.error();
    return std::unique_ptr<Answerer>(std::make_unique<FileAnswerer>(std::move(*answers), templates));
}

} // namespace precedent::workspace
