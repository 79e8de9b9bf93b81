#include <algorithm>

#include "precedent/base/json.h"
#include "precedent/remote/chat_client.h"

namespace precedent::remote {

std::string bodyOf(const ChatEndpoint& endpoint, const ChatRequest& request)
{
    Json messages = Json::array();
    for (const Message& message : request.messages)
        messages.push_back({{"role", message.role}, {"content", message.content}});
    Json body = {{"model", endpoint.model}, {"messages", std::move(messages)}, {"temperature", request.temperature},
        {"max_tokens", request.maxTokens}, {"stream", false}};
    if (request.topP)
        body["top_p"] = *request.topP;
    if (request.seed)
        body["seed"] = *request.seed;
    return dumpJson(body);
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
    ChatReply reply;
    // vLLM's and llama.cpp's name, and Ollama's.
    for (const char* key : {"reasoning_content", "reasoning"}) {
        if (reply.reasoning.empty() && message.contains(key) && message[key].is_string())
            reply.reasoning = message[key].get<std::string>();
    }
    const Json content = message.value("content", Json());
    if (!content.is_string() && (reply.reasoning.empty() || !content.is_null()))
        return without("content");
    if (content.is_string())
        reply.text = content.get<std::string>();
    reply.cutOff = choice.contains("finish_reason") && choice["finish_reason"] == "length";
    return reply;
}

} // namespace precedent::remote
