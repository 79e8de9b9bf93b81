#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "precedent/base/result.h"

namespace precedent::remote {

/// A server that speaks OpenAI's chat completions (vLLM, llama.cpp's server, Ollama, OpenAI and others).
struct ChatEndpoint {
    std::string url; ///< up to the version: "http://localhost:8000/v1"
    std::string model; ///< as the server names it
};

/// How hard a server may be asked.
struct ChatLimits {
    std::chrono::milliseconds connectTimeout{10'000};
    std::chrono::milliseconds replyTimeout{120'000}; ///< of one attempt as a whole
    int retries = 4; ///< after the first attempt: on 408, 429, 5xx, a lost or refused connection, a timeout
    std::chrono::milliseconds firstWait{1'000}; ///< before the first retry; doubled with each, up to longestWait
    std::chrono::milliseconds longestWait{60'000}; ///< a Retry-After beyond it is an error, not a wait
    double requestsPerMinute = 0; ///< starts, evenly spaced; 0: as fast as they come
    int concurrent = 4; ///< requests under way at once
    std::size_t replyBytes = std::size_t{1} << 20; ///< a longer reply is refused
};

/// "MODEL@URL" as endpoints are named on the command line and in run specs. A server's URL holds no "@", a model's name may.
/// Fails with invalidArgument: a part is missing, or checkEndpoint() finds fault.
[[nodiscard]] Result<ChatEndpoint> endpointNamed(const std::string& text);
[[nodiscard]] std::string nameOf(const ChatEndpoint& endpoint);

/// Fails with invalidArgument for a URL that is not http or https, or that holds what may be a secret (a user, a password, a
/// query): keys come from the environment or a keychain.
[[nodiscard]] Status checkEndpoint(const ChatEndpoint& endpoint);

/// The endpoint's key, from the environment: the variable `name`; with an empty name PRECEDENT_API_KEY, else OPENAI_API_KEY where the
/// server is OpenAI's own, since another's must not be shown that key. Empty: none is set, as for a server on this machine.
/// Fails with failedPrecondition if a variable that was named is not set, else as checkKey().
[[nodiscard]] Result<std::string> keyFor(const ChatEndpoint& endpoint, const std::string& name);

/// Fails with invalidArgument if the key cannot be a header's value; the key is not in the message.
[[nodiscard]] Status checkKey(const ChatEndpoint& endpoint, const std::string& key);

inline constexpr const char* kKeyVariable = "PRECEDENT_API_KEY";

} // namespace precedent::remote
