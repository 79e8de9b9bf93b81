#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

#include "core/model/decoder.h"
#include "precedent/base/result.h"
#include "precedent/core/engine.h"

namespace precedent::core {

/// Batched generation with a key-value cache over our own kernels (core/generate/kernels.h), no ATen in the loop.
///
/// A prefix common to all prompts of a request is computed once, each prompt once for its n completions; finished
/// completions leave the batch and waiting ones take their place. A completion's ids depend on its prompt, seed and
/// index, not on what else is in the batch: every sum is taken in the same order whatever the batch (tst_generator).
/// Thread: one call at a time.
class Generator {
public:
    /// Takes a copy of the decoder's weights, the adapter merged in, in the kernels' layout.
    explicit Generator(std::shared_ptr<const Decoder> decoder);
    ~Generator();
    Generator(const Generator&) = delete;
    Generator& operator=(const Generator&) = delete;

    /// Copies the weights again: after an optimiser step, or when the adapter was attached or taken off.
    void refreshWeights();

    /// Fails with invalidArgument (empty prompt, id out of the vocabulary, prompt longer than the context, n < 1,
    /// sampling out of range). Cancelled: what there is, the unfinished ones marked StopReason::cancelled.
    [[nodiscard]] Result<GenerationResult> generate(const GenerationRequest& request, std::stop_token stop = {},
        const TokenSink& onToken = {}, const CompletionSink& onCompletion = {});

    /// log p of each id after the first, and the topK candidates for the next. Fails as generate(), or with cancelled.
    [[nodiscard]] Result<LogitsResult> logits(const std::vector<int>& ids, int topK, std::stop_token stop = {});

private:
    struct State;
    std::shared_ptr<const Decoder> m_decoder;
    std::unique_ptr<State> m_state;
};

} // namespace precedent::core
