#pragma once

#include <memory>

#include "precedent/base/result.h"
#include "precedent/core/ranks.h"

namespace precedent::core {

/// Ranks over LibTorch's c10d: a TCPStore to find each other, Gloo for what they say. Blocks until all have met. Fails with unsupported in
/// a build without Gloo's headers, invalidArgument for a rank that is not below the size, failedPrecondition where one did not come in
/// time, naming those that are missing.
[[nodiscard]] Result<std::shared_ptr<Ranks>> meetRanks(const RankPlace& place);

} // namespace precedent::core
