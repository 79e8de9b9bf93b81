#pragma once

#include <cstdint>

namespace precedent {

/// Starts counting this process's peak memory anew, so that peakMemory() is of what follows. Where the system does not let
/// it, the peak is that of the process.
void resetPeakMemory();
[[nodiscard]] std::int64_t peakMemory(); ///< bytes; 0 where it cannot be read

/// Gives what was freed back to the system, where the allocator can; else it is held for what comes next, in pieces.
void releaseFreeMemory();

} // namespace precedent
