#include <algorithm>

#include "precedent/base/json.h"
#include "precedent/remote/chat_client.h"

namespace precedent::remote {

std::string bodyOf(const ChatEndpoint& endpoint, const ChatRequest& request)
{
    Json messages = Json::array();
    for (const Message& message : request.messages)
        messages.push_back({{"role", message.role}, {"content", message.content}});
    return dumpJson({{"model", endpoint.model}, {"messages", std::move(messages)}, {"temperature", request.temperature},
        {"max_tokens", request.maxTokens}, {"stream", false}});
}

Result<ChatReply> replyIn(const std::string& body)
{
    const Result<Json> parsed = parseJson(body, "the reply");
    if (!parsed)
        return parsed.error();
    const auto without = [](const char* what) {
        return Error(ErrorCode::corrupt, std::string("The reply is no chat completion: it has no ") + what + ".",
            "Check that the address is that of an OpenAI-compatible server, up to the version: http://localhost:8000/v1.");
    };
    const Json& json = parsed.value();
    if (!json.is_object() || !json.contains("choices") || !json["choices"].is_array() || json["choices"].empty())
        return without("choices");
    const Json& choice = json["choices"][0];
    if (!choice.is_object() || !choice.contains("message") || !choice["message"].is_object())
        return without("message");
    const Json& message = choice["message"];
    if (!message.contains("content") || !message["content"].is_string())
        return without("content");
    ChatReply reply;
    reply.text = message["content"].get<std::string>();
    reply.cutOff = choice.contains("finish_reason") && choice["finish_reason"] == "length";
    return reply;
}

} // namespace precedent::remote
