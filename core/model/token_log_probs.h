#pragma once

#include <functional>

#include <ATen/core/Tensor.h>

namespace precedent::core {

/// The vocabulary head: log p(target) without keeping logits.
///
/// hidden [N, C], weight [V, C], targets [N] int64 in [0, V). Rows go through in chunks of about `chunkElements`
/// logits; the backward computes each chunk's logits again. Returns [N], differentiable in hidden and weight.
/// entropy (optional) receives [N], detached: H = -sum p log p at this temperature. checkStop may throw between chunks.
[[nodiscard]] at::Tensor chunkedTokenLogProbs(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets,
    double temperature, at::Tensor* entropy, const std::function<void()>& checkStop = {},
    std::int64_t chunkElements = std::int64_t{1} << 20);

/// The same for large vocabularies and for a weight held in bfloat16, which is then frozen: all rows go through blocks of
/// the vocabulary of about `blockElements` logits, with a running maximum and sum (arXiv 2411.09009), so that a weight is
/// widened once a pass. Equal to the plain form within 1e-5 in float32.
[[nodiscard]] at::Tensor blockedTokenLogProbs(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets,
    double temperature, at::Tensor* entropy, const std::function<void()>& checkStop = {},
    std::int64_t blockElements = std::int64_t{1} << 22);

/// Whichever of the two serves the weight.
[[nodiscard]] at::Tensor tokenLogProbs(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets, double temperature,
    at::Tensor* entropy, const std::function<void()>& checkStop = {});

/// The same from whole logits: the reference for tests.
[[nodiscard]] at::Tensor plainTokenLogProbs(
    const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets, double temperature, at::Tensor* entropy);

} // namespace precedent::core
