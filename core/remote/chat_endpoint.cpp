#include "precedent/remote/chat_endpoint.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string_view>

namespace precedent::remote {
namespace {

bool startsWith(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

std::string hostOf(std::string_view url)
{
    const std::size_t begin = url.find("://") + 3;
    return std::string(url.substr(begin, url.find_first_of(":/", begin) - begin));
}

std::string environment(const std::string& name)
{
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::string() : std::string(value);
}

} // namespace

Result<ChatEndpoint> endpointNamed(const std::string& text)
{
    const std::size_t at = text.rfind('@');
    if (at == std::string::npos || at == 0 || at + 1 == text.size())
        return Error(ErrorCode::invalidArgument, "An endpoint is named MODEL@URL, and this is \"" + text + "\".",
            "Write the model as the server names it, then the server's address: llama3@http://localhost:8000/v1.");
    ChatEndpoint endpoint{text.substr(at + 1), text.substr(0, at)};
    while (endpoint.url.size() > 1 && endpoint.url.back() == '/')
        endpoint.url.pop_back();
    PRECEDENT_TRY(checkEndpoint(endpoint));
    return endpoint;
}

std::string nameOf(const ChatEndpoint& endpoint) { return endpoint.model + "@" + endpoint.url; }

Status checkEndpoint(const ChatEndpoint& endpoint)
{
    const std::string& url = endpoint.url;
    if (endpoint.model.empty())
        return Error(ErrorCode::invalidArgument, "The endpoint names no model.", "Name the model as the server does.");
    // The text is not shown: it may hold a password.
    if (url.find_first_of("@?#") != std::string::npos)
        return Error(ErrorCode::invalidArgument, "The endpoint's address holds a user, a query or a fragment.",
            std::string("Leave them out: a key is read from the environment variable ") + kKeyVariable +
                " or the window's keys for servers.");
    if (!startsWith(url, "http://") && !startsWith(url, "https://"))
        return Error(ErrorCode::invalidArgument, "An endpoint's address begins with http:// or https://, and this one does not: " + url,
            "Write it with its scheme and version, as http://localhost:8000/v1.");
    const bool bare = std::any_of(url.begin(), url.end(), [](unsigned char c) { return c <= ' ' || c >= 0x7f; });
    if (bare || hostOf(url).empty())
        return Error(
            ErrorCode::invalidArgument, "The endpoint's address is none: \"" + url + "\".", "Write it as http://localhost:8000/v1.");
    return {};
}

Result<std::string> keyFor(const ChatEndpoint& endpoint, const std::string& name)
{
    std::string key = environment(name.empty() ? std::string(kKeyVariable) : name);
    if (!name.empty() && key.empty())
        return Error(ErrorCode::failedPrecondition,
            "The environment variable " + name + ", which should hold the key of " + endpoint.url + ", is not set.",
            "Set it before the program starts, or name another.");
    if (key.empty() && hostOf(endpoint.url) == "api.openai.com")
        key = environment("OPENAI_API_KEY");
    PRECEDENT_TRY(checkKey(endpoint, key));
    return key;
}

Status checkKey(const ChatEndpoint& endpoint, const std::string& key)
{
    if (std::any_of(key.begin(), key.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }))
        return Error(ErrorCode::invalidArgument, "The key of " + endpoint.url + " holds a line end or another control character.",
            "Set the environment variable to the key alone.");
    return {};
}

} // namespace precedent::remote
