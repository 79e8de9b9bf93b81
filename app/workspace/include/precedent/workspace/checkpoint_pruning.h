#pragma once

#include <string>
#include <utility>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/run_store.h"

/// save_total_limit: old checkpoints go, so that a long run does not fill the disk.
namespace precedent::workspace {

struct PruningPlan {
    std::vector<casebase::Checkpoint> remove; ///< oldest first
    std::vector<std::pair<int, std::string>> held; ///< steps that are past the limit and stay, and why
};

/// Of a run's recorded checkpoints the newest `limit` stay (0: all), and beyond them every one that
/// - another run or an evaluation of the casebase was made from, or a model of this user's list lies in;
/// - was the last before an alarm that stopped the run or still lasts: where one would go back to;
/// - is the newest that is still on disk; and all of a run that is marked to be kept.
/// There is no "best" one among them: no figure that a run records while it trains is sound enough to choose by.
[[nodiscard]] Result<PruningPlan> planPruning(const casebase::Casebase& casebase, const std::string& run, int limit);

/// Does it, and ends what an interrupted one left half done. The record goes first, then the folder is renamed (to .pruned-...), then
/// removed: a program killed in between leaves at most lost space, never a record of a folder that is damaged or gone. The caller
/// holds the run's lock. Fails as the casebase or the file system.
[[nodiscard]] Result<PruningPlan> pruneCheckpoints(casebase::Casebase& casebase, const std::string& run, int limit);

} // namespace precedent::workspace
