#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "core/model/ops.h"

namespace precedent::core {

/// float32 on the CPU.
[[nodiscard]] bool canFuseAttention(const at::Tensor& q);

/// suffixAttention (core/model/ops.h) over the generation kernels, without ever holding a whole matrix of scores: the
/// backward computes them again block by block, from each row's log-sum-exp. A prompt of no positions makes it
/// causalAttention. Measured against the plain form by tests/bench/attention_bench.
[[nodiscard]] at::Tensor fusedAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
    const std::vector<std::int64_t>& lengths, const at::Tensor& promptK, const at::Tensor& promptV, const AttentionOptions& options);

} // namespace precedent::core
