#pragma once

#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

namespace precedent::core {

/// A piece of a model: tensors to tensors. It must compute the same whenever it is called.
using LayerFunction = std::function<std::vector<at::Tensor>(const std::vector<at::Tensor>&)>;

/// layer(inputs), of which the graph keeps the inputs alone: the backward calls the layer again and goes through it
/// (arXiv 1604.06174). At least one input must take a gradient. Dropout draws what it drew the first time. Leaves that the layer
/// uses beside its inputs receive their gradients as in any backward.
[[nodiscard]] std::vector<at::Tensor> recomputed(const LayerFunction& layer, const std::vector<at::Tensor>& inputs);

} // namespace precedent::core
