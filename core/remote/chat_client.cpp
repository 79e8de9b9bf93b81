#include "precedent/remote/chat_client.h"

#include <algorithm>
#include <deque>
#include <map>

#include <curl/curl.h>

#include "core/remote/transfer.h"
#include "precedent/base/json.h"
#include "precedent/base/log.h"

namespace precedent::remote {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kLongestPoll{200};
/// How much of a server's own words an error quotes.
constexpr std::size_t kQuoted = 300;

/// A request that waits for its first or its next attempt.
struct Waiting {
    std::size_t request;
    int attempts = 0; ///< that were made
    Clock::time_point due;
};

/// What came of one attempt.
struct Attempt {
    std::optional<std::string> reply;
    std::optional<Error> error;
    bool again = false; ///< the error may pass
    std::optional<milliseconds> wait; ///< as the server asked for
};

bool mayPass(long status) { return status == 408 || status == 429 || status >= 500; }

class MultiHandle {
public:
    MultiHandle()
        : m_handle(curl_multi_init())
    {
        if (m_handle == nullptr)
            throw std::bad_alloc();
    }
    ~MultiHandle() { curl_multi_cleanup(m_handle); }
    MultiHandle(const MultiHandle&) = delete;
    MultiHandle& operator=(const MultiHandle&) = delete;
    [[nodiscard]] CURLM* get() const { return m_handle; }

private:
    CURLM* m_handle;
};

/// The server's own message, where it gave one, without the key that some servers repeat.
std::string saidBy(const std::string& reply, const std::string& key)
{
    std::string said = reply;
    if (const Result<Json> json = parseJson(reply, "the reply"); json.ok() && json.value().is_object() && json.value().contains("error")) {
        const Json& error = json.value()["error"];
        if (error.is_string())
            said = error.get<std::string>();
        else if (error.is_object() && error.contains("message") && error["message"].is_string())
            said = error["message"].get<std::string>();
    }
    for (std::size_t at = said.find(key); !key.empty() && at != std::string::npos; at = said.find(key))
        said.replace(at, key.size(), "(the key)");
    std::replace_if(
        said.begin(), said.end(), [](unsigned char c) { return c < ' '; }, ' ');
    if (said.size() > kQuoted)
        said = said.substr(0, kQuoted) + " ...";
    return said;
}

} // namespace

struct ChatClient::Parts {
    ChatEndpoint endpoint;
    ChatLimits limits;
    std::string key;
    MultiHandle multi;
    Clock::time_point nextStart{}; ///< the rate's next free moment, kept over calls

    Parts(ChatEndpoint e, const ChatLimits& l, std::string k)
        : endpoint(std::move(e))
        , limits(l)
        , key(std::move(k))
    {
    }

    [[nodiscard]] Error refusal(long status, const std::string& reply) const
    {
        const std::string what =
            nameOf(endpoint) + " answered with HTTP status " + std::to_string(status) + " (" + saidBy(reply, key) + ").";
        if (status == 401 || status == 403)
            return {ErrorCode::permissionDenied, what,
                std::string(key.empty() ? "No key was sent; set " : "A key was sent; check ") + "the environment variable " + kKeyVariable +
                    " (or the one that was named), or the window's keys for servers."};
        if (status == 404)
            return {
                ErrorCode::notFound, what, "Check the address, up to the version (http://localhost:8000/v1), and the model's name there."};
        if (status == 429)
            return {ErrorCode::io, what, "Ask fewer requests a minute, or go on later: replies that came are kept."};
        if (status >= 500 || status == 408)
            return {ErrorCode::io, what, "Go on later: replies that came are kept."};
        return {ErrorCode::invalidArgument, what,
            status < 400 ? "Redirects are not followed, since they would take the key elsewhere: give the address that it leads to."
                         : "Check the model's name and what it takes."};
    }

