#include "core/model/token_log_probs.h"

#include <algorithm>
#include <limits>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace precedent::core {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

/// Rows [begin, end) of the distribution: log p [n, V] of hidden [N, C].
at::Tensor chunkLogProbs(const at::Tensor& hidden, const at::Tensor& weight, std::int64_t begin, std::int64_t end, double temperature)
{
    at::Tensor logits = at::mm(hidden.slice(0, begin, end), weight.t());
    if (temperature != 1.0)
        logits.div_(temperature);
    return at::log_softmax(logits, -1);
}

class ChunkedHead : public torch::autograd::Function<ChunkedHead> {
public:
    static Variable forward(AutogradContext* context, const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets,
        double temperature, std::int64_t rowsPerChunk, at::Tensor* entropy, const std::function<void()>& checkStop)
    {
        const std::int64_t rows = hidden.size(0);
        at::Tensor picked = at::empty({rows}, hidden.options());
        if (entropy != nullptr)
            *entropy = at::empty({rows}, hidden.options());
        for (std::int64_t begin = 0; begin < rows; begin += rowsPerChunk) {
            const std::int64_t end = std::min(begin + rowsPerChunk, rows);
            if (checkStop)
                checkStop();
            const at::Tensor logProbs = chunkLogProbs(hidden, weight, begin, end, temperature); // [n, V]
            picked.slice(0, begin, end).copy_(logProbs.gather(1, targets.slice(0, begin, end).unsqueeze(1)).squeeze(1));
            if (entropy != nullptr)
                entropy->slice(0, begin, end).copy_(logProbs.exp().mul_(logProbs).sum(-1).neg_());
        }
        context->save_for_backward({hidden, weight, targets});
        context->saved_data["temperature"] = temperature;
        context->saved_data["rowsPerChunk"] = rowsPerChunk;
        return picked;
    }

    // d log p_t / d logit_v = ([v = t] - p_v) / temperature
    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        const at::Tensor& hidden = saved[0];
        const at::Tensor& weight = saved[1];
        const at::Tensor& targets = saved[2];
        const double temperature = context->saved_data["temperature"].toDouble();
        const std::int64_t rowsPerChunk = context->saved_data["rowsPerChunk"].toInt();
        const at::Tensor upstream = gradients[0].contiguous(); // [N]
        at::Tensor hiddenGradient = context->needs_input_grad(0) ? at::empty_like(hidden) : at::Tensor();
        at::Tensor weightGradient = context->needs_input_grad(1) ? at::zeros_like(weight) : at::Tensor();
        for (std::int64_t begin = 0; begin < hidden.size(0); begin += rowsPerChunk) {
            const std::int64_t end = std::min(begin + rowsPerChunk, hidden.size(0));
            const at::Tensor scale = upstream.slice(0, begin, end).unsqueeze(1) / temperature; // [n, 1]
            at::Tensor logitGradient = chunkLogProbs(hidden, weight, begin, end, temperature).exp_().mul_(-scale); // [n, V]
            logitGradient.scatter_add_(1, targets.slice(0, begin, end).unsqueeze(1), scale);
            if (hiddenGradient.defined()) {
                at::Tensor part = hiddenGradient.slice(0, begin, end);
                at::mm_out(part, logitGradient, weight);
            }
            if (weightGradient.defined())
                weightGradient.addmm_(logitGradient.t(), hidden.slice(0, begin, end));
        }
        return {hiddenGradient, weightGradient, Variable(), Variable(), Variable(), Variable(), Variable()};
    }
};

constexpr std::int64_t kLargeVocabulary = 32768;

class BlockedHead : public torch::autograd::Function<BlockedHead> {
public:
    static Variable forward(AutogradContext* context, const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets,
        double temperature, std::int64_t block, at::Tensor* entropy, const std::function<void()>& checkStop)
    {
        const std::int64_t V = weight.size(0);
        const at::Tensor highest = at::full({hidden.size(0)}, -std::numeric_limits<double>::infinity(), hidden.options()); // [N]
        const at::Tensor sum = at::zeros_like(highest), weighted = at::zeros_like(highest), picked = at::zeros_like(highest);
        for (std::int64_t first = 0; first < V; first += block) {
            if (checkStop)
                checkStop();
            const at::Tensor logits = blockLogits(hidden, widened(weight, first, block), temperature); // [N, n]
            const at::Tensor inside = targets.ge(first).logical_and_(targets.lt(first + logits.size(1)));
            const at::Tensor place = (targets - first).clamp_(0, logits.size(1) - 1).unsqueeze(1);
            picked.add_(logits.gather(1, place).squeeze(1).mul_(inside));
            const at::Tensor most = at::maximum(highest, logits.amax(1));
            const at::Tensor shrink = (highest - most).exp_();
            const at::Tensor weights = (logits - most.unsqueeze(1)).exp_();
            sum.mul_(shrink).add_(weights.sum(1));
            if (entropy != nullptr)
                weighted.mul_(shrink).add_(weights.mul(logits).sum(1));
            highest.copy_(most);
        }
        const at::Tensor logSum = highest + sum.log();
        if (entropy != nullptr)
            *entropy = logSum - weighted / sum;
        context->save_for_backward({hidden, weight, targets, logSum});
        context->saved_data["temperature"] = temperature;
        context->saved_data["block"] = block;
        return picked - logSum;
    }

