#include "core/model/encoder.h"

#include <cmath>
#include <numeric>

#include <ATen/ATen.h>

#include "core/model/loader.h"
#include "core/model/weights_io.h"
#include "precedent/formats/safetensors.h"

namespace precedent::core {
namespace {

/// What files put before every name: nothing, or the family's own.
const formats::TensorView* findWeight(const formats::SafetensorsSet& files, const std::string& name)
{
    for (const char* prefix : {"", "bert.", "roberta."}) {
        if (const formats::TensorView* view = files.find(prefix + name))
            return view;
    }
    return nullptr;
}

} // namespace

Result<Encoder> Encoder::load(const std::filesystem::path& folder)
{
    auto config = readEncoderConfig(folder);
    if (!config.ok())
        return config.error();
    const auto files = formats::SafetensorsSet::open(folder);
    if (!files.ok())
        return files.error();
    std::vector<at::Tensor> weights;
    for (const EncoderWeight& weight : encoderWeights(*config)) {
        const formats::TensorView* stored = findWeight(*files, weight.name);
        PRECEDENT_TRY(checkStoredWeight(stored, weight.name, weight.shape, folder.string(), "config.json"));
        weights.push_back(at::empty(weight.shape, at::kFloat));
        PRECEDENT_TRY(readWeight(stored, weight.name, weights.back(), folder.string()));
    }
    auto digest = weightsSha256(folder);
    if (!digest.ok())
        return digest.error();
    Encoder encoder;
    encoder.m_config = *std::move(config);
    encoder.m_sha256 = *std::move(digest);
    encoder.take(std::move(weights));
    return encoder;
}

void Encoder::take(std::vector<at::Tensor> weights)
{
    auto next = weights.begin();
    m_words = *next++;
    m_positions = *next++;
    m_type = (*next++)[0].contiguous();
    const auto linear = [&] { return Linear{*next++, *next++}; };
    const auto norm = [&] { return Norm{*next++, *next++, m_config.normEps}; };
    m_norm = norm();
    for (int i = 0; i < m_config.layers; ++i) {
        Layer& layer = m_layers.emplace_back();
        layer.query = linear();
        layer.key = linear();
        layer.value = linear();
        layer.attended = linear();
        layer.attendedNorm = norm();
        layer.wide = linear();
        layer.narrow = linear();
        layer.norm = norm();
    }
}

std::int64_t Encoder::parameterCount() const
{
    const auto weights = encoderWeights(m_config);
    return std::accumulate(weights.begin(), weights.end(), std::int64_t{0}, [](std::int64_t sum, const EncoderWeight& weight) {
        return sum + std::accumulate(weight.shape.begin(), weight.shape.end(), std::int64_t{1}, std::multiplies<>());
    });
}

at::Tensor Encoder::Linear::operator()(const at::Tensor& rows) const { return at::addmm(bias, rows, weight.t()); }

at::Tensor Encoder::Norm::operator()(const at::Tensor& rows) const
{
    return at::layer_norm(rows, {rows.size(-1)}, weight, bias, eps, /*cudnn_enable=*/false);
}

at::Tensor Encoder::attention(const Layer& layer, const at::Tensor& rows) const
{
    const std::int64_t H = m_config.heads;
    const std::int64_t D = m_config.hiddenSize / H;
    const auto heads = [&](const at::Tensor& states) { return states.view({-1, H, D}).transpose(0, 1); }; // [H, T, D]
    const at::Tensor scores = at::bmm(heads(layer.query(rows)), heads(layer.key(rows)).transpose(1, 2)).div_(std::sqrt(double(D)));
    const at::Tensor read = at::bmm(scores.softmax(-1), heads(layer.value(rows)));
    return layer.attended(read.transpose(0, 1).reshape({-1, m_config.hiddenSize}));
}

at::Tensor Encoder::activation(const at::Tensor& rows) const
{
    switch (m_config.activation) {
    case EncoderConfig::Activation::gelu:
        return at::gelu(rows);
    case EncoderConfig::Activation::geluTanh:
        return at::gelu(rows, "tanh");
    case EncoderConfig::Activation::relu:
        return at::relu(rows);
    }
    return rows;
}

at::Tensor Encoder::states(const std::vector<int>& ids) const
{
    const auto count = static_cast<std::int64_t>(ids.size());
    const at::Tensor words = at::index_select(m_words, 0, at::tensor(ids, at::kLong));
    at::Tensor rows = m_norm(words + m_type + m_positions.narrow(0, m_config.firstPosition, count));
    for (const Layer& layer : m_layers) {
        rows = layer.attendedNorm(rows + attention(layer, rows));
        rows = layer.norm(rows + layer.narrow(activation(layer.wide(rows))));
    }
    return rows;
}

at::Tensor Encoder::pooled(const std::vector<int>& ids) const
{
    const at::Tensor rows = states(ids);
    return m_config.pooling == EncoderConfig::Pooling::firstToken ? rows[0] : rows.mean(0);
}

} // namespace precedent::core
