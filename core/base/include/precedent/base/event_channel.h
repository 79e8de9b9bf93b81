#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace precedent {

/// A bounded queue from one or more producers to one consumer.
///
/// Events that may be dropped (progress) are refused once `capacity` are queued; events that must arrive (states,
/// errors, checkpoints, finishes) are always queued. The waker runs on the producer's thread, once each time the
/// queue stops being empty, without the lock held. Thread: every method from any thread; none waits but waitDrain().
template <typename Event>
class EventChannel {
public:
    explicit EventChannel(std::size_t capacity = 1024)
        : m_capacity(capacity)
    {
    }

    void setWaker(std::function<void()> waker)
    {
        const std::scoped_lock lock(m_mutex);
        m_waker = std::move(waker);
    }

    /// Returns false if a droppable event was dropped.
    bool push(Event event, bool droppable)
    {
        std::function<void()> waker;
        {
            const std::scoped_lock lock(m_mutex);
            if (droppable && m_events.size() >= m_capacity) {
                ++m_dropped;
                return false;
            }
            if (m_events.empty())
                waker = m_waker;
            m_events.push_back(std::move(event));
        }
        m_arrived.notify_one();
        if (waker)
            waker();
        return true;
    }

    /// Everything queued, oldest first; empty if nothing is.
    [[nodiscard]] std::vector<Event> drain()
    {
        const std::scoped_lock lock(m_mutex);
        return take();
    }

    /// As drain(), but waits up to `timeout` for the first event. For consumers without an event loop.
    [[nodiscard]] std::vector<Event> waitDrain(std::chrono::milliseconds timeout)
    {
        std::unique_lock lock(m_mutex);
        m_arrived.wait_for(lock, timeout, [this] { return !m_events.empty(); });
        return take();
    }

    [[nodiscard]] std::size_t dropped() const
    {
        const std::scoped_lock lock(m_mutex);
        return m_dropped;
    }

private:
    std::vector<Event> take()
    {
        std::vector<Event> events(std::make_move_iterator(m_events.begin()), std::make_move_iterator(m_events.end()));
        m_events.clear();
        return events;
    }

    const std::size_t m_capacity;
    mutable std::mutex m_mutex;
    std::condition_variable m_arrived;
    std::deque<Event> m_events;
    std::function<void()> m_waker;
    std::size_t m_dropped = 0;
};

} // namespace precedent
