#pragma once

#include <cstdint>

namespace precedent {

/// Starts counting this process's peak memory anew, so that peakMemory() is of what follows. Where the system does not let
/// it, the peak is that of the process.
void resetPeakMemory();
[[nodiscard]] std::int64_t peakMemory(); ///< bytes; 0 where it cannot be read

} // namespace precedent
