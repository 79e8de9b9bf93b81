#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

#include "core/generate/kernel_choice.h"
#include "core/model/decoder.h"
#include "precedent/base/result.h"
#include "precedent/core/engine.h"

namespace precedent::core {

/// The message of an error of weights that cannot be computed with.
inline constexpr const char* kDiverged = "The model's output is not a number: its weights have diverged.";

/// Batched generation with a key-value cache over our own kernels (core/generate/kernels.h), no ATen in the loop.
///
/// A prefix common to all prompts of a request is computed once, each prompt once for its n completions; finished
/// completions leave the batch and waiting ones take their place. A completion's ids depend on its prompt, seed and
/// index, not on what else is in the batch: every sum is taken in the same order whatever the batch (tst_generator).
/// Prompts and decoding may use different kernels (KernelChoice).
/// Thread: one call at a time.
class Generator {
public:
    /// Takes the decoder's weights as PackedWeights does: a copy of float32 ones, the adapter merged in; bfloat16 ones where
    /// they are, the adapter beside them.
    explicit Generator(std::shared_ptr<const Decoder> decoder);
    /// The same with other kernels than those chosen for this processor.
    Generator(std::shared_ptr<const Decoder> decoder, const KernelChoice& kernels);
    ~Generator();
    Generator(const Generator&) = delete;
    Generator& operator=(const Generator&) = delete;

    /// Takes the weights again: after an optimiser step, or when the adapter was attached or taken off.
    void refreshWeights();

    /// Fails with invalidArgument (empty prompt, id out of the vocabulary, prompt longer than the context, n < 1,
    /// sampling out of range). Cancelled: what there is, the unfinished ones marked StopReason::cancelled.
    [[nodiscard]] Result<GenerationResult> generate(const GenerationRequest& request, std::stop_token stop = {},
        const TokenSink& onToken = {}, const CompletionSink& onCompletion = {});

    /// log p of each id after the first, and the topK candidates for the next. Fails as generate(), or with cancelled.
    [[nodiscard]] Result<LogitsResult> logits(const std::vector<int>& ids, int topK, std::stop_token stop = {});

    /// See Model::continuationLogProbs.
    [[nodiscard]] Result<std::vector<double>> continuationLogProbs(
        const std::vector<int>& prompt, const std::vector<std::vector<int>>& continuations, const std::stop_token& stop = {});

    /// See Model::pooledStates.
    [[nodiscard]] Result<PooledStates> pooledStates(const PooledRequest& request, const std::stop_token& stop = {});

    [[nodiscard]] const Decoder& decoder() const { return *m_decoder; }
    [[nodiscard]] const KernelChoice& kernels() const { return m_kernels; }
    /// Whether the kernels compute, and not the plain path.
    [[nodiscard]] bool usesKernels() const;
    /// Some weights are bfloat16 rows.
    [[nodiscard]] bool holdsRows() const;
    /// Bytes of weights that a decoding step reads, and of keys and values for each position that all layers see.
    [[nodiscard]] std::int64_t weightBytes() const;
    [[nodiscard]] std::int64_t bytesPerPosition() const;

private:
    [[nodiscard]] Result<std::vector<double>> continuationsByKernels(
        const std::vector<int>& prompt, const std::vector<std::vector<int>>& continuations, const std::stop_token& stop);

    struct State;
    std::shared_ptr<const Decoder> m_decoder;
    KernelChoice m_kernels;
    std::unique_ptr<State> m_state;
};

} // namespace precedent::core
