#pragma once

#include <QString>

#include <ATen/ATen.h>

#include "core/generate/generator.h"
#include "core/model/lora.h"
#include "precedent/base/random.h"

namespace precedent::core {

/// head_dim 10 fits no panel, 3 query heads share a key head, the vocabulary ends inside a panel.
inline std::shared_ptr<Decoder> smallDecoder(bool tied = true)
{
    DecoderConfig config;
    config.hiddenSize = 36;
    config.layers = 2;
    config.heads = 6;
    config.kvHeads = 2;
    config.headDim = 10;
    config.intermediateSize = 50;
    config.vocabulary = 70;
    config.contextLength = 400;
    config.tieEmbeddings = tied;
    auto decoder = *Decoder::create(config, 3);
    at::manual_seed(5);
    for (const auto& [name, weight] : decoder->parameters())
        weight.detach().add_(at::randn(weight.sizes()) * 0.25);
    decoder->setTrainable(false);
    return decoder;
}

/// Small models that between them have every option of DecoderConfig, with weights that make it matter.
inline std::shared_ptr<Decoder> familyDecoder(const QString& family, bool bf16 = false)
{
    DecoderConfig config = smallDecoder()->config();
    config.kvHeads = 3;
    if (family == "biases") {
        config.qkvBias = config.outputBias = config.mlpBias = true;
        config.tieEmbeddings = false;
    } else if (family == "q and k norms") {
        config.qkNorm = true;
        config.rope.scaling = RopeConfig::Scaling::linear;
        config.rope.factor = 3;
    } else if (family == "sandwich norms and windows") {
        config.qkNorm = config.sandwichNorms = config.unitOffsetNorms = true;
        config.activation = Activation::geluTanh;
        config.embeddingScale = 6;
        config.attentionScale = 0.2;
        config.localRope.theta = 300;
        config.layerConfigs = {{37, LayerConfig::Rope::local}, {0, LayerConfig::Rope::global}};
    } else if (family == "layers without turning") {
        config.layerConfigs = {{0, LayerConfig::Rope::none}, {64, LayerConfig::Rope::global}};
    }
    const auto drawn = *Decoder::create(config, 3);
    at::manual_seed(6);
    NamedTensors tensors;
    for (const auto& [name, weight] : drawn->parameters()) {
        const at::Tensor value = weight.detach() + at::randn(weight.sizes()) * (weight.dim() == 2 ? 0.2 : 0.3);
        tensors.emplace_back(name, bf16 && weight.dim() == 2 ? value.to(at::kBFloat16) : value);
    }
    auto decoder = Decoder::over(config, std::move(tensors));
    decoder->setTrainable(false);
    return decoder;
}

inline std::shared_ptr<LoraSet> someAdapter(const Decoder& decoder, std::uint64_t seed)
{
    LoraConfig config;
    config.rank = 4;
    const auto adapter = *LoraSet::create(decoder, config, seed);
    for (const auto& entry : adapter->parameters())
        entry.second.detach().normal_(0, 0.2);
    return adapter;
}

inline std::vector<int> someIds(std::uint64_t seed, std::size_t n, int vocabulary = 70)
{
    Random random(seed);
    std::vector<int> ids;
    for (std::size_t i = 0; i < n; ++i)
        ids.push_back(static_cast<int>(random.below(static_cast<std::size_t>(vocabulary))));
    return ids;
}

inline std::vector<int> joined(std::vector<int> a, const std::vector<int>& b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

/// log p of every id after the first, by the plain path.
inline std::vector<float> plainLogProbs(const Decoder& decoder, const std::vector<int>& ids)
{
    const std::vector<std::int64_t> wide(ids.begin(), ids.end());
    const at::Tensor all = at::tensor(wide, at::kLong);
    const at::Tensor hidden = decoder.hidden(all.unsqueeze(0))[0];
    const at::Tensor picked = decoder.tokenLogProbs(hidden.slice(0, 0, -1), all.slice(0, 1)).contiguous();
    return {picked.data_ptr<float>(), picked.data_ptr<float>() + picked.numel()};
}

inline GenerationRequest mixedRequest()
{
    GenerationRequest request;
    const std::vector<int> common = someIds(1, 150);
    request.prompts.push_back({joined(common, someIds(2, 40)), 3, 11});
    request.prompts.push_back({someIds(3, 7), 2, 12});
    request.prompts.push_back({joined(common, someIds(4, 5)), 4, 13});
    request.prompts.push_back({joined(common, someIds(5, 170)), 1, 14});
    request.prompts.push_back({{9}, 2, 15});
    request.prompts.push_back({joined(common, someIds(6, 1)), 1, 16});
    request.sampling.maxTokens = 70;
    request.stopIds = {2};
    return request;
}

} // namespace precedent::core
