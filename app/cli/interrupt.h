#pragma once

#include <atomic>
#include <chrono>
#include <csignal>
#include <stop_token>
#include <thread>

namespace precedent::cli {

/// Turns SIGINT, SIGTERM and SIGHUP into a stop request for as long as it lives; a second SIGINT or SIGTERM ends the process at once
/// with 130. A session that ends sends SIGHUP and SIGTERM together, so neither is the other's second. SIGHUP stays ignored where it
/// is (nohup). Output that nobody reads any more (SIGPIPE) does not end the work. Make it before the engine is opened: threads that
/// start later must inherit the blocked signals.
class InterruptWatcher {
public:
    /// Signals within `echo` of the first are the same interrupt: a launcher passes on what the terminal has sent already.
    explicit InterruptWatcher(std::chrono::seconds echo = std::chrono::seconds(0));
    ~InterruptWatcher();
    InterruptWatcher(const InterruptWatcher&) = delete;
    InterruptWatcher& operator=(const InterruptWatcher&) = delete;

    [[nodiscard]] std::stop_token token() const { return m_source.get_token(); }
    /// While nothing is to be saved: the first signal ends the process at once with 130.
    void endAtOnce(bool atOnce) { m_atOnce = atOnce; }
    [[nodiscard]] bool interrupted() const { return m_source.stop_requested(); }

private:
    void watch(const std::stop_token& ended);

    const std::chrono::seconds m_echo;
    std::atomic<bool> m_atOnce{false};
    sigset_t m_signals;
    sigset_t m_before;
    void (*m_pipeBefore)(int) = nullptr;
    std::stop_source m_source;
    std::jthread m_thread;
};

} // namespace precedent::cli
