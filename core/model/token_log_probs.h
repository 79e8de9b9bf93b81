#pragma once

#include <functional>

#include <ATen/core/Tensor.h>

namespace precedent::core {

/// The vocabulary head: log p(target) without keeping logits.
///
/// hidden [N, C], weight [V, C], targets [N] int64 in [0, V). All rows go through blocks of the vocabulary of about
/// `blockElements` logits, with a running maximum and sum (arXiv 2411.09009); the backward computes each block's logits
/// again. A weight held in bfloat16 beside float32 rows is frozen, and widened a block at a time. Returns [N], differentiable
/// in hidden and weight. entropy (optional) receives [N], detached: H = -sum p log p at this temperature. checkStop may throw
/// between blocks. Any device and dtype. Equal to the plain form within 1e-5 in float32.
[[nodiscard]] at::Tensor blockedTokenLogProbs(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets,
    double temperature, at::Tensor* entropy, const std::function<void()>& checkStop = {},
    std::int64_t blockElements = std::int64_t{1} << 22);

/// The same for float32 rows on the CPU, where a kernel reads each block of logits once. Where the weight takes no gradients the
/// forward gathers what the backward needs, [N, C], and no logits are computed again.
[[nodiscard]] at::Tensor fusedTokenLogProbs(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets,
    double temperature, at::Tensor* entropy, const std::function<void()>& checkStop = {},
    std::int64_t blockElements = std::int64_t{1} << 22);

/// Whichever of the two serves the tensors.
[[nodiscard]] at::Tensor tokenLogProbs(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets, double temperature,
    at::Tensor* entropy, const std::function<void()>& checkStop = {});

/// The same from whole logits: the reference for tests.
[[nodiscard]] at::Tensor plainTokenLogProbs(
    const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets, double temperature, at::Tensor* entropy);

} // namespace precedent::core
