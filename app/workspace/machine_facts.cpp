#include <chrono>
#include <mutex>
#include <thread>

#include <sys/statvfs.h>
#include <unistd.h>

#include "precedent/workspace/run_estimate.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kSide = 96; ///< three matrices of it lie in a core's second cache
constexpr std::chrono::milliseconds kMeasureFor(40);

/// Multiplies for a while and returns the floating-point operations done, in thousands of millions.
double multiplyFor(std::chrono::milliseconds time)
{
    std::vector<float> a(kSide * kSide, 1.01F);
    std::vector<float> b(kSide * kSide, 0.99F);
    std::vector<float> c(kSide * kSide, 0.0F);
    double done = 0;
    const auto end = Clock::now() + time;
    while (Clock::now() < end) {
        for (int i = 0; i < kSide; ++i) {
            for (int k = 0; k < kSide; ++k) {
                const float factor = a[static_cast<std::size_t>(i * kSide + k)];
                const float* row = &b[static_cast<std::size_t>(k * kSide)];
                float* sum = &c[static_cast<std::size_t>(i * kSide)];
                for (int j = 0; j < kSide; ++j)
                    sum[j] += factor * row[j];
            }
        }
        a[0] = c[0] * 1e-30F; // so that no product can be left out
        done += 2e-9 * kSide * kSide * kSide;
    }
    return done;
}

double measuredGigaflops()
{
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    std::vector<double> done(cores, 0.0);
    const auto began = Clock::now();
    {
        std::vector<std::jthread> team;
        for (unsigned core = 0; core < cores; ++core)
            team.emplace_back([&done, core] { done[core] = multiplyFor(kMeasureFor); });
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    double sum = 0;
    for (const double part : done)
        sum += part;
    return sum / seconds;
}

} // namespace

MachineFacts machineFacts(const fs::path& folder)
{
    static std::mutex mutex;
    static double gigaflops = 0;
    MachineFacts facts;
    {
        const std::scoped_lock lock(mutex);
        if (gigaflops <= 0)
            gigaflops = measuredGigaflops();
        facts.gigaflops = gigaflops;
    }
    facts.memoryBytes = static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGE_SIZE);
    struct statvfs disk { };
    if (::statvfs(folder.c_str(), &disk) == 0)
        facts.freeDiskBytes = static_cast<std::int64_t>(disk.f_bavail) * static_cast<std::int64_t>(disk.f_frsize);
    return facts;
}

} // namespace precedent::workspace
