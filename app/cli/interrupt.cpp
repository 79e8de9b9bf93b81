#include "app/cli/interrupt.h"

#include <ctime>
#include <pthread.h>
#include <unistd.h>

namespace precedent::cli {
namespace {

constexpr int kInterruptedStatus = 130;
constexpr long kPollNanoseconds = 50'000'000;

} // namespace

InterruptWatcher::InterruptWatcher(std::chrono::seconds echo)
    : m_echo(echo)
{
    sigemptyset(&m_signals);
    sigaddset(&m_signals, SIGINT);
    sigaddset(&m_signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &m_signals, &m_before);
    m_thread = std::jthread([this](const std::stop_token& ended) { watch(ended); });
}

InterruptWatcher::~InterruptWatcher()
{
    m_thread.request_stop();
    m_thread.join();
    pthread_sigmask(SIG_SETMASK, &m_before, nullptr);
}

void InterruptWatcher::watch(const std::stop_token& ended)
{
    std::chrono::steady_clock::time_point first;
    while (!ended.stop_requested()) {
        const timespec wait{0, kPollNanoseconds};
        if (sigtimedwait(&m_signals, nullptr, &wait) < 0)
            continue;
        const auto now = std::chrono::steady_clock::now();
        if (m_atOnce || (m_source.stop_requested() && now - first >= m_echo))
            ::_exit(kInterruptedStatus);
        if (m_source.request_stop())
            first = now;
    }
}

} // namespace precedent::cli
