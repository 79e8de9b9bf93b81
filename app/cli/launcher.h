#pragma once

#include <functional>
#include <optional>
#include <string>

#include "precedent/base/result.h"
#include "precedent/core/ranks.h"

namespace precedent::cli {

/// What the program that started this process (torchrun, mpirun, srun) says of it.
struct Launch {
    core::RankPlace place;
    int ranksHere = 0; ///< of them on this machine; 0: not told
    int localRank = 0; ///< among these, where the launcher tells
    bool mayBind = true; ///< the launcher may have given this process cores of its own
};

using Environment = std::function<const char*(const char*)>; ///< as getenv

/// Nothing where this process trains alone. RANK and WORLD_SIZE are looked at first, then what Open MPI, other MPIs and Slurm set;
/// MASTER_ADDR and MASTER_PORT say where to meet; without them ranks on several machines that Slurm started meet on the first of these,
/// and 127.0.0.1:29500 is taken where all ranks may be on one machine; where torchrun keeps a store of its own at that port, the next one
/// is taken. Fails with invalidArgument for a number that is none, a rank that is not below the number of ranks, and ranks on several
/// machines that were told of no address.
[[nodiscard]] Result<std::optional<Launch>> launchFrom(const Environment& environment);

/// How many of this machine's cores each rank should use: the ranks that it holds share them.
[[nodiscard]] int threadsPerRank(const Launch& launch);

} // namespace precedent::cli