    [[nodiscard]] Attempt outcomeOf(const Transfer& transfer, CURLcode code) const
    {
        if (transfer.isTooLong())
            return {{},
                Error(ErrorCode::corrupt, nameOf(endpoint) + " sent a reply of more than " + std::to_string(limits.replyBytes) + " bytes.",
                    "Check that the address is that of an OpenAI-compatible server."),
                false, {}};
        if (code != CURLE_OK) {
            const bool certificate = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
            const bool hopeless = certificate || code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT;
            return {{},
                Error(ErrorCode::io, nameOf(endpoint) + " could not be asked: " + transfer.failure(code) + ".",
                    certificate ? "Its certificate is not trusted here: install the authority's."
                                : "Check that the server runs and can be reached; replies that came are kept."),
                !hopeless, {}};
        }
        const long status = transfer.status();
        if (status != 200)
            return {{}, refusal(status, transfer.reply()), mayPass(status), transfer.retryAfter()};
        return {transfer.reply(), {}, false, {}};
    }
};

namespace {

/// One askAll(): what waits, what is under way.
class Asking {
public:
    Asking(const ChatEndpoint& endpoint, const std::string& path, const ChatLimits& limits, const std::string& key, CURLM* multi,
        Clock::time_point& nextStart, std::vector<std::string> bodies)
        : m_endpoint(endpoint)
        , m_path(path)
        , m_limits(limits)
        , m_key(key)
        , m_multi(multi)
        , m_nextStart(nextStart)
        , m_bodies(std::move(bodies))
    {
        for (std::size_t i = 0; i < m_bodies.size(); ++i)
            m_waiting.push_back({i, 0, Clock::now()});
    }
    ~Asking()
    {
        for (const auto& [handle, flight] : m_flights)
            curl_multi_remove_handle(m_multi, handle);
    }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;

    [[nodiscard]] bool isDone() const { return m_waiting.empty() && m_flights.empty(); }

    void start()
    {
        const auto now = Clock::now();
        for (auto next = m_waiting.begin(); next != m_waiting.end() && m_flights.size() < static_cast<std::size_t>(m_limits.concurrent);) {
            if (next->due > now) {
                ++next;
                continue;
            }
            if (m_nextStart > now)
                return;
            if (m_limits.requestsPerMinute > 0)
                m_nextStart =
                    now + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(60 / m_limits.requestsPerMinute));
            auto transfer = std::make_unique<Transfer>(m_endpoint, m_path, m_limits, m_key, m_bodies[next->request], next->request);
            curl_multi_add_handle(m_multi, transfer->handle());
            CURL* const handle = transfer->handle();
            m_flights.emplace(handle, Flight{std::move(transfer), next->attempts + 1});
            next = m_waiting.erase(next);
        }
    }

    /// How long nothing can begin but what libcurl tells of.
    [[nodiscard]] milliseconds patience() const
    {
        auto until = Clock::now() + kLongestPoll;
        if (m_flights.size() < static_cast<std::size_t>(m_limits.concurrent)) {
            for (const Waiting& waiting : m_waiting)
                until = std::min(until, std::max(waiting.due, m_nextStart));
        }
        return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(until - Clock::now()));
    }

    struct Ended {
        std::unique_ptr<Transfer> transfer;
        int attempts;
        CURLcode code;
    };
    std::optional<Ended> nextEnded()
    {
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(m_multi, &left)) {
            const auto flight = message->msg == CURLMSG_DONE ? m_flights.find(message->easy_handle) : m_flights.end();
            if (flight == m_flights.end())
                continue;
            const CURLcode code = message->data.result;
            curl_multi_remove_handle(m_multi, flight->first);
            Ended ended{std::move(flight->second.transfer), flight->second.attempts, code};
            m_flights.erase(flight);
            return ended;
        }
        return std::nullopt;
    }

    /// Puts a request that failed back in line, or says why it cannot be.
    Status again(const Ended& ended, const Attempt& attempt)
    {
        const Error error =
            ended.attempts == 1 ? *attempt.error : attempt.error->in("After " + std::to_string(ended.attempts) + " attempts");
        if (!attempt.again || ended.attempts > m_limits.retries)
            return error;
        milliseconds wait = m_limits.firstWait;
        for (int i = 1; i < ended.attempts && wait < m_limits.longestWait; ++i)
            wait *= 2;
        wait = std::min(wait, m_limits.longestWait);
        if (attempt.wait) {
            if (*attempt.wait > m_limits.longestWait)
                return Error(error.code(),
                    error.message() + " It asks to wait for " + std::to_string(attempt.wait->count() / 1000) + " seconds.", error.hint());
            wait = std::max(wait, *attempt.wait);
        }
        m_waiting.push_back({ended.transfer->request(), ended.attempts, Clock::now() + wait});
        // A server that is overrun has no time for the others either.
        if (attempt.wait)
            m_nextStart = std::max(m_nextStart, Clock::now() + *attempt.wait);
        logWarning(error.message() + " Trying again in " + std::to_string(wait.count()) + " ms.");
        return {};
    }

