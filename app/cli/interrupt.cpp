#include "app/cli/interrupt.h"

#include <ctime>
#include <optional>
#include <pthread.h>
#include <unistd.h>

namespace precedent::cli {
namespace {

constexpr int kInterruptedStatus = 130;
constexpr long kPollNanoseconds = 50'000'000;

/// nohup and batch systems have it ignored: such a process outlives its terminal.
bool hangUpMatters()
{
    struct sigaction action { };
    return sigaction(SIGHUP, nullptr, &action) == 0 && action.sa_handler != SIG_IGN;
}

} // namespace

InterruptWatcher::InterruptWatcher(std::chrono::seconds echo)
    : m_echo(echo)
{
    sigemptyset(&m_signals);
    sigaddset(&m_signals, SIGINT);
    sigaddset(&m_signals, SIGTERM);
    if (hangUpMatters())
        sigaddset(&m_signals, SIGHUP);
    m_pipeBefore = std::signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &m_signals, &m_before);
    m_thread = std::jthread([this](const std::stop_token& ended) { watch(ended); });
}

InterruptWatcher::~InterruptWatcher()
{
    m_thread.request_stop();
    m_thread.join();
    pthread_sigmask(SIG_SETMASK, &m_before, nullptr);
    std::signal(SIGPIPE, m_pipeBefore);
}

void InterruptWatcher::watch(const std::stop_token& ended)
{
    std::optional<std::chrono::steady_clock::time_point> first;
    while (!ended.stop_requested()) {
        const timespec wait{0, kPollNanoseconds};
        const int signal = sigtimedwait(&m_signals, nullptr, &wait);
        if (signal < 0)
            continue;
        const auto now = std::chrono::steady_clock::now();
        if (m_atOnce || (first && signal != SIGHUP && now - *first >= m_echo))
            ::_exit(kInterruptedStatus);
        m_source.request_stop();
        if (!first && signal != SIGHUP)
            first = now;
    }
}

} // namespace precedent::cli
