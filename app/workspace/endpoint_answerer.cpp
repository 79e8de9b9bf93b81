#include "app/workspace/kept_replies.h"
#include "precedent/workspace/answerer.h"

namespace precedent::workspace {
namespace {

class EndpointAnswerer final : public Answerer {
public:
    EndpointAnswerer(
        remote::ChatClient client, const core::ContextTemplates& templates, const core::Sampling& sampling, casebase::Casebase* cache)
        : m_client(std::move(client))
        , m_templates(templates)
        , m_sampling(sampling)
        , m_cache(cache)
    {
        m_templates.openInPrompt = false; // a chat message cannot be begun for the server
    }

    bool keepsAnswers() const override { return m_cache != nullptr && !m_cache->isReadOnly(); }

    Result<align::FittedPrompt> fit(ContextParts parts, const casebase::Prompt& prompt, std::uint64_t seed) const override
    {
        align::FittedPrompt fitted;
        if (parts.mode != Mode::cases)
            parts.ranked.clear();
        fitted.context = align::buildContext(m_templates, parts.mode, parts.codes, parts.ranked, prompt.messages, seed);
        fitted.casesKept = parts.ranked.size();
        fitted.fits = true;
        return fitted;
    }

    Result<GivenAnswers> answer(
        const std::vector<AskedPrompt>& asked, const std::function<void(std::size_t)>& onAnswer, const std::stop_token& stop) override
    {
        std::vector<remote::ChatRequest> requests;
        for (const AskedPrompt& prompt : asked)
            requests.push_back({prompt.fitted.context.messages, m_sampling.maxTokens, m_sampling.temperature});
        GivenAnswers given;
        given.answers.resize(asked.size());
        PRECEDENT_TRY(askKept(
            m_client, m_cache, requests,
            [&](std::size_t request, const remote::ChatReply& reply) -> Status {
                given.answers[request] = {request, 0, reply.text, !reply.cutOff};
                onAnswer(request);
                return {};
            },
            stop, nullptr, [this](const remote::ChatReply& reply) { return withReasoning(reply, m_templates); }));
        std::vector<std::string*> replies;
        for (GivenAnswer& answer : given.answers)
            replies.push_back(&answer.completion);
        text::openChains(replies, {m_templates.chainOpen, m_templates.chainClose, false});
        return given;
    }

    text::ParsedCompletion parse(const std::string& completion) const override
    {
        return text::parseCompletion(completion, {m_templates.chainOpen, m_templates.chainClose, false});
    }

private:
    remote::ChatClient m_client;
    core::ContextTemplates m_templates;
    const core::Sampling m_sampling;
    casebase::Casebase* m_cache;
};

} // namespace

Result<std::unique_ptr<Answerer>> endpointAnswerer(const std::string& name, const EndpointOptions& options,
    const core::ContextTemplates& templates, const core::Sampling& sampling, casebase::Casebase* cache)
{
    Result<remote::ChatClient> client = chatClient(name, options);
    if (!client)
        return client.error();
    return std::unique_ptr<Answerer>(std::make_unique<EndpointAnswerer>(std::move(*client), templates, sampling, cache));
}

} // namespace precedent::workspace
