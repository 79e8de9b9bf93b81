#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include <omp.h>

namespace precedent::core {

/// Threads that go through one pass together, stage by stage. A stage is a few microseconds of work, so they wait for
/// each other by looking, and sleep only when that takes long (another program has the core).
class Team {
public:
    /// One thread's place in the team.
    class Member {
    public:
        [[nodiscard]] int thread() const { return m_thread; }
        [[nodiscard]] int size() const { return m_team.m_size; }

        /// task(i, more) for every i < count, shared out; every member must call it. Each thread takes a run of
        /// neighbours in order (`more`: its next is i + 1), then what others have left. Returns when all are done.
        template <typename Task>
        void each(std::int64_t count, const Task& task)
        {
            const int size = m_team.m_size;
            for (int k = 0; k < size; ++k) {
                const int owner = (m_thread + k) % size;
                const std::int64_t begin = count * owner / size, end = count * (owner + 1) / size;
                std::atomic<std::int64_t>& next = m_team.m_places[static_cast<std::size_t>(owner)].next;
                for (std::int64_t i = begin + next.fetch_add(1, std::memory_order_relaxed); i < end;
                     i = begin + next.fetch_add(1, std::memory_order_relaxed))
                    task(i, i + 1 < end);
            }
            m_team.meet();
        }

        /// work() on the first thread alone; the others wait.
        template <typename Work>
        void once(const Work& work)
        {
            if (m_thread == 0)
                work();
            m_team.meet();
        }

    private:
        friend class Team;
        Member(Team& team, int thread)
            : m_team(team)
            , m_thread(thread)
        {
        }
        Team& m_team;
        int m_thread;
    };

    explicit Team(int size)
        : m_size(omp_in_parallel() != 0 ? 1 : size)
        , m_places(std::make_unique<Place[]>(static_cast<std::size_t>(m_size)))
    {
    }

    /// work(member) on every thread; returns when all have ended. What may throw belongs before it.
    template <typename Work>
    void run(const Work& work)
    {
        if (m_size == 1) {
            Member member(*this, 0);
            work(member);
            return;
        }
#pragma omp parallel num_threads(m_size)
        {
#pragma omp single
            m_size = omp_get_num_threads(); // fewer, where a limit says so
            Member member(*this, omp_get_thread_num());
            work(member);
        }
    }

private:
    struct alignas(64) Place {
        std::atomic<std::int64_t> next{0}; // of the thread's run of tasks
    };

    void meet()
    {
        if (m_size == 1) {
            m_places[0].next.store(0, std::memory_order_relaxed);
            return;
        }
        constexpr int kLooks = 4000; // some 50 microseconds
        const int turn = m_turn.load(std::memory_order_relaxed);
        if (m_arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == m_size) {
            for (int i = 0; i < m_size; ++i)
                m_places[static_cast<std::size_t>(i)].next.store(0, std::memory_order_relaxed);
            m_arrived.store(0, std::memory_order_relaxed);
            m_turn.store(turn + 1, std::memory_order_release);
            m_turn.notify_all();
            return;
        }
        for (int i = 0; i < kLooks; ++i) {
            if (m_turn.load(std::memory_order_acquire) != turn)
                return;
#if defined(__x86_64__)
            __builtin_ia32_pause();
#endif
        }
        m_turn.wait(turn, std::memory_order_acquire);
    }

    int m_size;
    std::unique_ptr<Place[]> m_places;
    alignas(64) std::atomic<int> m_arrived{0};
    alignas(64) std::atomic<int> m_turn{0};
};

} // namespace precedent::core
