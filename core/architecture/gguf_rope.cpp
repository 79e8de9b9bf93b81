#include <algorithm>
#include <cmath>

#include "core/architecture/gguf_metadata.h"
#include "core/architecture/gguf_model.h"

namespace precedent::core {
namespace {

constexpr const char* kFactors = "rope_freqs.weight";
constexpr double kTolerance = 1e-4; // of factors that were rounded to float on the way

/// What rope_freqs.weight divides the frequencies by, one a pair; nothing if the tensor is not there or has another length.
std::optional<std::vector<float>> frequencyFactors(const formats::GgufFile& file, int headDim)
{
    const formats::TensorView* tensor = file.find(kFactors);
    if (tensor == nullptr || tensor->elements() != headDim / 2)
        return std::nullopt;
    std::vector<float> factors(static_cast<std::size_t>(tensor->elements()));
    if (!formats::widenToFloat(*tensor, factors.data()))
        return std::nullopt;
    return factors;
}

bool givesFactors(const RopeConfig& rope, double theta, int headDim, const std::vector<float>& factors)
{
    RopeConfig plain;
    plain.theta = theta;
    const std::vector<double> before = plain.frequencies(headDim), after = rope.frequencies(headDim);
    for (std::size_t i = 0; i < factors.size(); ++i) {
        if (std::fabs(before[i] / after[i] - factors[i]) > kTolerance * factors[i])
            return false;
    }
    return true;
}

// The file keeps what Llama 3's scaling came to, not what it was made of: the factor is the largest of them, the two
// frequency factors are 1 and 4 in every model there is, and the first context is the one that gives these numbers.
void scaleByFactors(GgufMetadata& metadata, int headDim, double theta, Json& scaling)
{
    const auto factors = frequencyFactors(metadata.file(), headDim);
    if (!factors)
        return metadata.refuse("rope", std::string("scaled by a tensor ") + kFactors + " of another size than half a head's");
    RopeConfig rope;
    rope.theta = theta;
    rope.scaling = RopeConfig::Scaling::llama3;
    rope.factor = *std::max_element(factors->begin(), factors->end());
    if (std::all_of(factors->begin(), factors->end(), [](float factor) { return factor == 1.0F; }))
        return;
    const bool slows = std::all_of(factors->begin(), factors->end(), [](float factor) { return factor >= 1.0F && std::isfinite(factor); });
    for (rope.originalContext = 1; slows && rope.originalContext < 1 << 24; rope.originalContext *= 2) {
        if (!givesFactors(rope, theta, headDim, *factors))
            continue;
        scaling = {{"rope_type", "llama3"}, {"factor", rope.factor}, {"low_freq_factor", rope.lowFrequencyFactor},
            {"high_freq_factor", rope.highFrequencyFactor}, {"original_max_position_embeddings", rope.originalContext}};
        return;
    }
    metadata.refuse("rope", std::string("scaled by a tensor ") + kFactors + " that no Llama 3 scaling gives");
}

void scaleByYarn(GgufMetadata& metadata, double factor, int contextLength, Json& scaling)
{
    const std::string key = "rope.scaling.";
    metadata.only(key + "yarn_ext_factor", 1.0);
    metadata.only(key + "yarn_log_multiplier", 0.0);
    scaling = {{"rope_type", "yarn"}, {"factor", factor},
        {"original_max_position_embeddings", metadata.integer(key + "original_context_length").value_or(contextLength)},
        {"beta_fast", metadata.number(key + "yarn_beta_fast").value_or(32.0)},
        {"beta_slow", metadata.number(key + "yarn_beta_slow").value_or(1.0)}};
    // llama.cpp multiplies its own magnitude by this; Hugging Face's attention_factor is the product.
    const double attention = metadata.number(key + "attn_factor").value_or(1.0) * metadata.number(key + "yarn_attn_factor").value_or(1.0);
    if (attention != 1.0)
        scaling["attention_factor"] = attention * (0.1 * std::log(factor) + 1);
}

} // namespace

Json ggufRopeScaling(GgufMetadata& metadata, int headDim, double theta, int contextLength)
{
    Json scaling;
    const std::string type = metadata.text("rope.scaling.type").value_or("linear"); // llama.cpp's default beside a factor
    const double factor = metadata.number("rope.scaling.factor").value_or(metadata.number("rope.scale_linear").value_or(0.0));
    const bool stretched = factor != 0.0 && factor != 1.0;
    if (metadata.file().find("rope_factors_long.weight") != nullptr)
        metadata.refuse("rope", "scaled by two tensors of factors");
    else if (metadata.file().find(kFactors) != nullptr && (stretched && type != "none"))
        metadata.refuse("rope", std::string("scaled twice, by \"") + type + "\" and by " + kFactors);
    else if (metadata.file().find(kFactors) != nullptr)
        scaleByFactors(metadata, headDim, theta, scaling);
    else if (type == "linear" && stretched)
        scaling = {{"rope_type", "linear"}, {"factor", factor}};
    else if (type == "yarn" && stretched)
        scaleByYarn(metadata, factor, contextLength, scaling);
    else if (type != "linear" && type != "yarn" && type != "none")
        metadata.refuse("rope.scaling.type", "\"" + type.substr(0, 80) + "\"");
    return scaling;
}

} // namespace precedent::core
