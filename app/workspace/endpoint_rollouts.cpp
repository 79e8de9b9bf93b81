#include "precedent/workspace/endpoint_rollouts.h"

#include <algorithm>
#include <map>
#include <optional>

#include "app/workspace/kept_replies.h"
#include "precedent/base/json.h"
#include "precedent/base/log.h"
#include "precedent/remote/chat_client.h"

namespace precedent::workspace {
namespace {

constexpr std::uint64_t kSeedBits = 0x7fffffff; ///< what every server takes

Error unusable(const std::string& server, const std::string& what)
{
    return {ErrorCode::corrupt, server + " sent what is no list of completions: " + what + ".",
        "The server must give token ids back (return_token_ids, as vLLM since 0.10.2) and hold the run's own model."};
}

class EndpointRollouts final : public core::RolloutSource {
public:
    EndpointRollouts(remote::ChatClient client, std::string prefix)
        : m_client(std::move(client))
        , m_prefix(std::move(prefix))
        , m_versions{{m_client.endpoint().model, 0}}
    {
    }

    Status publish(int version, const std::string& adapterFolder) override
    {
        const std::string name = nameOf(version);
        // A run that goes on hands over a step again, under the name that its first try may have left there.
        (void)post("/unload_lora_adapter", {{"lora_name", name}});
        const Status loaded = post("/load_lora_adapter", {{"lora_name", name}, {"lora_path", adapterFolder}});
        if (!loaded.ok())
            return Error(loaded.error().code(),
                "The adapter behind step " + std::to_string(version) + " could not be handed over: " + loaded.error().message(),
                "The server must see " + adapterFolder +
                    " under that path and take adapters while it runs (vLLM: --enable-lora, "
                    "--max-lora-rank, VLLM_ALLOW_RUNTIME_LORA_UPDATING=1). The run can go on from its last checkpoint.");
        m_asked = version;
        m_versions[name] = version;
        return {};
    }

    void forget(int version) override
    {
        m_versions.erase(nameOf(version));
        if (const Status done = post("/unload_lora_adapter", {{"lora_name", nameOf(version)}}); !done.ok())
            logWarning("The server keeps an adapter that is no longer needed: " + done.error().message());
    }

    Result<core::DrawnElsewhere> draw(const core::GenerationRequest& request, const std::stop_token& stop) override
    {
        std::vector<std::string> bodies;
        for (const core::GenerationPrompt& prompt : request.prompts)
            bodies.push_back(bodyFor(prompt, request));
        core::DrawnElsewhere drawn;
        drawn.version = m_asked;
        m_said.reset();
        PRECEDENT_TRY(m_client.postAll(
            "/completions", std::move(bodies),
            [&](std::size_t prompt, const std::string& text) { return take(text, static_cast<int>(prompt), request, drawn); }, stop));
        return drawn;
    }

private:
    [[nodiscard]] std::string server() const { return remote::nameOf(m_client.endpoint()); }
    [[nodiscard]] std::string nameOf(int version) const
    {
        return version == 0 ? m_client.endpoint().model : m_prefix + "-step-" + std::to_string(version);
    }

    Status post(const std::string& path, const Json& body)
    {
        return m_client.postAll(path, {dumpJson(body)}, [](std::size_t, const std::string&) { return Status(); });
    }

    [[nodiscard]] std::string bodyFor(const core::GenerationPrompt& prompt, const core::GenerationRequest& request) const
    {
        const core::Sampling& sampling = request.sampling;
        Json body{{"model", nameOf(m_asked)}, {"prompt", prompt.ids}, {"n", prompt.n}, {"max_tokens", sampling.maxTokens},
            {"temperature", sampling.temperature}, {"top_p", sampling.topP}, {"seed", prompt.seed & kSeedBits},
            {"stop_token_ids", request.stopIds}, {"return_token_ids", true}, {"skip_special_tokens", false}, {"stream", false}};
        if (sampling.topK > 0)
            body["top_k"] = sampling.topK;
        return dumpJson(body);
    }

    /// One prompt's completions out of a reply.
    Status take(const std::string& text, int prompt, const core::GenerationRequest& request, core::DrawnElsewhere& drawn)
    {
        const Result<Json> reply = parseJson(text, "the reply");
        if (!reply)
            return reply.error().in(server());
        try {
            if (reply->contains("model")) {
                const auto version = m_versions.find(reply->at("model").get<std::string>());
                if (version == m_versions.end())
                    return unusable(server(), "they are of the model \"" + reply->at("model").get<std::string>() + "\"");
                if (m_said && *m_said != version->second)
                    return unusable(server(),
                        "they are of two versions of the weights, " + std::to_string(*m_said) + " and " + std::to_string(version->second));
                m_said = drawn.version = version->second;
            }
            for (const Json& choice : reply->at("choices")) {
                if (!choice.contains("token_ids") || choice.at("token_ids").is_null())
                    return unusable(server(), "token ids are missing");
                core::Completion completion;
                completion.prompt = prompt;
                completion.index = choice.at("index").get<int>();
                completion.ids = choice.at("token_ids").get<std::vector<int>>();
                const bool stopped = choice.at("finish_reason") == "stop";
                const bool marked = !completion.ids.empty() && isStop(completion.ids.back(), request);
                // Some leave the token out that ended it, and say which it was.
                if (stopped && !marked && choice.contains("stop_reason") && choice.at("stop_reason").is_number_integer())
                    completion.ids.push_back(choice.at("stop_reason").get<int>());
                completion.stopReason = stopped || marked ? core::StopReason::stopId : core::StopReason::length;
                drawn.result.completionTokens += static_cast<std::int64_t>(completion.ids.size());
                drawn.result.completions.push_back(std::move(completion));
            }
        } catch (const Json::exception& e) {
            return unusable(server(), e.what());
        }
        drawn.result.promptTokens += static_cast<std::int64_t>(request.prompts[static_cast<std::size_t>(prompt)].ids.size());
        return {};
    }

    [[nodiscard]] static bool isStop(int id, const core::GenerationRequest& request)
    {
        return std::find(request.stopIds.begin(), request.stopIds.end(), id) != request.stopIds.end();
    }

    remote::ChatClient m_client;
    const std::string m_prefix;
    int m_asked = 0; ///< the version that draw() asks for
    std::optional<int> m_said; ///< the version that the replies to a draw() name
    std::map<std::string, int> m_versions; ///< by their names at the server
};

} // namespace

Result<std::unique_ptr<core::RolloutSource>> endpointRollouts(
    const std::string& name, const std::string& prefix, const EndpointOptions& options)
{
    Result<remote::ChatClient> client = chatClient(name, options);
    if (!client)
        return client.error();
    return std::unique_ptr<core::RolloutSource>(std::make_unique<EndpointRollouts>(std::move(*client), prefix));
}

Result<std::shared_ptr<core::RolloutSource>> openRolloutSource(const core::RunSpec& spec, const std::string& runId)
{
    if (spec.rolloutEndpoint.empty())
        return std::shared_ptr<core::RolloutSource>();
    Result<std::unique_ptr<core::RolloutSource>> source =
        endpointRollouts(spec.rolloutEndpoint, "precedent-" + runId, optionsOf(spec.rolloutServer));
    if (!source)
        return source.error().in("rollout_endpoint");
    return std::shared_ptr<core::RolloutSource>(std::move(*source));
}

} // namespace precedent::workspace
