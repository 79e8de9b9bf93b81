#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

/// A server of one address on this machine for tests: every request gets what the answerer says. One thread a connection.
class SmallHttpServer {
public:
    struct Reply {
        int status = 200;
        std::string body;
        std::string headers; ///< lines, each with its line end
        std::chrono::milliseconds delay{0}; ///< before the reply; cut short when the server goes
        bool hangUp = false; ///< close the connection without a word
    };
    struct Request {
        std::string head;
        std::string body;
    };
    /// `number` counts the requests from 0.
    using Answerer = std::function<Reply(int number, const Request& request)>;

    explicit SmallHttpServer(Answerer answerer)
        : m_answerer(std::move(answerer))
        , m_socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(m_socket, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(m_socket, 64) != 0)
            std::abort();
        ::getsockname(m_socket, reinterpret_cast<sockaddr*>(&address), &size);
        m_port = ntohs(address.sin_port);
        m_acceptor = std::thread([this] { accept(); });
    }
    ~SmallHttpServer()
    {
        m_ends = true;
        ::shutdown(m_socket, SHUT_RDWR);
        ::close(m_socket);
        m_acceptor.join();
        for (std::thread& connection : m_connections)
            connection.join();
    }
    SmallHttpServer(const SmallHttpServer&) = delete;
    SmallHttpServer& operator=(const SmallHttpServer&) = delete;

    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(m_port) + "/v1"; }
    [[nodiscard]] std::vector<Request> requests() const
    {
        const std::scoped_lock lock(m_mutex);
        return m_requests;
    }
    [[nodiscard]] int mostAtOnce() const { return m_most; }

private:
    void accept()
    {
        while (!m_ends) {
            const int connection = ::accept4(m_socket, nullptr, nullptr, SOCK_CLOEXEC);
            if (connection >= 0)
                m_connections.emplace_back([this, connection] { serve(connection); });
        }
    }

    void serve(int connection)
    {
        Request request;
        if (read(connection, request)) {
            int number = 0;
            {
                const std::scoped_lock lock(m_mutex);
                number = static_cast<int>(m_requests.size());
                m_requests.push_back(request);
                m_most = std::max(m_most.load(), ++m_now);
            }
            const Reply reply = m_answerer(number, request);
            const auto until = std::chrono::steady_clock::now() + reply.delay;
            while (!m_ends && std::chrono::steady_clock::now() < until)
                std::this_thread::sleep_for(std::chrono::milliseconds(2));
            --m_now;
            if (!reply.hangUp)
                send(connection,
                    "HTTP/1.1 " + std::to_string(reply.status) + " Said\r\nContent-Type: application/json\r\nContent-Length: " +
                        std::to_string(reply.body.size()) + "\r\nConnection: close\r\n" + reply.headers + "\r\n" + reply.body);
        }
        ::close(connection);
    }

    static bool read(int connection, Request& request)
    {
        std::string all;
        std::size_t head = std::string::npos;
        std::size_t length = 0;
        char buffer[8192];
        while (head == std::string::npos || all.size() < head + 4 + length) {
            const ssize_t got = ::recv(connection, buffer, sizeof buffer, 0);
            if (got <= 0)
                return false;
            all.append(buffer, static_cast<std::size_t>(got));
            if (head == std::string::npos && (head = all.find("\r\n\r\n")) != std::string::npos) {
                const std::size_t at = all.find("Content-Length: ");
                length = at < head ? std::strtoul(all.c_str() + at + 16, nullptr, 10) : 0;
            }
        }
        request = {all.substr(0, head), all.substr(head + 4)};
        return true;
    }

    static void send(int connection, const std::string& bytes)
    {
        for (std::size_t sent = 0; sent < bytes.size();) {
            const ssize_t wrote = ::send(connection, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
            if (wrote <= 0)
                return;
            sent += static_cast<std::size_t>(wrote);
        }
    }

    Answerer m_answerer;
    int m_socket;
    int m_port = 0;
    std::atomic<bool> m_ends{false};
    std::atomic<int> m_now{0};
    std::atomic<int> m_most{0};
    mutable std::mutex m_mutex;
    std::vector<Request> m_requests;
    std::thread m_acceptor;
    std::vector<std::thread> m_connections;
};

/// A chat completion that says `text`, as servers write it.
inline std::string completionSaying(const std::string& escapedText, const std::string& finish = "stop")
{
    return R"({"id":"c-1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":")" + escapedText +
        R"("},"finish_reason":")" + finish + R"("}],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}})";
}
