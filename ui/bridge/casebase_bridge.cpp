#include "ui/bridge/casebase_bridge.h"

namespace precedent::ui {

CasebaseBridge::CasebaseBridge(std::filesystem::path path, QObject* parent)
    : QObject(parent)
    , m_path(std::move(path))
    , m_thread([this](const std::stop_token& stop) { serve(stop); })
{
}

CasebaseBridge::~CasebaseBridge()
{
    m_thread.request_stop();
    m_thread.join();
}

void CasebaseBridge::push(Work work)
{
    {
        const std::scoped_lock lock(m_mutex);
        m_queue.push_back(std::move(work));
    }
    m_wake.notify_one();
}

void CasebaseBridge::serve(const std::stop_token& stop)
{
    auto casebase = casebase::Casebase::openAsAllowed(m_path);
    if (!casebase.ok()) {
        QMetaObject::invokeMethod(
            this, [this, error = casebase.error()] { Q_EMIT openFailed(error); }, Qt::QueuedConnection);
        return;
    }
    QMetaObject::invokeMethod(
        this,
        [this, readOnly = casebase.value()->isReadOnly()] {
            m_readOnly = readOnly;
            Q_EMIT opened();
        },
        Qt::QueuedConnection);
    for (;;) {
        Work work;
        {
            std::unique_lock lock(m_mutex);
            m_wake.wait(lock, stop, [this] { return !m_queue.empty(); });
            if (m_queue.empty())
                return; // asked to stop
            work = std::move(m_queue.front());
            m_queue.pop_front();
        }
        if (work.stores || !stop.stop_requested())
            work.act(**casebase);
    }
}

} // namespace precedent::ui
