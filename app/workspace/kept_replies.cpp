#include "app/workspace/kept_replies.h"

#include <functional>
#include <map>
#include <optional>

#include "precedent/base/log.h"
#include "precedent/casebase/reply_store.h"
#include "precedent/workspace/server_keys.h"

namespace precedent::workspace {
namespace {

using GiveReply = std::function<Status(const std::string& body, const remote::ChatReply& reply)>;

/// Gives what the casebase holds, and takes it from what is to be asked.
Status giveKept(const casebase::Casebase& cache, const remote::ChatEndpoint& endpoint, std::vector<remote::ChatRequest>& open,
    std::vector<std::string>& bodies, const GiveReply& give)
{
    std::size_t left = 0;
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        const Result<std::optional<casebase::KeptReply>> kept = cache.replies().find(endpoint.url, endpoint.model, bodies[i]);
        if (!kept)
            return kept.error();
        if (kept.value()) {
            PRECEDENT_TRY(give(bodies[i], {kept.value()->text, {}, kept.value()->cutOff}));
            continue;
        }
        if (left != i) {
            open[left] = std::move(open[i]);
            bodies[left] = std::move(bodies[i]);
        }
        ++left;
    }
    open.resize(left);
    bodies.resize(left);
    return {};
}

/// Keeps a reply that has come. The result is what a replay will find: another program may have asked the same meanwhile.
Result<remote::ChatReply> keep(casebase::Casebase* cache, const casebase::RemoteReply& reply, ReplyTally* tally)
{
    if (tally != nullptr)
        ++tally->asked;
    const bool keeps = cache != nullptr && !cache->isReadOnly();
    Result<casebase::KeptReply> kept = keeps ? cache->replies().add(reply) : casebase::KeptReply{reply.reply, reply.cutOff};
    if (keeps && !kept) {
        if (kept.error().code() != ErrorCode::invalidArgument)
            return kept.error();
        logWarning("A reply of " + reply.model + "@" + reply.url + " cannot be kept: " + kept.error().message());
        kept = casebase::KeptReply{reply.reply, reply.cutOff};
        if (tally != nullptr)
            ++tally->notKept;
    }
    return remote::ChatReply{std::move(kept->text), {}, kept->cutOff};
}

} // namespace

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
    const Result<std::string> address = serverAddress(endpoint->url);
    if (!address)
        return address.error();
    return remote::ChatClient::create(*endpoint, limits, options.keyVariable, keyOfServer(address.value()).value_or(std::string()));
}

std::string withReasoning(const remote::ChatReply& reply, const core::ContextTemplates& templates)
{
    if (reply.reasoning.empty())
        return reply.text;
    return templates.chainOpen + reply.reasoning + (reply.text.empty() ? "" : templates.chainClose) + reply.text;
}

Status askKept(remote::ChatClient& client, casebase::Casebase* cache, const std::vector<remote::ChatRequest>& requests,
    const remote::ChatClient::ReplySink& onReply, const std::stop_token& stop, ReplyTally* tally, const TextOfReply& textOf)
{
    const remote::ChatEndpoint& endpoint = client.endpoint();
    std::map<std::string, std::vector<std::size_t>> places; // of what is asked, by its body
    std::vector<std::string> bodies; // of those that are open
    std::vector<remote::ChatRequest> open;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        std::string body = remote::bodyOf(endpoint, requests[i]);
        const auto [asked, isNew] = places.try_emplace(body);
        asked->second.push_back(i);
        if (!isNew)
            continue;
        open.push_back(requests[i]);
        bodies.push_back(std::move(body));
    }
    const auto give = [&](const std::string& body, const remote::ChatReply& reply) -> Status {
        for (const std::size_t place : places.at(body))
            PRECEDENT_TRY(onReply(place, reply));
        return {};
    };
    if (cache != nullptr)
        PRECEDENT_TRY(giveKept(*cache, endpoint, open, bodies, give));
    return client.askAll(
        open,
        [&](std::size_t request, const remote::ChatReply& reply) -> Status {
            Result<remote::ChatReply> kept =
                keep(cache, {endpoint.url, endpoint.model, bodies[request], textOf ? textOf(reply) : reply.text, reply.cutOff, 0}, tally);
            return kept ? give(bodies[request], *kept) : kept.error();
        },
        stop);
}

} // namespace precedent::workspace
