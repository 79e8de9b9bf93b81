#include "precedent/workspace/answerer.h"

#include <algorithm>

#include "precedent/workspace/multiple_choice.h"

namespace precedent::workspace {
namespace {

class ModelAnswerer final : public Answerer {
public:
    ModelAnswerer(std::shared_ptr<core::Model> model, const align::PromptEncoder& encoder, const core::ContextTemplates& templates,
        const core::Sampling& sampling, int promptBudget, bool weighsChoices)
        : m_model(std::move(model))
        , m_encoder(encoder)
        , m_templates(templates)
        , m_sampling(sampling)
        , m_budget(promptBudget)
        , m_weighsChoices(weighsChoices)
    {
    }

    Result<align::FittedPrompt> fit(ContextParts parts, const casebase::Prompt& prompt, std::uint64_t seed) const override
    {
        return align::fitPrompt(
            m_encoder, m_templates, parts.mode, parts.codes, std::move(parts.ranked), prompt.messages, seed, m_budget, parts.firm);
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
            if (letters.empty()) {
                request.prompts.push_back({asked[i].fitted.ids, 1, asked[i].seed});
                written.push_back(i);
                continue;
            }
            PRECEDENT_TRY(choose(asked[i], i, letters, given));
            onAnswer(i);
        }
        if (request.prompts.empty() || stop.stop_requested())
            return given;
        const Result<core::GenerationResult> result = m_model->generate(
            request, stop, {}, [&](const core::Completion& completion) { onAnswer(written[static_cast<std::size_t>(completion.prompt)]); });
        if (!result)
            return result.error();
        given.promptTokens += result.value().promptTokens;
        given.completionTokens += result.value().completionTokens;
        for (const core::Completion& completion : result.value().completions) {
            const bool whole = completion.stopReason == core::StopReason::stopId || m_encoder.endsAtStopText(completion.ids);
            given.answers.push_back({written[static_cast<std::size_t>(completion.prompt)], completion.index,
                m_encoder.completionText(completion.ids), whole, false});
        }
        return given;
    }

    text::ParsedCompletion parse(const std::string& completion) const override { return m_encoder.parse(completion, m_templates); }

private:
    /// Answers with the likeliest letter.
    Status choose(const AskedPrompt& asked, std::size_t place, const std::vector<std::string>& letters, GivenAnswers& given)
    {
        const Result<std::vector<double>> weights =
            letterLogProbs(*m_model, m_encoder, m_templates, asked.fitted.rendered, letters, given.promptTokens);
        if (!weights)
            return weights.error();
        const auto likeliest = std::max_element(weights->begin(), weights->end()) - weights->begin();
        given.answers.push_back({place, 0, emptyChain(m_templates) + letters[static_cast<std::size_t>(likeliest)], true, true});
        return {};
    }

    std::shared_ptr<core::Model> m_model;
    const align::PromptEncoder& m_encoder;
    const core::ContextTemplates& m_templates;
    const core::Sampling m_sampling;
    const int m_budget;
    const bool m_weighsChoices;
};

} // namespace

std::unique_ptr<Answerer> modelAnswerer(std::shared_ptr<core::Model> model, const align::PromptEncoder& encoder,
    const core::ContextTemplates& templates, const core::Sampling& sampling, int promptBudget, bool weighsChoices)
{
    return std::make_unique<ModelAnswerer>(std::move(model), encoder, templates, sampling, promptBudget, weighsChoices);
}

} // namespace precedent::workspace
