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

/// The same from whole logits: the reference for tests.
[[nodiscard]] at::Tensor plainTokenLogProbs(
    const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets, double temperature, at::Tensor* entropy);

} // namespace precedent::core
