#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/align/torch/policy.h"
#include "core/run/prompt_plan.h"
#include "precedent/align/advantages.h"
#include "precedent/core/run_records.h"

namespace precedent::core {

/// What a step's completions were, under TRL's names, and by label as Rule 1 asks: reward, reward_std, rewards/PART/mean and
/// /std, reward/LABEL/mean, refusal_rate/harmful and /benign, completions/*_length, frac_reward_zero_std, prompts_voided,
/// cases_dropped. `rollouts` are those of the plan, in order.
[[nodiscard]] std::map<std::string, double> rolloutMetrics(
    const StepPlan& plan, const std::vector<RolloutRecord>& rollouts, const align::Advantages& advantages);

/// What the update on them was: kl, entropy, loss, grad_norm, clip_ratio.
void addUpdateMetrics(const UpdateResult& update, std::map<std::string, double>& metrics);

} // namespace precedent::core
