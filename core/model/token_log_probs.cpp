#include "core/model/token_log_probs.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/generate/kernels.h"

namespace precedent::core {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

constexpr std::int64_t kLeastBlock = 256; // rows of the weight

/// Rows [first, first + block) of a weight, as wide as the hidden states.
at::Tensor widened(const at::Tensor& weight, std::int64_t first, std::int64_t block, at::ScalarType type)
{
    return weight.slice(0, first, std::min(first + block, weight.size(0))).to(type);
}

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
            const at::Tensor logits = blockLogits(hidden, widened(weight, first, block, hidden.scalar_type()), temperature); // [N, n]
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

    // d log p_t / d logit_v = ([v = t] - p_v) / temperature, a block of the vocabulary at a time.
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
            const at::Tensor rows = widened(weight, first, block, hidden.scalar_type());
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
    static at::Tensor blockLogits(const at::Tensor& hidden, const at::Tensor& rows, double temperature)
    {
        at::Tensor logits = at::mm(hidden, rows.t());
        return temperature == 1.0 ? logits : logits.div_(temperature);
    }
};

// The same on the CPU in float32: each block of logits is read once by a kernel. Hidden states are divided by the temperature
// first. dH_r = g_r (W_t - sum over v of p_v W_v) / temperature: that mean row does not depend on g, so the forward gathers it while
// it has the block's logits, and the backward of frozen weights computes none again.
class FusedHead : public torch::autograd::Function<FusedHead> {
public:
    /// gathersMean: hidden states take gradients and the weight takes none.
    static Variable forward(AutogradContext* context, const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets,
        double temperature, std::int64_t block, at::Tensor* entropy, const std::function<void()>& checkStop, bool gathersMean)
    {
        const at::Tensor scaled = temperature == 1.0 ? hidden : hidden / temperature; // [N, C]
        const std::int64_t N = hidden.size(0), V = weight.size(0);
        const at::Tensor highest = at::full({N}, -std::numeric_limits<float>::infinity(), hidden.options()); // [N]
        const at::Tensor sum = at::zeros_like(highest), weighted = at::zeros_like(highest), picked = at::zeros_like(highest);
        at::Tensor mean = gathersMean ? at::zeros_like(scaled) : at::Tensor(); // sum over v of e^(logit_v - highest) W_v, then of p_v W_v
        const at::Tensor space = at::empty({N * std::min(block, V)}, hidden.options());
        for (std::int64_t first = 0; first < V; first += block) {
            if (checkStop)
                checkStop();
            const at::Tensor rows = widened(weight, first, block, at::kFloat);
            const std::int64_t n = rows.size(0);
            at::Tensor logits = space.slice(0, 0, N * n).view({N, n});
            at::mm_out(logits, scaled, rows.t());
            readBlock({logits.data_ptr<float>(), targets.data_ptr<std::int64_t>(), N, n, first},
                {highest.data_ptr<float>(), sum.data_ptr<float>(), weighted.data_ptr<float>(), picked.data_ptr<float>(),
                    gathersMean ? mean.data_ptr<float>() : nullptr, scaled.size(1)});
            if (gathersMean)
                mean.addmm_(logits, rows); // readBlock has made exponentials of them
        }
        const at::Tensor logOfSum = sum.log(), logSum = highest + logOfSum;
        if (entropy != nullptr)
            *entropy = logOfSum - weighted / sum;
        if (gathersMean)
            mean.div_(sum.unsqueeze(1));
        context->save_for_backward({gathersMean ? mean : scaled, weight, targets, logSum});
        context->saved_data["gathersMean"] = gathersMean;
        context->saved_data["temperature"] = temperature;
        context->saved_data["block"] = block;
        return picked - logSum;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const auto saved = context->get_saved_variables();
        const at::Tensor &weight = saved[1], &targets = saved[2], &logSum = saved[3];
        const double temperature = context->saved_data["temperature"].toDouble();
        const at::Tensor upstream = gradients[0].contiguous().unsqueeze(1); // [N, 1]
        const auto hiddenGradient = [&](const at::Tensor& mean) {
            return weight.index_select(0, targets).to(at::kFloat).sub_(mean).mul_(upstream / temperature);
        };
        if (context->saved_data["gathersMean"].toBool())
            return {hiddenGradient(saved[0]), Variable(), Variable(), Variable(), Variable(), Variable(), Variable(), Variable()};
        const at::Tensor& scaled = saved[0];
        const std::int64_t N = scaled.size(0), V = weight.size(0), block = context->saved_data["block"].toInt();
        at::Tensor mean = context->needs_input_grad(0) ? at::zeros_like(scaled) : at::Tensor(); // sum over v of p_v W_v
        at::Tensor weightGradient = context->needs_input_grad(1) ? at::empty_like(weight) : at::Tensor();
        const at::Tensor pulled = weightGradient.defined() ? scaled * -upstream : at::Tensor();
        const at::Tensor space = at::empty({N * std::min(block, V)}, scaled.options());
        for (std::int64_t first = 0; first < V; first += block) {
            const at::Tensor rows = widened(weight, first, block, at::kFloat);
            const std::int64_t n = rows.size(0);
            at::Tensor p = space.slice(0, 0, N * n).view({N, n});
            at::mm_out(p, scaled, rows.t());
            at::parallel_for(0, N, std::max<std::int64_t>(1, kGrain / n), [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t r = begin; r < end; ++r) // p of each row
                    bestKernels().shiftedExponentials(p.data_ptr<float>() + r * n, n, logSum.data_ptr<float>()[r]);
            });
            if (mean.defined())
                mean.addmm_(p, rows);
            if (weightGradient.defined()) {
                at::Tensor part = weightGradient.slice(0, first, first + n);
                at::mm_out(part, p.t(), pulled);
            }
        }
        if (mean.defined())
            mean = hiddenGradient(mean);
        if (weightGradient.defined())
            weightGradient.index_add_(0, targets, scaled * upstream);
        return {mean, weightGradient, Variable(), Variable(), Variable(), Variable(), Variable(), Variable()};
    }

