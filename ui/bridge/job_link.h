#pragma once

#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>

#include <QMetaObject>

namespace precedent::ui {

/// What a job on the UI thread and its detached worker share: the worker may outlive the job, and then speaks to nobody.
template <typename Job>
class JobLink {
public:
    /// UI thread, before the worker starts.
    explicit JobLink(Job* job)
        : m_job(job)
    {
    }

    /// Worker: runs `act(Job&)` on the UI thread, unless the job is gone by then.
    template <typename Act>
    void post(Act act)
    {
        const std::scoped_lock lock(m_mutex);
        if (m_job != nullptr)
            QMetaObject::invokeMethod(
                m_job, [to = m_job, act = std::move(act)] { act(*to); }, Qt::QueuedConnection);
    }

    /// UI thread, where the job ends: nothing is posted any more, and the worker is asked to stop.
    void leave()
    {
        {
            const std::scoped_lock lock(m_mutex);
            m_job = nullptr;
        }
        stop.request_stop();
    }

    std::stop_source stop;

private:
    std::mutex m_mutex;
    Job* m_job; ///< guarded; null once it is gone
};

} // namespace precedent::ui
