#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "precedent/core/run_spec.h"

namespace precedent::core {

/// One group's completions, padded on the right to S. Undefined reference: no KL term.
struct GroupTokens {
    at::Tensor logProbs; ///< [G, S] under the policy, differentiable
    at::Tensor oldLogProbs; ///< [G, S] under the policy that drew them, detached
    at::Tensor reference; ///< [G, S] under the reference, detached
    at::Tensor weights; ///< [G, S] each token's share of the loss; 0 for padding (tokenWeights)
    at::Tensor advantages; ///< [G]
};

struct LossParts {
    at::Tensor loss; ///< scalar, differentiable: sum over tokens of weight * (-min(w A, clip(w) A) + beta * KL)
    double kl = 0; ///< sum over tokens of the k3 estimate
    double clipped = 0; ///< tokens whose ratio the clip cut off
    double tokens = 0;
};

/// The GRPO loss of one group (arXiv 2402.03300, equation 3; DAPO's epsilon_high, arXiv 2503.14476, equation 10):
/// w = exp(logp - logp_old), KL = exp(ref - logp) - (ref - logp) - 1 (k3). Sums over groups give the step's loss.
[[nodiscard]] LossParts groupLoss(const GroupTokens& tokens, const RunSpec& spec);

/// Supervised learning: the sum over tokens of weight * -logp. `kl` and `clipped` stay 0.
[[nodiscard]] LossParts supervisedLoss(const GroupTokens& tokens);

/// What one pair of completions, the chosen and then the rejected one, says of a policy.
struct PreferenceParts {
    at::Tensor loss; ///< scalar, differentiable: share * -log sigmoid(chosen - rejected)
    double chosen = 0, rejected = 0; ///< implicit rewards: beta * (log pi - log ref), summed over a completion's tokens
    double tokens = 0;
};
/// DPO (arXiv 2305.18290, equation 7) of a pair: tokens [2, S], with the reference. `share` is 1 / pairs of the step.
[[nodiscard]] PreferenceParts preferenceLoss(const GroupTokens& tokens, double beta, double share);

/// Each token's share of the step's loss, so that micro-batches add up: grpo 1 / (length * sequences), dapo
/// 1 / (all tokens), dr_grpo 1 / (sequences * max_completion_length). `lengths` are those of every completion that
/// counts in the step; the result has one number for each.
[[nodiscard]] std::vector<double> tokenWeights(const std::vector<int>& lengths, LossType type, int maxCompletionLength);

} // namespace precedent::core