    // As ChunkedHead's, a block of the vocabulary at a time.
    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        const at::Tensor &hidden = saved[0], &weight = saved[1], &targets = saved[2], &logSum = saved[3];
        const double temperature = context->saved_data["temperature"].toDouble();
        const std::int64_t V = weight.size(0), block = context->saved_data["block"].toInt();
        const at::Tensor scale = gradients[0].contiguous().unsqueeze(1) / temperature; // [N, 1]
        at::Tensor hiddenGradient = context->needs_input_grad(0) ? at::zeros_like(hidden) : at::Tensor();
        at::Tensor weightGradient = context->needs_input_grad(1) ? at::empty_like(weight) : at::Tensor();
        for (std::int64_t first = 0; first < V; first += block) {
            const at::Tensor rows = widened(weight, first, block);
            const at::Tensor logits = blockLogits(hidden, rows, temperature);
            at::Tensor logitGradient = logits.sub_(logSum.unsqueeze(1)).exp_().mul_(-scale); // [N, n]
            const at::Tensor inside = targets.ge(first).logical_and_(targets.lt(first + rows.size(0)));
            const at::Tensor place = (targets - first).clamp_(0, rows.size(0) - 1).unsqueeze(1);
            logitGradient.scatter_add_(1, place, scale * inside.unsqueeze(1));
            if (hiddenGradient.defined())
                hiddenGradient.addmm_(logitGradient, rows);
            if (weightGradient.defined()) {
                at::Tensor part = weightGradient.slice(0, first, first + rows.size(0));
                at::mm_out(part, logitGradient.t(), hidden);
            }
        }
        return {hiddenGradient, weightGradient, Variable(), Variable(), Variable(), Variable(), Variable()};
    }

private:
    static at::Tensor widened(const at::Tensor& weight, std::int64_t first, std::int64_t block)
    {
        const at::Tensor rows = weight.slice(0, first, std::min(first + block, weight.size(0)));
        return rows.scalar_type() == at::kBFloat16 ? rows.to(at::kFloat) : rows;
    }

    static at::Tensor blockLogits(const at::Tensor& hidden, const at::Tensor& rows, double temperature)
    {
        at::Tensor logits = at::mm(hidden, rows.t());
        return temperature == 1.0 ? logits : logits.div_(temperature);
    }
};

} // namespace

at::Tensor blockedTokenLogProbs(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets, double temperature,
    at::Tensor* entropy, const std::function<void()>& checkStop, std::int64_t blockElements)
{
    constexpr std::int64_t kLeastBlock = 256;
    const std::int64_t block = std::max(kLeastBlock, blockElements / std::max<std::int64_t>(1, hidden.size(0)));
    return BlockedHead::apply(hidden.contiguous(), weight, targets, temperature, block, entropy, checkStop);
}

at::Tensor tokenLogProbs(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets, double temperature,
    at::Tensor* entropy, const std::function<void()>& checkStop)
{
    if (weight.scalar_type() != hidden.scalar_type() || weight.size(0) >= kLargeVocabulary)
        return blockedTokenLogProbs(hidden, weight, targets, temperature, entropy, checkStop);
    return chunkedTokenLogProbs(hidden, weight, targets, temperature, entropy, checkStop);
}

at::Tensor chunkedTokenLogProbs(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets, double temperature,
    at::Tensor* entropy, const std::function<void()>& checkStop, std::int64_t chunkElements)
{
    const std::int64_t rowsPerChunk = std::max<std::int64_t>(1, chunkElements / std::max<std::int64_t>(1, weight.size(0)));
    return ChunkedHead::apply(hidden.contiguous(), weight, targets, temperature, rowsPerChunk, entropy, checkStop);
}

at::Tensor plainTokenLogProbs(
    const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets, double temperature, at::Tensor* entropy)
{
    const at::Tensor logProbs = at::log_softmax(at::mm(hidden, weight.t()) / temperature, -1); // [N, V]
    if (entropy != nullptr)
        *entropy = (logProbs.exp() * logProbs).sum(-1).neg().detach();
    return logProbs.gather(1, targets.unsqueeze(1)).squeeze(1);
}

} // namespace precedent::core
