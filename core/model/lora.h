#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/model/decoder.h"
#include "precedent/base/result.h"

namespace precedent::core {

struct LoraConfig {
    int rank = 16;
    double alpha = 32; ///< the update is scaled by alpha / rank
    double dropout = 0.0; ///< on the adapter's input, only while training; in [0, 1)
    std::vector<std::string> targets = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"};
    std::string baseModel; ///< recorded as base_model_name_or_path
    std::string revision; ///< of the base model; recorded as revision where it is not empty

    bool operator==(const LoraConfig&) const = default;
};

/// Low-rank adapters (arXiv 2106.09685): y = x W^T + (alpha / rank) (x A^T) B^T for every targeted projection, with
/// PEFT's names and files. A [rank, in] starts kaiming-uniform(a = sqrt 5) as PEFT's, B [out, rank] zero, so that a new
/// set changes nothing.
class LoraSet {
public:
    /// Fails with invalidArgument for a rank, dropout or target that does not fit the decoder (naming it).
    [[nodiscard]] static Result<std::shared_ptr<LoraSet>> create(const Decoder& decoder, const LoraConfig& config, std::uint64_t seed);

    /// A PEFT folder (adapter_config.json, adapter_model.safetensors). Fails with notFound, corrupt (missing tensors,
    /// wrong shapes, NaN: named) or unsupported (another kind of adapter).
    [[nodiscard]] static Result<std::shared_ptr<LoraSet>> load(const Decoder& decoder, const std::filesystem::path& folder);

    /// Writes the PEFT folder; it is created if need be, each file atomically, the weights first and the config last.
    [[nodiscard]] Status save(const std::filesystem::path& folder) const;
    /// The same under another base model's name, if that is not empty.
    [[nodiscard]] Status saveAs(const std::filesystem::path& folder, const std::string& baseModel) const;

    [[nodiscard]] const LoraConfig& config() const { return m_config; }

    /// Trainable leaf tensors as PEFT names them: base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight, ...
    [[nodiscard]] NamedTensors parameters() const;
    [[nodiscard]] std::int64_t parameterCount() const;

    /// Dropout acts only while training. It draws from ATen's default generator.
    void setTraining(bool training) { m_training = training; }

    /// The module's output ("model.layers.0.self_attn.q_proj") with the adapter's part added; as it was if the module is not
    /// targeted. output [.., out], input [.., in].
    [[nodiscard]] at::Tensor addTo(const at::Tensor& output, const at::Tensor& input, const std::string& module) const;

    /// (alpha / rank) B A, [out, in], detached; undefined if the module is not targeted.
    [[nodiscard]] at::Tensor delta(const std::string& module) const;

    /// A [rank, in] and (alpha / rank) B [out, rank], detached; undefined if the module is not targeted.
    [[nodiscard]] std::pair<at::Tensor, at::Tensor> scaledPair(const std::string& module) const;

    /// Adds every delta to the decoder's weights, in place. Use the decoder without the adapter afterwards.
    void mergeInto(Decoder& decoder) const;

private:
    struct Pair {
        at::Tensor a; // [rank, in]
        at::Tensor b; // [out, rank]
    };
    explicit LoraSet(LoraConfig config)
        : m_config(std::move(config))
    {
    }
    [[nodiscard]] double scale() const { return m_config.alpha / m_config.rank; }

    LoraConfig m_config;
    std::map<std::string, Pair> m_pairs; // by module name
    std::vector<std::string> m_order; // module names in the decoder's order
    bool m_training = false;
};

} // namespace precedent::core
