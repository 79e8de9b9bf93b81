#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/base/result.h"
#include "precedent/remote/chat_endpoint.h"

namespace precedent::remote {

struct ChatRequest {
    std::vector<Message> messages;
    int maxTokens = 256;
    double temperature = 0;
    std::optional<double> topP = std::nullopt; ///< left out where it is not set, as the next
    std::optional<std::uint64_t> seed = std::nullopt;
};

struct ChatReply {
    std::string text;
    std::string reasoning; ///< where a server gives it apart from the text
    bool cutOff = false; ///< the server stopped at maxTokens
};

/// The request's JSON as it goes over the wire: what a cached reply is known by. It holds no key.
[[nodiscard]] std::string bodyOf(const ChatEndpoint& endpoint, const ChatRequest& request);

/// The reply in a server's JSON. Fails with corrupt, naming what is missing.
[[nodiscard]] Result<ChatReply> replyIn(const std::string& body);

/// Asks an endpoint. The key is sent in a header and appears in no error, no log and no file. Redirects are not followed: they
/// would take the key elsewhere. Thread: one at a time.
class ChatClient {
public:
    /// `key`: one that is at hand; empty: keyFor() finds it. Fails as checkEndpoint(), keyFor() and checkKey() do, with invalidArgument for
    /// limits below what they can be.
    [[nodiscard]] static Result<ChatClient> create(
        const ChatEndpoint& endpoint, const ChatLimits& limits, const std::string& keyVariable = {}, const std::string& key = {});
    ~ChatClient();
    ChatClient(ChatClient&&) noexcept;
    ChatClient& operator=(ChatClient&&) noexcept;

    /// Called on the asking thread as each reply comes, in the order that they come in. An error ends the asking.
    using ReplySink = std::function<Status(std::size_t request, const ChatReply& reply)>;

    /// Asks all of `requests`, a few at a time. Blocks, without a thread of its own. Fails with the first request that cannot be answered,
    /// the others being dropped (replies that came before were handed out): permissionDenied (401, 403: the key), notFound (404),
    /// invalidArgument (any other refusal of the request), corrupt (a reply that is no chat completion, or too long), io (the server could
    /// not be reached or kept failing), cancelled within 200 ms of a stop.
    [[nodiscard]] Status askAll(const std::vector<ChatRequest>& requests, const ReplySink& onReply, const std::stop_token& stop = {});

    /// As askAll(), for a path of the server's other than chat completions ("/completions"): JSON goes out, a reply's text comes back.
    using TextSink = std::function<Status(std::size_t request, const std::string& reply)>;
    [[nodiscard]] Status postAll(
        const std::string& path, std::vector<std::string> bodies, const TextSink& onReply, const std::stop_token& stop = {});

    [[nodiscard]] const ChatEndpoint& endpoint() const;

private:
    struct Parts;
    explicit ChatClient(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> m_parts;
};

} // namespace precedent::remote
