#include "core/generate/huge_pages.h"

#include <cstdint>

#include <sys/mman.h>

namespace precedent::core {

void preferHugePages(const void* data, std::size_t bytes)
{
    constexpr std::uintptr_t kHugePage = 2U << 20;
    const auto begin = reinterpret_cast<std::uintptr_t>(data) / kHugePage * kHugePage;
    const auto end = reinterpret_cast<std::uintptr_t>(data) + bytes;
#if !defined(MADV_COLLAPSE)
    constexpr int MADV_COLLAPSE = 25; // Linux 6.1; Debian 12's headers do not name it
#endif
    // One at a time: matrices of a few megabytes lie side by side, and share the pages at their ends.
    for (std::uintptr_t page = begin; bytes >= kHugePage / 2 && page < end; page += kHugePage) {
        (void)::madvise(reinterpret_cast<void*>(page), kHugePage, MADV_HUGEPAGE); // what is not touched yet
        (void)::madvise(reinterpret_cast<void*>(page), kHugePage, MADV_COLLAPSE); // what is in use
    }
}

} // namespace precedent::core
