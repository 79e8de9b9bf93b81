#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace precedent::core {

/// Ids that two prompts begin with alike, short of the last id of each: what follows a prompt is read off its own last state.
[[nodiscard]] std::size_t sharedIds(const std::vector<int>& a, const std::vector<int>& b);

/// Which prompts share how long a beginning.
struct PrefixGroups {
    std::vector<int> groupOf; ///< by prompt; -1: shares nothing worth keeping
    std::vector<std::int64_t> length; ///< by group: positions shared by all its prompts
    std::vector<int> members; ///< by group
};

/// Cuts the prompts, sorted, where neighbours share fewer than some number of ids; the number is the one that leaves the
/// fewest positions to compute. A prefix leaves at least one id of each prompt to itself.
[[nodiscard]] PrefixGroups groupByPrefix(const std::vector<const std::vector<int>*>& prompts);

} // namespace precedent::core
