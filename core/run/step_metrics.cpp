#include "core/run/step_metrics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace precedent::core {
namespace {

using Values = std::vector<double>;

double mean(const Values& values)
{
    return values.empty() ? 0.0 : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double sampleStd(const Values& values)
{
    if (values.size() < 2)
        return 0.0;
    const double m = mean(values);
    double squares = 0;
    for (const double v : values)
        squares += (v - m) * (v - m);
    return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

} // namespace

void addUpdateMetrics(const UpdateResult& update, std::map<std::string, double>& metrics)
{
    metrics["kl"] = update.kl;
    metrics["entropy"] = update.entropy;
    metrics["loss"] = update.loss;
    metrics["grad_norm"] = update.gradNorm;
    metrics["clip_ratio"] = update.clipRatio;
}

std::map<std::string, double> rolloutMetrics(
    const StepPlan& plan, const std::vector<RolloutRecord>& rollouts, const align::Advantages& advantages)
{
    std::map<std::string, Values> parts;
    std::map<std::string, Values> byLabel;
    std::map<std::string, Values> refusals;
    Values rewards;
    Values lengths;
    for (const RolloutRecord& rollout : rollouts) {
        const TrainingPrompt& prompt = *plan.prompts[static_cast<std::size_t>(rollout.group)].prompt;
        rewards.push_back(rollout.reward);
        lengths.push_back(rollout.tokens);
        for (const auto& [part, value] : rollout.rewards)
            parts[part].push_back(value);
        byLabel[toString(prompt.label)].push_back(rollout.reward);
        if (prompt.label != PromptLabel::utility && prompt.expected != Disposition::unknown)
            refusals[prompt.expected == Disposition::comply ? "benign" : "harmful"].push_back(
                rollout.verdict == Verdict::refuse ? 1.0 : 0.0);
    }
    std::map<std::string, double> metrics{{"reward", mean(rewards)}, {"reward_std", advantages.rewardStd},
        {"frac_reward_zero_std", advantages.fracZeroStd}, {"completions/mean_length", mean(lengths)}, {"prompts_voided", plan.voided},
        {"cases_dropped", plan.casesDropped}};
    if (!lengths.empty()) {
        metrics["completions/min_length"] = *std::min_element(lengths.begin(), lengths.end());
        metrics["completions/max_length"] = *std::max_element(lengths.begin(), lengths.end());
    }
    for (const auto& [part, values] : parts) {
        metrics["rewards/" + part + "/mean"] = mean(values);
        metrics["rewards/" + part + "/std"] = sampleStd(values);
    }
    for (const auto& [label, values] : byLabel)
        metrics["reward/" + label + "/mean"] = mean(values);
    for (const auto& [kind, values] : refusals)
        metrics["refusal_rate/" + kind] = mean(values);
    return metrics;
}

} // namespace precedent::core
