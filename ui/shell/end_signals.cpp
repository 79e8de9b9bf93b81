#include "ui/shell/end_signals.h"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

#include <QSocketNotifier>

namespace precedent::ui {
namespace {

constexpr std::array kSignals{SIGTERM, SIGINT, SIGHUP};
volatile std::sig_atomic_t pipeEnd = -1; ///< what the handler writes to

void tell(int)
{
    const char byte = 0;
    [[maybe_unused]] const ssize_t written = ::write(pipeEnd, &byte, 1); // a full pipe has told it already
}

} // namespace

EndSignals::EndSignals(QObject* parent)
    : QObject(parent)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
        return; // such a signal then ends the program at once, as it does without this
    m_read = ends[0];
    pipeEnd = ends[1];
    connect(new QSocketNotifier(m_read, QSocketNotifier::Read, this), &QSocketNotifier::activated, this, [this] {
        std::array<char, 16> bytes{};
        if (::read(m_read, bytes.data(), bytes.size()) > 0)
            Q_EMIT asked();
    });
    for (const int signal : kSignals) {
        struct sigaction action { };
        if (sigaction(signal, nullptr, &action) != 0 || action.sa_handler == SIG_IGN)
            continue;
        action.sa_handler = tell;
        action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
        sigaction(signal, &action, nullptr);
    }
}

EndSignals::~EndSignals()
{
    if (m_read < 0)
        return;
    for (const int signal : kSignals) {
        struct sigaction action { };
        if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler == tell)
            std::signal(signal, SIG_DFL);
    }
    ::close(pipeEnd);
    ::close(m_read);
    pipeEnd = -1;
}

} // namespace precedent::ui
