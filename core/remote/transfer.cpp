#include "core/remote/transfer.h"

#include <algorithm>
#include <cctype>
#include <new>

#include <curl/curl.h>

namespace precedent::remote {
namespace {

std::string trimmed(std::string text)
{
    const auto space = [](unsigned char c) { return std::isspace(c) != 0; };
    text.erase(std::find_if_not(text.rbegin(), text.rend(), space).base(), text.end());
    text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), space));
    return text;
}

/// An endpoint's address may be given with the path of chat completions or without.
std::string addressOf(const ChatEndpoint& endpoint, const std::string& path)
{
    const std::string_view chat = kChatPath;
    std::string url = endpoint.url;
    if (url.size() >= chat.size() && url.compare(url.size() - chat.size(), chat.size(), chat) == 0)
        url.resize(url.size() - chat.size());
    return url + path;
}

} // namespace

std::optional<std::chrono::milliseconds> retryAfterOf(const std::string& value, std::chrono::system_clock::time_point now)
{
    const std::string text = trimmed(value);
    // Nine digits are thirty years: whatever is longer is no wait.
    if (!text.empty() && text.size() <= 9 && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; }))
        return std::chrono::seconds(std::stoll(text));
    const std::time_t date = curl_getdate(text.c_str(), nullptr);
    if (date < 0)
        return std::nullopt;
    const auto wait = std::chrono::system_clock::from_time_t(date) - now;
    return std::max(std::chrono::milliseconds(0), std::chrono::duration_cast<std::chrono::milliseconds>(wait));
}

Transfer::Transfer(const ChatEndpoint& endpoint, const std::string& path, const ChatLimits& limits, const std::string& key,
    const std::string& body, std::size_t request)
    : m_handle(curl_easy_init())
    , m_request(request)
    , m_maxBytes(limits.replyBytes)
{
    if (m_handle == nullptr)
        throw std::bad_alloc();
    m_headers = curl_slist_append(m_headers, "Content-Type: application/json");
    // Without it libcurl asks first whether a large body is welcome, and waits a second for servers that do not answer that.
    m_headers = curl_slist_append(m_headers, "Expect:");
    if (!key.empty())
        m_headers = curl_slist_append(m_headers, ("Authorization: Bearer " + key).c_str());
    curl_easy_setopt(m_handle, CURLOPT_URL, addressOf(endpoint, path).c_str());
    curl_easy_setopt(m_handle, CURLOPT_HTTPHEADER, m_headers);
    curl_easy_setopt(m_handle, CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(m_handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(m_handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(m_handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(m_handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(m_handle, CURLOPT_USERAGENT, "precedent");
    curl_easy_setopt(m_handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connectTimeout.count()));
    curl_easy_setopt(m_handle, CURLOPT_TIMEOUT_MS, static_cast<long>(limits.replyTimeout.count()));
    curl_easy_setopt(m_handle, CURLOPT_ERRORBUFFER, m_error);
    curl_easy_setopt(m_handle, CURLOPT_PRIVATE, this);
    curl_easy_setopt(m_handle, CURLOPT_WRITEFUNCTION, &Transfer::onBody);
    curl_easy_setopt(m_handle, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(m_handle, CURLOPT_HEADERFUNCTION, &Transfer::onHeader);
    curl_easy_setopt(m_handle, CURLOPT_HEADERDATA, this);
}

Transfer::~Transfer()
{
    curl_easy_cleanup(m_handle);
    curl_slist_free_all(m_headers);
}

long Transfer::status() const
{
    long status = 0;
    curl_easy_getinfo(m_handle, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

std::string Transfer::failure(int code) const { return m_error[0] != '\0' ? m_error : curl_easy_strerror(static_cast<CURLcode>(code)); }

std::size_t Transfer::onBody(char* bytes, std::size_t size, std::size_t count, void* self)
{
    Transfer& transfer = *static_cast<Transfer*>(self);
    const std::size_t length = size * count;
    if (length > transfer.m_maxBytes - transfer.m_reply.size()) {
        transfer.m_tooLong = true;
        return 0; // ends the transfer
    }
    transfer.m_reply.append(bytes, length);
    return length;
}

std::size_t Transfer::onHeader(char* bytes, std::size_t size, std::size_t count, void* self)
{
    static const std::string kName = "retry-after:";
    const std::size_t length = size * count;
    if (length > kName.size() && length < 200) {
        const std::string line(bytes, length);
        const bool named = std::equal(kName.begin(), kName.end(), line.begin(),
            [](char name, unsigned char c) { return name == static_cast<char>(std::tolower(c)); });
        if (named)
            static_cast<Transfer*>(self)->m_retryAfter = retryAfterOf(line.substr(kName.size()), std::chrono::system_clock::now());
    }
    return length;
}

} // namespace precedent::remote
