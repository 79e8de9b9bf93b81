#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "precedent/base/result.h"
#include "precedent/remote/chat_endpoint.h"

typedef void CURL; // NOLINT(modernize-use-using): as curl.h declares it
struct curl_slist;

namespace precedent::remote {

inline constexpr const char* kChatPath = "/chat/completions";

/// One POST under way: an easy handle of libcurl with what it writes into. Not movable: libcurl holds its address.
class Transfer {
public:
    /// To the endpoint's `path`. `body` and `key` must outlive the transfer.
    Transfer(const ChatEndpoint& endpoint, const std::string& path, const ChatLimits& limits, const std::string& key,
        const std::string& body, std::size_t request);
    ~Transfer();
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    [[nodiscard]] CURL* handle() const { return m_handle; }
    [[nodiscard]] std::size_t request() const { return m_request; }
    [[nodiscard]] const std::string& reply() const { return m_reply; }
    [[nodiscard]] long status() const; ///< of HTTP; 0 before there is any
    [[nodiscard]] std::optional<std::chrono::milliseconds> retryAfter() const { return m_retryAfter; }
    /// libcurl's words for a transfer that failed with `code`.
    [[nodiscard]] std::string failure(int code) const;
    [[nodiscard]] bool isTooLong() const { return m_tooLong; }

private:
    static std::size_t onBody(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t onHeader(char* bytes, std::size_t size, std::size_t count, void* self);

    CURL* m_handle;
    curl_slist* m_headers = nullptr;
    std::size_t m_request;
    std::size_t m_maxBytes;
    std::string m_reply;
    bool m_tooLong = false;
    std::optional<std::chrono::milliseconds> m_retryAfter;
    char m_error[256] = {};
};

/// What a Retry-After header asks for: seconds, or a date. Nothing for anything else.
[[nodiscard]] std::optional<std::chrono::milliseconds> retryAfterOf(const std::string& value, std::chrono::system_clock::time_point now);

} // namespace precedent::remote
