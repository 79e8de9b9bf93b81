#include "core/model/threads.h"

#include <algorithm>
#include <atomic>

#include <ATen/Parallel.h>
#include <omp.h>
#include <sched.h>

namespace precedent::core {
namespace {

std::atomic<int> chosen{0};

int availableCores()
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return std::max(1, CPU_COUNT(&set));
    return std::max(1, omp_get_num_procs());
}

} // namespace

void setThreadCount(int n)
{
    const int count = n > 0 ? n : availableCores();
    chosen = count;
    omp_set_num_threads(count);
    at::set_num_threads(count);
}

int threadCount()
{
    const int count = chosen;
    return count > 0 ? count : availableCores();
}

} // namespace precedent::core
