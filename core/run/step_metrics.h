#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/align/torch/policy.h"
#include "core/run/prompt_plan.h"
#include "precedent/align/advantages.h"
#include "precedent/core/run_records.h"

namespace precedent::core {

/// A step's metrics under TRL's names, and by label as Rule 1 asks: reward, reward_std, rewards/PART/mean and /std,
/// reward/LABEL/mean, refusal_rate/harmful and /benign, kl, entropy, completions/*_length, frac_reward_zero_std,
/// grad_norm, learning_rate, loss, clip_ratio, prompts_voided, cases_dropped. `rollouts` are those of the plan, in order.
[[nodiscard]] std::map<std::string, double> stepMetrics(
    const StepPlan& plan, const std::vector<RolloutRecord>& rollouts, const align::Advantages& advantages, const UpdateResult& update);

} // namespace precedent::core