private:
    struct Flight {
        std::unique_ptr<Transfer> transfer;
        int attempts;
    };

    const ChatEndpoint& m_endpoint;
    const std::string& m_path;
    const ChatLimits& m_limits;
    const std::string& m_key;
    CURLM* m_multi;
    Clock::time_point& m_nextStart;
    std::vector<std::string> m_bodies;
    std::deque<Waiting> m_waiting;
    std::map<CURL*, Flight> m_flights;
};

} // namespace

Result<ChatClient> ChatClient::create(
    const ChatEndpoint& endpoint, const ChatLimits& limits, const std::string& keyVariable, const std::string& given)
{
    PRECEDENT_TRY(checkEndpoint(endpoint));
    if (limits.concurrent < 1 || limits.retries < 0 || !(limits.requestsPerMinute >= 0) || limits.replyBytes < 1)
        return Error(ErrorCode::invalidArgument,
            "The endpoint's limits cannot be kept: " + std::to_string(limits.concurrent) + " requests at once, " +
                std::to_string(limits.retries) + " retries.",
            "Ask for at least one at once, and no fewer than 0 retries and requests a minute.");
    Result<std::string> key = given.empty() ? keyFor(endpoint, keyVariable) : given;
    if (!key)
        return key.error();
    PRECEDENT_TRY(checkKey(endpoint, *key));
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (ready != CURLE_OK)
        return Error(ErrorCode::internal, std::string("libcurl could not be set up: ") + curl_easy_strerror(ready));
    return ChatClient(std::make_unique<Parts>(endpoint, limits, std::move(*key)));
}

ChatClient::ChatClient(std::unique_ptr<Parts> parts)
    : m_parts(std::move(parts))
{
}
ChatClient::~ChatClient() = default;
ChatClient::ChatClient(ChatClient&&) noexcept = default;
ChatClient& ChatClient::operator=(ChatClient&&) noexcept = default;

const ChatEndpoint& ChatClient::endpoint() const { return m_parts->endpoint; }

Status ChatClient::askAll(const std::vector<ChatRequest>& requests, const ReplySink& onReply, const std::stop_token& stop)
{
    std::vector<std::string> bodies;
    bodies.reserve(requests.size());
    for (const ChatRequest& request : requests)
        bodies.push_back(bodyOf(m_parts->endpoint, request));
    return postAll(
        kChatPath, std::move(bodies),
        [&](std::size_t request, const std::string& text) -> Status {
            const Result<ChatReply> reply = replyIn(text);
            return reply.ok() ? onReply(request, reply.value()) : Status(reply.error().in(nameOf(m_parts->endpoint)));
        },
        stop);
}

Status ChatClient::postAll(const std::string& path, std::vector<std::string> bodies, const TextSink& onReply, const std::stop_token& stop)
{
    CURLM* const multi = m_parts->multi.get();
    Asking asking(m_parts->endpoint, path, m_parts->limits, m_parts->key, multi, m_parts->nextStart, std::move(bodies));
    const std::stop_callback wake(stop, [multi] { curl_multi_wakeup(multi); });
    while (!asking.isDone()) {
        if (stop.stop_requested())
            return Error(
                ErrorCode::cancelled, "The asking of " + nameOf(m_parts->endpoint) + " was stopped.", "Replies that came are kept.");
        asking.start();
        int running = 0;
        curl_multi_perform(multi, &running);
        while (const auto ended = asking.nextEnded()) {
            const Attempt attempt = m_parts->outcomeOf(*ended->transfer, ended->code);
            if (attempt.reply)
                PRECEDENT_TRY(onReply(ended->transfer->request(), *attempt.reply));
            else
                PRECEDENT_TRY(asking.again(*ended, attempt));
        }
        if (!asking.isDone())
            curl_multi_poll(multi, nullptr, 0, static_cast<int>(asking.patience().count()), nullptr);
    }
    return {};
}

} // namespace precedent::remote
