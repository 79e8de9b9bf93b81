#pragma once

#include <cstdint>
#include <exception>

#include <omp.h>

#include "core/model/threads.h"

namespace precedent::core {

/// task(i, thread) for every i < count, `thread` < threadCount(): over the threads, or in a row on this one if `wide` is
/// false. Tasks are handed out as threads come free, so they must not depend on each other's order. The first exception
/// of a task comes out here, after all threads have ended; tasks that had not begun then are left out.
template <typename Task>
void parallelTasks(std::int64_t count, bool wide, const Task& task)
{
    if (!wide || count < 2) {
        for (std::int64_t i = 0; i < count; ++i)
            task(i, 0);
        return;
    }
    std::exception_ptr failure;
    bool failed = false;
#pragma omp parallel for schedule(dynamic) num_threads(threadCount())
    for (std::int64_t i = 0; i < count; ++i) {
        bool skip = false;
#pragma omp atomic read
        skip = failed;
        if (skip)
            continue;
        try {
            task(i, omp_get_thread_num());
        } catch (...) {
#pragma omp critical(precedentParallelTasks)
            if (!failure)
                failure = std::current_exception();
#pragma omp atomic write
            failed = true;
        }
    }
    if (failure)
        std::rethrow_exception(failure);
}

} // namespace precedent::core
