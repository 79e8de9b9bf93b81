#pragma once

#include <string>
#include <vector>

#include "precedent/base/json.h"
#include "precedent/workspace/run_estimate.h"

/// What a run was thought to take and what it took, for people and for --json.
namespace precedent::cli {

[[nodiscard]] std::string estimateText(const workspace::RunEstimate& estimate);
[[nodiscard]] Json estimateJson(const workspace::RunEstimate& estimate);

/// A line a figure: "peak memory: 392 MB, estimated 410 MB (-4 %)".
[[nodiscard]] std::string outcomeText(const std::vector<workspace::EstimateLine>& lines);

} // namespace precedent::cli
