#include "core/generate/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Vectors are passed between inlined functions only, so their calling convention is of no matter.
#pragma GCC diagnostic ignored "-Wpsabi"

#define PRECEDENT_KERNEL_SPACE baseline
#define PRECEDENT_KERNEL_NAME "baseline"
#define PRECEDENT_KERNEL_TARGET
#define PRECEDENT_KERNEL_LANES 4
#define PRECEDENT_KERNEL_ROWS 6
#include "core/generate/kernels_impl.h"
#undef PRECEDENT_KERNEL_SPACE
#undef PRECEDENT_KERNEL_NAME
#undef PRECEDENT_KERNEL_TARGET
#undef PRECEDENT_KERNEL_LANES
#undef PRECEDENT_KERNEL_ROWS

#if defined(__x86_64__)
#define PRECEDENT_KERNEL_SPACE avx2
#define PRECEDENT_KERNEL_NAME "avx2"
#define PRECEDENT_KERNEL_TARGET __attribute__((target("avx2,fma")))
#define PRECEDENT_KERNEL_LANES 8
#define PRECEDENT_KERNEL_ROWS 6
#include "core/generate/kernels_impl.h"
#undef PRECEDENT_KERNEL_SPACE
#undef PRECEDENT_KERNEL_NAME
#undef PRECEDENT_KERNEL_TARGET
#undef PRECEDENT_KERNEL_LANES
#undef PRECEDENT_KERNEL_ROWS

#define PRECEDENT_KERNEL_SPACE avx512
#define PRECEDENT_KERNEL_NAME "avx512"
#define PRECEDENT_KERNEL_TARGET __attribute__((target("avx512f,avx2,fma")))
#define PRECEDENT_KERNEL_LANES 16
#define PRECEDENT_KERNEL_ROWS 8
#include "core/generate/kernels_impl.h"
#endif

namespace precedent::core {

std::vector<const Kernels*> availableKernels()
{
    std::vector<const Kernels*> all = {&baseline::kTable};
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        all.push_back(&avx2::kTable);
        if (__builtin_cpu_supports("avx512f"))
            all.push_back(&avx512::kTable);
    }
#endif
    return all;
}

const Kernels& bestKernels()
{
    static const Kernels& best = *availableKernels().back();
    return best;
}

} // namespace precedent::core
