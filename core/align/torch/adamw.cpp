#include "core/align/torch/adamw.h"

#include <cmath>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "core/run/packed_kernels.h"

namespace precedent::core {
namespace {

/// As kernels::adamW, by ATen's operations: for tensors that are not on the CPU.
void adamWPlain(
    const kernels::AdamStep& step, const at::Tensor& gradient, const at::Tensor& weight, const at::Tensor& m, const at::Tensor& v)
{
    const at::Tensor g = gradient * step.gradScale, values = weight.detach();
    m.mul_(step.beta1).add_(g, 1.0F - step.beta1);
    v.mul_(step.beta2).addcmul_(g, g, 1.0F - step.beta2);
    values.mul_(1.0F - step.learningRate * step.weightDecay);
    values.addcdiv_(m, v.sqrt().mul_(1.0F / std::sqrt(step.correction2)).add_(step.eps), -step.learningRate / step.correction1);
}

double sumOfSquares(const at::Tensor& gradient, bool plain)
{
    if (plain)
        return gradient.to(at::kDouble).square().sum().item<double>();
    return kernels::sumOfSquares(gradient.contiguous().data_ptr<float>(), gradient.numel());
}

} // namespace

AdamW::AdamW(NamedTensors parameters, Settings settings)
    : m_parameters(std::move(parameters))
    , m_settings(settings)
{
    for (const auto& [name, tensor] : m_parameters) {
        m_first.emplace_back("exp_avg." + name, at::zeros_like(tensor.detach()));
        m_second.emplace_back("exp_avg_sq." + name, at::zeros_like(tensor.detach()));
    }
}

void AdamW::zeroGradient()
{
    for (auto& [name, tensor] : m_parameters)
        tensor.mutable_grad().reset();
}

double AdamW::step(double learningRate, double maxNorm)
{
    const at::NoGradGuard guard;
    double squares = 0;
    for (const auto& [name, tensor] : m_parameters) {
        if (tensor.grad().defined())
            squares += sumOfSquares(tensor.grad(), usesPlain(tensor));
    }
    const double norm = std::sqrt(squares);
    if (!std::isfinite(norm))
        return norm;
    ++m_steps;
    kernels::AdamStep settings{};
    settings.learningRate = static_cast<float>(learningRate);
    settings.beta1 = static_cast<float>(m_settings.beta1);
    settings.beta2 = static_cast<float>(m_settings.beta2);
    settings.eps = static_cast<float>(m_settings.eps);
    settings.gradScale = norm > maxNorm ? static_cast<float>(maxNorm / (norm + 1e-6)) : 1.0F;
    settings.correction1 = static_cast<float>(1.0 - std::pow(m_settings.beta1, static_cast<double>(m_steps)));
    settings.correction2 = static_cast<float>(1.0 - std::pow(m_settings.beta2, static_cast<double>(m_steps)));
    for (std::size_t i = 0; i < m_parameters.size(); ++i) {
        const at::Tensor& tensor = m_parameters[i].second;
        if (!tensor.grad().defined())
            continue;
        const at::Tensor gradient = tensor.grad().contiguous();
        settings.weightDecay = tensor.dim() > 1 ? static_cast<float>(m_settings.weightDecay) : 0.0F;
        if (usesPlain(tensor)) {
            adamWPlain(settings, gradient, tensor, m_first[i].second, m_second[i].second);
            continue;
        }
        kernels::adamW(settings, tensor.numel(), gradient.data_ptr<float>(), tensor.data_ptr<float>(), m_first[i].second.data_ptr<float>(),
            m_second[i].second.data_ptr<float>());
    }
    return norm;
}

NamedTensors AdamW::state() const
{
    NamedTensors all = m_first;
    all.insert(all.end(), m_second.begin(), m_second.end());
    return all;
}

} // namespace precedent::core
