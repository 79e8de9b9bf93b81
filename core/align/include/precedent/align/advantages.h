#pragma once

#include <vector>

#include "precedent/core/run_spec.h"

namespace precedent::align {

inline constexpr double kAdvantageEps = 1e-4;

/// The rewards of one prompt's completions.
struct GroupRewards {
    std::vector<double> rewards;
    std::vector<double> spread; ///< disposition + harmlessness of each; a group whose values agree is without spread
};

struct Advantages {
    std::vector<std::vector<double>> values; ///< [groups][completions]
    std::vector<bool> withoutSpread; ///< [groups]
    double fracZeroStd = 0; ///< share of groups without spread (frac_reward_zero_std)
    double rewardStd = 0; ///< mean of the std that TRL logs as reward_std, before the floor
};

/// A = (r - mean of its group) / (max(std, stdFloor) + 1e-4), sample std over the group or the batch; `none` leaves the
/// division out. As TRL's GRPOTrainer has it but for the floor. A group of one has advantage 0. The other estimators have their
/// own scale: rloo r - mean of the others of its group, reinforce_pp (r - mean of the batch) / (max(std of the batch, stdFloor) + 1e-4).
[[nodiscard]] Advantages computeAdvantages(const std::vector<GroupRewards>& groups, core::ScaleRewards scale, double stdFloor,
    core::AdvantageEstimator estimator = core::AdvantageEstimator::grpo);

} // namespace precedent::align