private:
    static constexpr std::int64_t kGrain = 16384; // elements that are worth a thread

    struct Block {
        float* logits; // [N, n]
        const std::int64_t* targets; // [N]
        std::int64_t N, n, first;
    };
    struct RowSums {
        float *highest, *sum, *weighted, *picked; // [N]
        float* mean; // [N, C]; nullptr: not asked for
        std::int64_t C;
    };

    /// Adds a block to each row's sums. Where the mean is asked for, what it holds is brought to the new maximum, and the block's
    /// logits become e^(logit - maximum).
    static void readBlock(const Block& block, const RowSums& rows)
    {
        at::parallel_for(0, block.N, std::max<std::int64_t>(1, kGrain / block.n), [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t r = begin; r < end; ++r) {
                float* logits = block.logits + r * block.n;
                float most = 0, products = 0;
                const float total = bestKernels().softmaxSums(logits, block.n, &most, &products);
                // Below another maximum m: e^(x - m) (x - m) = e^(most - m) (e^(x - most) (x - most) + (most - m) e^(x - most)).
                const float before = rows.highest[r], highest = std::max(before, most);
                const float old = std::exp(before - highest), fresh = std::exp(most - highest);
                const float oldSum = rows.sum[r], lowered = oldSum > 0 ? before - highest : 0.0F;
                rows.weighted[r] = old * (rows.weighted[r] + lowered * oldSum) + fresh * (products + (most - highest) * total);
                rows.sum[r] = old * oldSum + fresh * total;
                rows.highest[r] = highest;
                if (const std::int64_t at = block.targets[r] - block.first; at >= 0 && at < block.n)
                    rows.picked[r] = logits[at];
                if (rows.mean == nullptr)
                    continue;
                if (old != 1.0F)
                    std::transform(rows.mean + r * rows.C, rows.mean + (r + 1) * rows.C, rows.mean + r * rows.C,
                        [old](float value) { return value * old; });
                bestKernels().shiftedExponentials(logits, block.n, highest);
            }
        });
    }
};

} // namespace

at::Tensor blockedTokenLogProbs(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets, double temperature,
    at::Tensor* entropy, const std::function<void()>& checkStop, std::int64_t blockElements)
{
    const std::int64_t block = std::max(kLeastBlock, blockElements / std::max<std::int64_t>(1, hidden.size(0)));
    return BlockedHead::apply(hidden.contiguous(), weight, targets, temperature, block, entropy, checkStop);
}

at::Tensor fusedTokenLogProbs(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets, double temperature,
    at::Tensor* entropy, const std::function<void()>& checkStop, std::int64_t blockElements)
{
    const std::int64_t block = std::max(kLeastBlock, blockElements / std::max<std::int64_t>(1, hidden.size(0)));
    const bool gathersMean = c10::GradMode::is_enabled() && hidden.requires_grad() && !weight.requires_grad();
    return FusedHead::apply(
        hidden.contiguous(), weight.contiguous(), targets.contiguous(), temperature, block, entropy, checkStop, gathersMean);
}

at::Tensor tokenLogProbs(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets, double temperature,
    at::Tensor* entropy, const std::function<void()>& checkStop)
{
    if (hidden.device().is_cpu() && hidden.scalar_type() == at::kFloat)
        return fusedTokenLogProbs(hidden, weight, targets, temperature, entropy, checkStop);
    return blockedTokenLogProbs(hidden, weight, targets, temperature, entropy, checkStop);
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
