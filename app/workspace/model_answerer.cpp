#include "precedent/workspace/answerer.h"

#include <algorithm>
#include <tuple>

#include "app/workspace/pending_answers.h"
#include "precedent/workspace/multiple_choice.h"

namespace precedent::workspace {
namespace {

class ModelAnswerer final : public Answerer {
public:
    ModelAnswerer(std::shared_ptr<core::Model> model, const align::PromptEncoder& encoder, const core::ContextTemplates& templates,
        const core::Sampling& sampling, int promptBudget, bool weighsChoices, std::shared_ptr<PendingAnswers> pending)
        : m_model(std::move(model))
        , m_encoder(encoder)
        , m_templates(templates)
        , m_sampling(sampling)
        , m_budget(promptBudget)
        , m_weighsChoices(weighsChoices)
        , m_pending(std::move(pending))
    {
    }

    bool keepsAnswers() const override { return m_pending != nullptr && !m_pending->empty(); }

    Result<align::FittedPrompt> fit(ContextParts parts, const casebase::Prompt& prompt, std::uint64_t seed) const override
    {
        const int begun = static_cast<int>(m_encoder.encode(parts.begun).size());
        Result<align::FittedPrompt> fitted = align::fitPrompt(
            m_encoder, m_templates, parts.mode, parts.codes, std::move(parts.ranked), prompt.messages, seed, m_budget - begun, parts.firm);
        if (fitted && !parts.begun.empty()) {
            fitted->rendered += parts.begun;
            fitted->ids = m_encoder.encode(fitted->rendered);
        }
        return fitted;
    }

    Result<double> logProbOf(const align::FittedPrompt& prompt, const std::string& text, const std::stop_token& stop) override
    {
        const Result<std::vector<double>> logProbs =
            m_model->continuationLogProbs(prompt.ids, {align::idsAfter(m_encoder, prompt, text)}, stop);
        return logProbs.ok() ? Result<double>(logProbs.value().front()) : logProbs.error();
    }

    /// As one request, so that what prompts share (the codes) is computed once.
    Result<GivenAnswers> answer(
        const std::vector<AskedPrompt>& asked, const std::function<void(std::size_t)>& onAnswer, const std::stop_token& stop) override
    {
        GivenAnswers given;
        core::GenerationRequest request;
        request.sampling = m_sampling;
        request.stopIds = m_encoder.stopIds();
        std::vector<std::size_t> written; // place among the request's prompts -> among those asked
        for (std::size_t i = 0; i < asked.size() && !stop.stop_requested(); ++i) {
            const std::vector<std::string> letters = m_weighsChoices ? choiceLetters(*asked[i].prompt) : std::vector<std::string>();
            if (takeKept(asked[i], i, letters, given)) {
                onAnswer(i);
                continue;
            }
            if (letters.empty()) {
                request.prompts.push_back({asked[i].fitted.ids, 1, asked[i].seed});
                written.push_back(i);
                continue;
            }
            PRECEDENT_TRY(choose(asked[i], i, letters, given));
            onAnswer(i);
        }
        if (!request.prompts.empty() && !stop.stop_requested())
            PRECEDENT_TRY(write(request, written, asked, onAnswer, stop, given));
        std::sort(given.answers.begin(), given.answers.end(),
            [](const GivenAnswer& a, const GivenAnswer& b) { return std::tie(a.prompt, a.sample) < std::tie(b.prompt, b.sample); });
        return given;
    }

    text::ParsedCompletion parse(const std::string& completion) const override { return m_encoder.parse(completion, m_templates); }

private:
    Status write(const core::GenerationRequest& request, const std::vector<std::size_t>& written, const std::vector<AskedPrompt>& asked,
        const std::function<void(std::size_t)>& onAnswer, const std::stop_token& stop, GivenAnswers& given)
    {
        const Result<core::GenerationResult> result = m_model->generate(request, stop, {}, [&](const core::Completion& completion) {
            const std::size_t place = written[static_cast<std::size_t>(completion.prompt)];
            if (m_pending != nullptr && completion.stopReason != core::StopReason::cancelled)
                m_pending->keep(asked[place], {completion.ids, completion.stopReason == core::StopReason::stopId, {}});
            onAnswer(place);
        });
        if (!result)
            return result.error();
        given.promptTokens += result.value().promptTokens;
        given.completionTokens += result.value().completionTokens;
        for (const core::Completion& completion : result.value().completions) {
            const bool ended = completion.stopReason == core::StopReason::stopId;
            given.answers.push_back(
                writtenAnswer(written[static_cast<std::size_t>(completion.prompt)], completion.index, completion.ids, ended));
        }
        return {};
    }

    GivenAnswer writtenAnswer(std::size_t place, int sample, const std::vector<int>& ids, bool ended) const
    {
        return {place, sample, m_encoder.completionText(ids), ended || m_encoder.endsAtStopText(ids), false};
    }

    GivenAnswer letterAnswer(std::size_t place, const std::string& letter) const
    {
        return {place, 0, emptyChain(m_templates) + letter, true, true};
    }

    /// Answers with what an earlier sitting left, where there is something.
    bool takeKept(const AskedPrompt& asked, std::size_t place, const std::vector<std::string>& letters, GivenAnswers& given) const
    {
        const PendingAnswer* kept = m_pending == nullptr ? nullptr : m_pending->find(asked);
        if (kept == nullptr)
            return false;
        const bool isLetter = std::find(letters.begin(), letters.end(), kept->letter) != letters.end();
        if (letters.empty() ? !kept->letter.empty() : !isLetter)
            return false;
        given.answers.push_back(letters.empty() ? writtenAnswer(place, 0, kept->ids, kept->ended) : letterAnswer(place, kept->letter));
        given.promptTokens += static_cast<std::int64_t>(asked.fitted.ids.size());
        given.completionTokens += static_cast<std::int64_t>(kept->ids.size());
        ++given.kept;
        return true;
    }

    /// Answers with the likeliest letter.
    Status choose(const AskedPrompt& asked, std::size_t place, const std::vector<std::string>& letters, GivenAnswers& given)
    {
        const Result<std::vector<double>> weights =
            letterLogProbs(*m_model, m_encoder, m_templates, asked.fitted.rendered, letters, given.promptTokens);
        if (!weights)
            return weights.error();
        const std::string& likeliest =
            letters[static_cast<std::size_t>(std::max_element(weights->begin(), weights->end()) - weights->begin())];
        if (m_pending != nullptr)
            m_pending->keep(asked, {{}, false, likeliest});
        given.answers.push_back(letterAnswer(place, likeliest));
        return {};
    }

    std::shared_ptr<core::Model> m_model;
    const align::PromptEncoder& m_encoder;
    const core::ContextTemplates& m_templates;
    const core::Sampling m_sampling;
    const int m_budget;
    const bool m_weighsChoices;
    const std::shared_ptr<PendingAnswers> m_pending; ///< null: none are kept
};

} // namespace

std::unique_ptr<Answerer> modelAnswerer(std::shared_ptr<core::Model> model, const align::PromptEncoder& encoder,
    const core::ContextTemplates& templates, const core::Sampling& sampling, int promptBudget, bool weighsChoices,
    std::shared_ptr<PendingAnswers> pending)
{
    return std::make_unique<ModelAnswerer>(std::move(model), encoder, templates, sampling, promptBudget, weighsChoices, std::move(pending));
}

} // namespace precedent::workspace
