#include "core/model/decoder.h"

#include <cmath>
#include <map>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "core/model/cancelled.h"
#include "core/model/lora.h"
#include "core/model/token_log_probs.h"
#include "precedent/architecture/architecture.h"

namespace precedent::core {
namespace {

std::map<std::string, DecoderFamily>& registry()
{
    static std::map<std::string, DecoderFamily> families;
    return families;
}

} // namespace

DecoderFamilyRegistration::DecoderFamilyRegistration(DecoderFamily family)
{
    const std::string name = family.name;
    registry().emplace(name, std::move(family));
}

const DecoderFamily* findDecoderFamily(const std::string& name)
{
    const auto found = registry().find(name);
    return found == registry().end() ? nullptr : &found->second;
}

Result<std::shared_ptr<Decoder>> Decoder::create(const DecoderConfig& config, std::uint64_t seed, at::ScalarType dtype)
{
    PRECEDENT_TRY(validate(config));
    const DecoderFamily& family = *findDecoderFamily(config.family);
    const double residualStd = config.initializerRange / std::sqrt(2.0 * config.layers);
    auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    NamedTensors tensors;
    for (const DecoderWeight& weight : findArchitecture(config.family)->weights(config)) {
        using Init = DecoderWeight::Init;
        // Drawn in float32 whatever the dtype, so that a float64 model starts from the same weights.
        at::Tensor value = at::ones(weight.shape, at::kFloat);
        if (weight.init != Init::ones)
            value.normal_(0.0, weight.init == Init::residual ? residualStd : config.initializerRange, generator);
        tensors.emplace_back(weight.name, value.to(dtype));
    }
    auto decoder = family.build(config, std::move(tensors));
    decoder->setTrainable(true);
    return decoder;
}

void Decoder::setTrainable(bool trainable)
{
    for (auto& [name, tensor] : parameters())
        tensor.requires_grad_(trainable);
}

void Decoder::checkStop() const
{
    if (m_stopRequested && m_stopRequested())
        throw Cancelled();
}

at::Tensor Decoder::project(const at::Tensor& input, const at::Tensor& weight, const std::string& module) const
{
    at::Tensor output = at::linear(input, weight);
    if (m_adapter) {
        const at::Tensor update = m_adapter->apply(input, module);
        if (update.defined())
            output = output + update;
    }
    return output;
}

at::Tensor Decoder::tokenLogProbs(const at::Tensor& hidden, const at::Tensor& targets, double temperature, at::Tensor* entropy) const
{
    return chunkedTokenLogProbs(hidden, headWeight(), targets, temperature, entropy, [this] { checkStop(); });
}

} // namespace precedent::core
