#include "core/align/torch/grpo_loss.h"

#include <numeric>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

namespace precedent::core {

LossParts groupLoss(const GroupTokens& tokens, const RunSpec& spec)
{
    const at::Tensor ratio = at::exp(tokens.logProbs - tokens.oldLogProbs); // [G, S]
    const at::Tensor advantages = tokens.advantages.unsqueeze(1); // [G, 1]
    const at::Tensor clipped = at::clamp(ratio, 1.0 - spec.epsilon, 1.0 + spec.epsilonHigh);
    at::Tensor perToken = -at::minimum(ratio * advantages, clipped * advantages);
    LossParts parts;
    const at::Tensor counts = tokens.weights.gt(0);
    if (tokens.reference.defined()) {
        const at::Tensor behind = tokens.reference - tokens.logProbs;
        const at::Tensor kl = at::exp(behind) - behind - 1.0;
        if (spec.beta > 0)
            perToken = perToken + spec.beta * kl;
        parts.kl = at::where(counts, kl.detach(), at::zeros_like(kl)).sum().item<double>();
    }
    // where, not a product: padding may hold infinities.
    parts.loss = at::where(counts, perToken * tokens.weights, at::zeros_like(perToken)).sum();
    const at::NoGradGuard guard;
    const at::Tensor cut = (ratio.lt(1.0 - spec.epsilon) & advantages.lt(0)) | (ratio.gt(1.0 + spec.epsilonHigh) & advantages.gt(0));
    parts.clipped = (cut & counts).sum().item<double>();
    parts.tokens = counts.sum().item<double>();
    return parts;
}

LossParts supervisedLoss(const GroupTokens& tokens)
{
    LossParts parts;
    const at::Tensor counts = tokens.weights.gt(0);
    parts.loss = at::where(counts, -tokens.logProbs * tokens.weights, at::zeros_like(tokens.logProbs)).sum();
    const at::NoGradGuard guard;
    parts.tokens = counts.sum().item<double>();
    return parts;
}

PreferenceParts preferenceLoss(const GroupTokens& tokens, double beta, double share)
{
    const at::Tensor counts = tokens.weights.gt(0);
    const at::Tensor gained = at::where(counts, tokens.logProbs - tokens.reference, at::zeros_like(tokens.logProbs)).sum(1) * beta; // [2]
    PreferenceParts parts;
    parts.loss = at::softplus(gained[1] - gained[0]) * share; // -log sigmoid(x) = softplus(-x)
    const at::NoGradGuard guard;
    parts.chosen = gained[0].item<double>();
    parts.rejected = gained[1].item<double>();
    parts.tokens = counts.sum().item<double>();
    return parts;
}

std::vector<double> tokenWeights(const std::vector<int>& lengths, LossType type, int maxCompletionLength)
{
    const auto sequences = static_cast<double>(lengths.size());
    const double total = std::accumulate(lengths.begin(), lengths.end(), 0.0);
    std::vector<double> weights;
    weights.reserve(lengths.size());
    for (const int length : lengths) {
        switch (type) {
        case LossType::grpo:
            weights.push_back(length > 0 ? 1.0 / (sequences * length) : 0.0);
            break;
        case LossType::dapo:
            weights.push_back(total > 0 ? 1.0 / total : 0.0);
            break;
        case LossType::drGrpo:
            weights.push_back(1.0 / (sequences * maxCompletionLength));
            break;
        }
    }
    return weights;
}

} // namespace precedent::core
