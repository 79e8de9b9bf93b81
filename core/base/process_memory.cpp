#include "precedent/base/process_memory.h"

#include <fstream>
#include <string>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace precedent {

void resetPeakMemory()
{
    if (std::ofstream file("/proc/self/clear_refs"); file)
        file << "5";
}

std::int64_t peakMemory()
{
    std::ifstream file("/proc/self/status");
    for (std::string word; file >> word;) {
        std::int64_t kilobytes = 0;
        if (word == "VmHWM:" && file >> kilobytes)
            return kilobytes * 1024;
    }
    return 0;
}

void releaseFreeMemory()
{
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
}

} // namespace precedent
