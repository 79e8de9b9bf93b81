#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/core/run_inputs.h"
#include "precedent/remote/chat_client.h"
#include "precedent/workspace/endpoint_judge.h"
#include "precedent/workspace/reply_tally.h"

namespace precedent::workspace {

/// With the key that keyOfServer() knows, else the environment's. Fails as ChatClient::create(), endpointNamed() and serverAddress().
[[nodiscard]] Result<remote::ChatClient> chatClient(const std::string& name, const EndpointOptions& options);

/// What of a reply is its text: kept and handed out.
using TextOfReply = std::function<std::string(const remote::ChatReply&)>;

/// A reply whose server gave the reasoning apart, with that between the delimiters; any other one as it is. Reasoning that was cut off
/// stays open.
[[nodiscard]] std::string withReasoning(const remote::ChatReply& reply, const core::ContextTemplates& templates);

/// Hands out a reply to every request: those that the casebase holds first, the others as they come, each of which is kept at once, cut off
/// or not, so that what a stop or a failure cuts short is not paid for twice and comes out the same when it is done again. Equal requests
/// are asked once. `cache` may be null; one opened for reading only is looked into alone. A reply that the casebase cannot hold is handed
/// out and counted in `tally`, which may be null. `textOf` stands for the reply's text where it is empty. Fails as ChatClient::askAll(), or
/// as the casebase.
[[nodiscard]] Status askKept(remote::ChatClient& client, casebase::Casebase* cache, const std::vector<remote::ChatRequest>& requests,
    const remote::ChatClient::ReplySink& onReply, const std::stop_token& stop, ReplyTally* tally = nullptr, const TextOfReply& textOf = {});

} // namespace precedent::workspace
