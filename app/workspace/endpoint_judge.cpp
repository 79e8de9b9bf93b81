#include "precedent/workspace/endpoint_judge.h"

#include <optional>

#include "precedent/base/digest.h"
#include "precedent/casebase/reply_store.h"
#include "precedent/remote/chat_client.h"
#include "precedent/workspace/judge_rubric.h"

namespace precedent::workspace {
namespace {

/// Four lines, and room for a model that decorates them.
constexpr int kReplyTokens = 120;

class EndpointJudge final : public core::Judge {
public:
    EndpointJudge(remote::ChatClient client, JudgeRubric rubric, casebase::Casebase* cache)
        : m_client(std::move(client))
        , m_rubric(std::move(rubric))
        , m_cache(cache)
    {
    }

    Result<std::vector<core::Judgement>> judge(const std::vector<core::JudgeQuestion>& questions, const std::stop_token& stop) override
    {
        const remote::ChatEndpoint& endpoint = m_client.endpoint();
        std::vector<core::Judgement> judgements(questions.size());
        std::vector<remote::ChatRequest> requests;
        std::vector<std::string> bodies;
        std::vector<std::size_t> asked; // request -> question
        for (std::size_t i = 0; i < questions.size(); ++i) {
            remote::ChatRequest request;
            request.messages = {{"user", m_rubric.promptFor(questions[i])}};
            request.maxTokens = kReplyTokens;
            std::string body = remote::bodyOf(endpoint, request);
            const Result<std::optional<std::string>> kept = find(body);
            if (!kept)
                return kept.error();
            if (kept.value()) {
                judgements[i] = JudgeRubric::read(*kept.value());
                continue;
            }
            requests.push_back(std::move(request));
            bodies.push_back(std::move(body));
            asked.push_back(i);
        }
        // Each reply is kept as it comes: what a stop or a failure cuts short is not paid for twice.
        PRECEDENT_TRY(m_client.askAll(
            requests,
            [&](std::size_t request, const remote::ChatReply& reply) -> Status {
                judgements[asked[request]] = JudgeRubric::read(reply.text);
                return keep(bodies[request], reply.text);
            },
            stop));
        return judgements;
    }

    std::string name() const override { return "endpoint " + remote::nameOf(m_client.endpoint()); }
    std::string hash() const override
    {
        const remote::ChatEndpoint& endpoint = m_client.endpoint();
        return Sha256().addField("rubric judge 1").addField(m_rubric.text()).addField(endpoint.model).addField(endpoint.url).hex();
    }

private:
    Result<std::optional<std::string>> find(const std::string& body) const
    {
        if (m_cache == nullptr)
            return std::optional<std::string>();
        return m_cache->replies().find(m_client.endpoint().url, m_client.endpoint().model, body);
    }
    Status keep(const std::string& body, const std::string& reply) const
    {
        if (m_cache == nullptr || m_cache->isReadOnly())
            return {};
        return m_cache->replies().add({m_client.endpoint().url, m_client.endpoint().model, body, reply, 0});
    }

    remote::ChatClient m_client;
    JudgeRubric m_rubric;
    casebase::Casebase* m_cache;
};

} // namespace

Result<std::unique_ptr<core::Judge>> endpointJudge(const std::string& name, const EndpointOptions& options, casebase::Casebase* cache)
{
    Result<remote::ChatEndpoint> endpoint = remote::endpointNamed(name);
    if (!endpoint)
        return endpoint.error();
    remote::ChatLimits limits;
    limits.requestsPerMinute = options.requestsPerMinute;
    if (options.concurrent > 0)
        limits.concurrent = options.concurrent;
    if (options.timeoutSeconds > 0)
        limits.replyTimeout = std::chrono::seconds(options.timeoutSeconds);
    if (options.retries >= 0)
        limits.retries = options.retries;
    Result<remote::ChatClient> client = remote::ChatClient::create(*endpoint, limits, options.keyVariable);
    if (!client)
        return client.error();
    Result<JudgeRubric> rubric = JudgeRubric::load();
    if (!rubric)
        return rubric.error();
    return std::unique_ptr<core::Judge>(std::make_unique<EndpointJudge>(std::move(*client), std::move(*rubric), cache));
}

} // namespace precedent::workspace
