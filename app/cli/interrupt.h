#pragma once

#include <atomic>
#include <csignal>
#include <stop_token>
#include <thread>

namespace precedent::cli {

/// Turns SIGINT and SIGTERM into a stop request for as long as it lives; a second one ends the process at once with
/// 130. Make it before the engine is opened: threads that start later must inherit the blocked signals.
class InterruptWatcher {
public:
    InterruptWatcher();
    ~InterruptWatcher();
    InterruptWatcher(const InterruptWatcher&) = delete;
    InterruptWatcher& operator=(const InterruptWatcher&) = delete;

    [[nodiscard]] std::stop_token token() const { return m_source.get_token(); }
    [[nodiscard]] bool interrupted() const { return m_source.stop_requested(); }

private:
    void watch(const std::stop_token& ended);

    sigset_t m_signals;
    sigset_t m_before;
    std::stop_source m_source;
    std::jthread m_thread;
};

} // namespace precedent::cli
