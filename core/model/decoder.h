#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "precedent/architecture/decoder_config.h"
#include "precedent/base/result.h"

namespace precedent::core {

class LoraSet;

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// y = x W^T + b of one module ("model.layers.0.self_attn.q_proj"): what an adapter can be added to.
struct Projection {
    std::string module;
    at::Tensor weight; ///< [out, in]
    at::Tensor bias; ///< [out]; undefined where there is none
};

/// Keys and values of positions that others come after, a tensor a layer: [P, KV, D] on the decoder's device, float32.
struct Prefix {
    std::vector<at::Tensor> k, v;
    [[nodiscard]] std::int64_t length() const { return k.empty() ? 0 : k.front().size(0); }
};

/// A prompt and its G completions in a pass.
struct PackedGroup {
    at::Tensor prompt; ///< [P] int64, P >= 1
    at::Tensor completions; ///< [G, S] int64, padded on the right
    std::vector<std::int64_t> lengths{}; ///< [G] tokens of each that are no padding, at most S; empty: S each
};

/// One prompt and its G completions on their way: what the plain path keeps between tokens.
struct GroupCache {
    Prefix prompt;
    std::vector<at::Tensor> ownK, ownV; ///< a tensor a layer: [G, capacity, KV, D]
    std::int64_t length = 0; ///< tokens of each completion that are in it
};

/// A decoder-only language model with gradients: the plain path. Generation has a faster one of its own
/// (core/generate), which reads the weights from parameters() and is tested against this one.
///
/// What a family (Llama, Gemma 3, ...) computes is said by its DecoderConfig (core/architecture/families). Tensors are
/// contiguous and of one device. Matrices are float32, or bfloat16 and then frozen, with activations in float32 and norms and biases
/// float32 (float64 throughout in gradient checks). Thread: one at a time. Throws c10::Error and Cancelled; callers at the
/// facade translate.
class Decoder {
public:
    virtual ~Decoder() = default;
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    /// A model with random weights: normal of std 0.02, those that write to the residual stream scaled by
    /// 1/sqrt(2 layers), norms 1, biases 0. The same seed gives the same weights. Fails with corrupt or unsupported as validate().
    [[nodiscard]] static Result<std::shared_ptr<Decoder>> create(
        const DecoderConfig& config, std::uint64_t seed = 0, at::ScalarType dtype = at::kFloat);

    [[nodiscard]] const DecoderConfig& config() const { return m_config; }

    /// The weights under Hugging Face's names ("model.layers.0.self_attn.q_proj.weight"), in a fixed order: leaf
    /// tensors that share storage with the model. A tied head is listed once, as model.embed_tokens.weight.
    [[nodiscard]] virtual const NamedTensors& parameters() const = 0;

    /// Whether the weights take gradients (true after create() and loading). False while only an adapter is trained, and
    /// for weights held in bfloat16, which then stay as they are.
    void setTrainable(bool trainable);

    /// A model over tensors of decoderWeights(config), in that order; the config must be valid.
    [[nodiscard]] static std::shared_ptr<Decoder> over(const DecoderConfig& config, NamedTensors tensors);

    /// Adds an adapter to every projection it targets, or takes it off (nullptr): with it off the model is its own
    /// reference. The set is shared, not copied.
    void setAdapter(std::shared_ptr<const LoraSet> adapter) { m_adapter = std::move(adapter); }
    [[nodiscard]] const std::shared_ptr<const LoraSet>& adapter() const { return m_adapter; }

    /// Asked between layers and head chunks; when it answers true, the call in progress throws Cancelled.
    void setStopCheck(std::function<bool()> stopRequested) { m_stopRequested = std::move(stopRequested); }
    /// Throws Cancelled if the stop check says so.
    void checkStop() const;

    /// Final-normed hidden states [B, T, C] of ids [B, T] int64; position t sees 0..t. Rows may be padded on the right
    /// with any valid id: what follows a position cannot change it. Differentiable.
    [[nodiscard]] virtual at::Tensor hidden(const at::Tensor& ids) const = 0;

    /// Groups of one prompt and its completions, each prompt computed once, all in one pass; what `before` holds comes before
    /// every prompt. Returns [sum of G S, C], group by group, completion by completion: the hidden state that predicts each
    /// token (of the prompt's last position for token 0, of position s - 1 for token s). Padding goes through no layer: its
    /// states mean nothing, and give and take no gradients. Values and gradients, those of `before` among them, are those of hidden() on
    /// the concatenated sequences (tst_decoder, packedEqualsConcatenated).
    [[nodiscard]] virtual at::Tensor hiddenPacked(const std::vector<PackedGroup>& groups, const Prefix& before = {}) const = 0;

    /// Final-normed hidden states [P, C] of a prompt [P]; `prefix` receives its keys and values. Differentiable.
    [[nodiscard]] virtual at::Tensor hiddenOfPrompt(const at::Tensor& ids, Prefix& prefix) const = 0;

    /// Final-normed hidden states [G, C] after one more token [G] of every completion, which enters the cache.
    [[nodiscard]] virtual at::Tensor hiddenOfStep(const at::Tensor& ids, GroupCache& cache) const = 0;

    /// Whether passes with gradients keep only each layer's input, and compute the layer again in the backward: less memory,
    /// more time, the same values and gradients.
    void setRecomputing(bool recomputes) { m_recomputes = recomputes; }

    /// [V, C]: rows are the output embedding of each token (the input embedding where tied), in the dtype it is held in.
    [[nodiscard]] virtual at::Tensor headWeight() const = 0;

    /// log p(target) [N] of hidden [N, C] under softmax(logits / temperature); targets [N] int64. Exact; the full
    /// logits of a large vocabulary are never held (see core/model/token_log_probs.h). entropy, if given, receives the
    /// distribution's entropy [N] in nats, detached.
    [[nodiscard]] at::Tensor tokenLogProbs(
        const at::Tensor& hidden, const at::Tensor& targets, double temperature = 1.0, at::Tensor* entropy = nullptr) const;

protected:
    explicit Decoder(DecoderConfig config)
        : m_config(std::move(config))
    {
    }

    /// The projection of input [.., in], with the adapter's part where it has one.
    [[nodiscard]] at::Tensor project(const at::Tensor& input, const Projection& projection) const;
    [[nodiscard]] bool recomputes() const { return m_recomputes; }

private:
    DecoderConfig m_config;
    std::shared_ptr<const LoraSet> m_adapter;
    std::function<bool()> m_stopRequested;
    bool m_recomputes = false;
};

} // namespace precedent::core
