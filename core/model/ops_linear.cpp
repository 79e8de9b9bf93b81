#include <algorithm>

#include <ATen/ATen.h>
#include <c10/util/Exception.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/model/ops.h"

namespace precedent::core {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

constexpr std::int64_t kMostWidened = std::int64_t{1} << 24; // elements held in float32 at once

/// work(first, rows as float32 [n, in]) over all rows of the weight.
template <typename Work>
void forWidenedRows(const at::Tensor& weight, const Work& work)
{
    const std::int64_t step = std::max<std::int64_t>(1, kMostWidened / std::max<std::int64_t>(1, weight.size(1)));
    for (std::int64_t first = 0; first < weight.size(0); first += step)
        work(first, weight.slice(0, first, std::min(first + step, weight.size(0))).to(at::kFloat));
}

// The weight is frozen: only x has a gradient, dx = dy W.
class WidenedLinear : public torch::autograd::Function<WidenedLinear> {
public:
    static Variable forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight)
    {
        context->save_for_backward({weight});
        const at::Tensor rows = x.reshape({-1, x.size(-1)}); // [N, in]
        at::Tensor y;
        forWidenedRows(weight, [&](std::int64_t first, const at::Tensor& widened) {
            if (widened.size(0) == weight.size(0)) {
                y = at::mm(rows, widened.t());
                return;
            }
            if (!y.defined())
                y = at::empty({rows.size(0), weight.size(0)}, x.options());
            y.slice(1, first, first + widened.size(0)).copy_(at::mm(rows, widened.t()));
        });
        auto shape = x.sizes().vec();
        shape.back() = weight.size(0);
        return y.view(shape);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const at::Tensor weight = context->get_saved_variables()[0];
        const at::Tensor dy = gradients[0].reshape({-1, weight.size(0)});
        at::Tensor dx = at::zeros({dy.size(0), weight.size(1)}, dy.options());
        forWidenedRows(weight,
            [&](std::int64_t first, const at::Tensor& widened) { dx.addmm_(dy.slice(1, first, first + widened.size(0)), widened); });
        auto shape = gradients[0].sizes().vec();
        shape.back() = weight.size(1);
        return {dx.view(shape), Variable()};
    }
};

} // namespace

at::Tensor linearProjection(const at::Tensor& x, const at::Tensor& weight)
{
    if (x.scalar_type() == weight.scalar_type())
        return at::linear(x, weight);
    TORCH_CHECK(!weight.requires_grad(), "a weight held in bfloat16 takes no gradient");
    if (x.device().is_cpu())
        return WidenedLinear::apply(x, weight);
    return at::linear(x.to(weight.scalar_type()), weight).to(x.scalar_type());
}

} // namespace precedent::core
