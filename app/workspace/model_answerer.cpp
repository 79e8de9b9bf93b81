#include "precedent/workspace/answerer.h"

namespace precedent::workspace {
namespace {

class ModelAnswerer final : public Answerer {
public:
    ModelAnswerer(std::shared_ptr<core::Model> model, const align::PromptEncoder& encoder, const core::ContextTemplates& templates,
        const core::Sampling& sampling, int promptBudget)
        : m_model(std::move(model))
        , m_encoder(encoder)
        , m_templates(templates)
        , m_sampling(sampling)
        , m_budget(promptBudget)
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
        core::GenerationRequest request;
        request.sampling = m_sampling;
        request.stopIds = m_encoder.stopIds();
        for (const AskedPrompt& prompt : asked)
            request.prompts.push_back({prompt.fitted.ids, 1, prompt.seed});
        const Result<core::GenerationResult> result = m_model->generate(
            request, stop, {}, [&](const core::Completion& completion) { onAnswer(static_cast<std::size_t>(completion.prompt)); });
        if (!result)
            return result.error();
        GivenAnswers given{{}, result.value().promptTokens, result.value().completionTokens};
        for (const core::Completion& completion : result.value().completions) {
            const bool whole = completion.stopReason == core::StopReason::stopId || m_encoder.endsAtStopText(completion.ids);
            given.answers.push_back(
                {static_cast<std::size_t>(completion.prompt), completion.index, m_encoder.completionText(completion.ids), whole});
        }
        return given;
    }

    text::ParsedCompletion parse(const std::string& completion) const override { return m_encoder.parse(completion, m_templates); }

private:
    std::shared_ptr<core::Model> m_model;
    const align::PromptEncoder& m_encoder;
    const core::ContextTemplates& m_templates;
    const core::Sampling m_sampling;
    const int m_budget;
};

} // namespace

std::unique_ptr<Answerer> modelAnswerer(std::shared_ptr<core::Model> model, const align::PromptEncoder& encoder,
    const core::ContextTemplates& templates, const core::Sampling& sampling, int promptBudget)
{
    return std::make_unique<ModelAnswerer>(std::move(model), encoder, templates, sampling, promptBudget);
}

} // namespace precedent::workspace
