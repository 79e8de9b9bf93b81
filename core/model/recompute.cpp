#include "core/model/recompute.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

namespace precedent::core {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

/// What a graph keeps of a layer beside its inputs.
struct Again : torch::CustomClassHolder {
    LayerFunction layer;
    at::Tensor randomState;
};

class Recomputed : public torch::autograd::Function<Recomputed> {
public:
    static variable_list forward(AutogradContext* context, const c10::intrusive_ptr<Again>& again, const at::TensorList& list)
    {
        const variable_list inputs = list.vec();
        context->save_for_backward(inputs);
        context->saved_data["again"] = c10::IValue::make_capsule(again);
        return again->layer(inputs); // without gradients: a Function's forward has none
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        const auto again = c10::static_intrusive_pointer_cast<Again>(context->saved_data["again"].toCapsule());
        variable_list inputs;
        for (const at::Tensor& saved : context->get_saved_variables())
            inputs.push_back(saved.detach().requires_grad_(saved.requires_grad()));
        variable_list outputs, upstream;
        {
            const c10::AutoGradMode withGradients(true);
            at::Generator generator = at::detail::getDefaultCPUGenerator();
            const at::Tensor now = generator.get_state();
            generator.set_state(again->randomState);
            const variable_list all = again->layer(inputs);
            generator.set_state(now);
            for (std::size_t i = 0; i < all.size(); ++i) {
                if (!gradients[i].defined() || !all[i].requires_grad())
                    continue;
                outputs.push_back(all[i]);
                upstream.push_back(gradients[i]);
            }
            if (!outputs.empty())
                torch::autograd::backward(outputs, upstream);
        }
        variable_list result{Variable()}; // of `again`
        for (const at::Tensor& input : inputs)
            result.push_back(input.grad());
        return result;
    }
};

} // namespace

std::vector<at::Tensor> recomputed(const LayerFunction& layer, const std::vector<at::Tensor>& inputs)
{
    auto again = c10::make_intrusive<Again>();
    again->layer = layer;
    again->randomState = at::detail::getDefaultCPUGenerator().get_state();
    return Recomputed::apply(again, at::TensorList(inputs)); // not as a vector: a Function would not find the tensors in it
}

} // namespace precedent::core
