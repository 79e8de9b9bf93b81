#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "precedent/architecture/encoder_config.h"
#include "precedent/base/result.h"

namespace precedent::core {

/// A transformer of BERT's kind (arXiv 1810.04805) with its weights in float32 on the processor. Immutable; any thread.
class Encoder {
public:
    /// Fails with notFound, corrupt (a missing tensor, another shape, NaN), unsupported or outOfMemory, each named.
    [[nodiscard]] static Result<Encoder> load(const std::filesystem::path& folder);

    [[nodiscard]] const EncoderConfig& config() const { return m_config; }
    [[nodiscard]] const std::string& sha256() const { return m_sha256; }
    [[nodiscard]] std::int64_t parameterCount() const;

    /// The states of one text's T token ids pooled as the config says: [C], not normalised. Each id is below the vocabulary,
    /// T <= config().longestText.
    [[nodiscard]] at::Tensor pooled(const std::vector<int>& ids) const;

private:
    struct Linear {
        at::Tensor weight; ///< [out, in]
        at::Tensor bias; ///< [out]
        [[nodiscard]] at::Tensor operator()(const at::Tensor& rows) const; ///< [T, in] -> [T, out]
    };
    struct Norm {
        at::Tensor weight; ///< [C]
        at::Tensor bias; ///< [C]
        double eps = 0;
        [[nodiscard]] at::Tensor operator()(const at::Tensor& rows) const;
    };
    struct Layer {
        Linear query, key, value, attended, wide, narrow;
        Norm attendedNorm, norm;
    };
    [[nodiscard]] at::Tensor states(const std::vector<int>& ids) const; ///< the last layer's, [T, C]
    [[nodiscard]] at::Tensor attention(const Layer& layer, const at::Tensor& rows) const;
    [[nodiscard]] at::Tensor activation(const at::Tensor& rows) const;
    void take(std::vector<at::Tensor> weights); ///< in the order of encoderWeights()

    EncoderConfig m_config;
    std::string m_sha256;
    at::Tensor m_words; ///< [V, C]
    at::Tensor m_positions; ///< [positions, C]
    at::Tensor m_type; ///< [C], of type 0
    Norm m_norm;
    std::vector<Layer> m_layers;
};

} // namespace precedent::core
