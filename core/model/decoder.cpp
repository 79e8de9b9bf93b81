#include "core/model/decoder.h"

#include <cmath>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "core/model/cancelled.h"
#include "core/model/lora.h"
#include "core/model/ops.h"
#include "core/model/token_log_probs.h"
#include "core/model/transformer.h"
#include "precedent/architecture/architecture.h"

namespace precedent::core {
Result<std::shared_ptr<Decoder>> Decoder::create(const DecoderConfig& config, std::uint64_t seed, at::ScalarType dtype)
{
    PRECEDENT_TRY(validate(config));
    const double residualStd = config.initializerRange / std::sqrt(2.0 * config.layers);
    auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    NamedTensors tensors;
    for (const DecoderWeight& weight : decoderWeights(config)) {
        using Init = DecoderWeight::Init;
        // Drawn in float32 whatever the dtype, so that a float64 model starts from the same weights.
        at::Tensor value = weight.init == Init::zeros ? at::zeros(weight.shape, at::kFloat) : at::ones(weight.shape, at::kFloat);
        if (weight.init == Init::normal || weight.init == Init::residual)
            value.normal_(0.0, weight.init == Init::residual ? residualStd : config.initializerRange, generator);
        tensors.emplace_back(weight.name, value.to(dtype));
    }
    auto decoder = over(config, std::move(tensors));
    decoder->setTrainable(true);
    return decoder;
}

std::shared_ptr<Decoder> Decoder::over(const DecoderConfig& config, NamedTensors tensors)
{
    return std::make_shared<Transformer>(config, std::move(tensors));
}

void Decoder::setTrainable(bool trainable)
{
    for (auto& [name, tensor] : parameters())
        tensor.requires_grad_(trainable && tensor.scalar_type() != at::kBFloat16);
}

void Decoder::checkStop() const
{
    if (m_stopRequested && m_stopRequested())
        throw Cancelled();
}

at::Tensor Decoder::project(const at::Tensor& input, const Projection& projection) const
{
    at::Tensor output = linearProjection(input, projection.weight);
    if (projection.bias.defined())
        output = output + projection.bias;
    return m_adapter ? m_adapter->addTo(output, input, projection.module) : output;
}

at::Tensor Decoder::tokenLogProbs(const at::Tensor& hidden, const at::Tensor& targets, double temperature, at::Tensor* entropy) const
{
    return core::tokenLogProbs(hidden, headWeight(), targets, temperature, entropy, [this] { checkStop(); });
}

} // namespace precedent::core
