#include "precedent/workspace/endpoint_source.h"

#include <utility>

#include "app/workspace/kept_replies.h"
#include "precedent/base/random.h"
#include "precedent/text/chain_parser.h"

namespace precedent::workspace {
namespace {

/// Servers take a seed as a signed number of 32 bits at least.
constexpr std::uint64_t kSeedBits = 0x7fffffff;

Result<remote::ChatClient> clientFor(const core::RunSpec& spec)
{
    Result<remote::ChatClient> client = chatClient(spec.selfGenerationEndpoint, optionsOf(spec.selfGenerationServer));
    if (!client)
        return client.error().in("self_generation_endpoint");
    return client;
}

class EndpointSource final : public core::CompletionSource {
public:
    EndpointSource(remote::ChatClient client, const core::ContextTemplates& templates, std::unique_ptr<casebase::Casebase> casebase,
        std::shared_ptr<ReplyTally> tally)
        : m_client(std::move(client))
        , m_templates(templates)
        , m_casebase(std::move(casebase))
        , m_tally(std::move(tally))
    {
    }

    Result<std::vector<std::vector<core::DrawnText>>> draw(
        const std::vector<core::ChatPrompt>& prompts, const core::Sampling& sampling, const std::stop_token& stop) override
    {
        std::vector<std::vector<core::DrawnText>> drawn(prompts.size());
        std::vector<remote::ChatRequest> requests;
        std::vector<std::pair<std::size_t, std::size_t>> places; // prompt and index of each request
        for (std::size_t p = 0; p < prompts.size(); ++p) {
            drawn[p].resize(static_cast<std::size_t>(prompts[p].n));
            for (std::size_t i = 0; i < drawn[p].size(); ++i) {
                const std::uint64_t seed = Random(prompts[p].seed, streamOf("a server's completion") + i).next() & kSeedBits;
                requests.push_back({prompts[p].messages, sampling.maxTokens, sampling.temperature, sampling.topP, seed});
                places.emplace_back(p, i);
            }
        }
        PRECEDENT_TRY(askKept(
            m_client, m_casebase.get(), requests,
            [&](std::size_t request, const remote::ChatReply& reply) -> Status {
                const auto [p, i] = places[request];
                drawn[p][i] = {reply.text, !reply.cutOff};
                return {};
            },
            stop, m_tally.get(), [this](const remote::ChatReply& reply) { return withReasoning(reply, m_templates); }));
        std::vector<std::string*> texts;
        for (std::vector<core::DrawnText>& ofPrompt : drawn) {
            for (core::DrawnText& one : ofPrompt)
                texts.push_back(&one.text);
        }
        text::openChains(texts, {m_templates.chainOpen, m_templates.chainClose, false});
        return drawn;
    }

    std::string name() const override { return remote::nameOf(m_client.endpoint()); }

private:
    remote::ChatClient m_client;
    const core::ContextTemplates m_templates;
    std::unique_ptr<casebase::Casebase> m_casebase;
    std::shared_ptr<ReplyTally> m_tally;
};

} // namespace

Status checkCompletionSource(const core::RunSpec& spec)
{
    if (spec.selfGenerationEndpoint.empty())
        return {};
    if (spec.topK != 0)
        return Error(ErrorCode::invalidArgument,
            "top_k is " + std::to_string(spec.topK) +
                "; expected 0 where self_generation_endpoint names a server: the protocol has no top-k.",
            "Use top_p.");
    const Result<remote::ChatClient> client = clientFor(spec);
    return client ? Status() : client.error();
}

Result<std::shared_ptr<core::CompletionSource>> openCompletionSource(
    const core::RunInputs& inputs, const std::filesystem::path& path, std::shared_ptr<ReplyTally> tally)
{
    const core::RunSpec& spec = inputs.spec;
    if (spec.selfGenerationEndpoint.empty())
        return std::shared_ptr<core::CompletionSource>();
    PRECEDENT_TRY(checkCompletionSource(spec));
    Result<remote::ChatClient> client = clientFor(spec);
    if (!client)
        return client.error();
    Result<std::unique_ptr<casebase::Casebase>> casebase = casebase::Casebase::open(path, casebase::OpenMode::readWrite);
    if (!casebase)
        return casebase.error();
    return std::shared_ptr<core::CompletionSource>(
        std::make_shared<EndpointSource>(std::move(*client), inputs.templates, std::move(*casebase), std::move(tally)));
}

} // namespace precedent::workspace
