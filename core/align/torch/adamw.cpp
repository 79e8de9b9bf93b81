#include "core/align/torch/adamw.h"

#include <cmath>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "core/run/packed_kernels.h"

namespace precedent::core {

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
            squares += kernels::sumOfSquares(tensor.grad().contiguous().data_ptr<float>(), tensor.numel());
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
