#include "app/workspace/kept_replies.h"

#include <optional>

#include "precedent/casebase/reply_store.h"

namespace precedent::workspace {

Result<remote::ChatClient> chatClient(const std::string& name, const EndpointOptions& options)
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
    return remote::ChatClient::create(*endpoint, limits, options.keyVariable);
}

Status askKept(remote::ChatClient& client, casebase::Casebase* cache, const std::vector<remote::ChatRequest>& requests,
    const remote::ChatClient::ReplySink& onReply, const std::stop_token& stop)
{
    const remote::ChatEndpoint& endpoint = client.endpoint();
    std::vector<remote::ChatRequest> open;
    std::vector<std::size_t> places; // of the open ones
    for (std::size_t i = 0; i < requests.size(); ++i) {
        std::optional<std::string> kept;
        if (cache != nullptr) {
            Result<std::optional<std::string>> found =
                cache->replies().find(endpoint.url, endpoint.model, remote::bodyOf(endpoint, requests[i]));
            if (!found)
                return found.error();
            kept = std::move(*found);
        }
        if (kept) {
            PRECEDENT_TRY(onReply(i, {std::move(*kept), false}));
            continue;
        }
        open.push_back(requests[i]);
        places.push_back(i);
    }
    return client.askAll(
        open,
        [&](std::size_t request, const remote::ChatReply& reply) -> Status {
            if (cache != nullptr && !cache->isReadOnly() && !reply.cutOff)
                PRECEDENT_TRY(cache->replies().add({endpoint.url, endpoint.model, remote::bodyOf(endpoint, open[request]), reply.text, 0}));
            return onReply(places[request], reply);
        },
        stop);
}

} // namespace precedent::workspace
