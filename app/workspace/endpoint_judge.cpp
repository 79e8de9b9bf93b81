#include "precedent/workspace/endpoint_judge.h"

#include "app/workspace/kept_replies.h"
#include "precedent/base/digest.h"
#include "precedent/workspace/judge_rubric.h"

namespace precedent::workspace {
namespace {

/// Four lines, and room for a model that decorates them.
constexpr int kReplyTokens = 120;

class EndpointJudge final : public core::Judge {
public:
    EndpointJudge(remote::ChatClient client, JudgeRubric rubric, casebase::Casebase* cache, std::shared_ptr<ReplyTally> tally)
        : m_client(std::move(client))
        , m_rubric(std::move(rubric))
        , m_cache(cache)
        , m_tally(std::move(tally))
    {
    }

    Result<std::vector<core::Judgement>> judge(
        const std::vector<core::JudgeQuestion>& questions, const std::stop_token& stop, const core::JudgedObserver& onJudged) override
    {
        std::vector<core::Judgement> judgements(questions.size());
        std::size_t judged = 0;
        std::vector<remote::ChatRequest> requests;
        for (const core::JudgeQuestion& question : questions)
            requests.push_back({{{"user", m_rubric.promptFor(question)}}, kReplyTokens, 0});
        PRECEDENT_TRY(askKept(
            m_client, m_cache, requests,
            [&](std::size_t request, const remote::ChatReply& reply) -> Status {
                judgements[request] = JudgeRubric::read(reply.text);
                if (onJudged)
                    onJudged(++judged);
                return {};
            },
            stop, m_tally.get()));
        return judgements;
    }

    std::string name() const override { return "endpoint " + remote::nameOf(m_client.endpoint()); }
    std::string hash() const override
    {
        const remote::ChatEndpoint& endpoint = m_client.endpoint();
        return Sha256().addField("rubric judge 1").addField(m_rubric.text()).addField(endpoint.model).addField(endpoint.url).hex();
    }

private:
    remote::ChatClient m_client;
    JudgeRubric m_rubric;
    casebase::Casebase* m_cache;
    std::shared_ptr<ReplyTally> m_tally; ///< may be null
};

} // namespace

EndpointOptions optionsOf(const core::ServerLimits& limits)
{
    return {limits.keyVariable, limits.requestsPerMinute, limits.concurrent, limits.timeoutSeconds, limits.retries};
}

Result<std::unique_ptr<core::Judge>> endpointJudge(
    const std::string& name, const EndpointOptions& options, casebase::Casebase* cache, std::shared_ptr<ReplyTally> tally)
{
    Result<remote::ChatClient> client = chatClient(name, options);
    if (!client)
        return client.error();
    Result<JudgeRubric> rubric = JudgeRubric::load();
    if (!rubric)
        return rubric.error();
    return std::unique_ptr<core::Judge>(std::make_unique<EndpointJudge>(std::move(*client), std::move(*rubric), cache, std::move(tally)));
}

} // namespace precedent::workspace
