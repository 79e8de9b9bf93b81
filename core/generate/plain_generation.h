#pragma once

#include <stop_token>
#include <vector>

#include "core/model/decoder.h"
#include "precedent/base/result.h"
#include "precedent/core/engine.h"

namespace precedent::core {

/// Generation by ATen's operations on the decoder's own tensors: any device, and the reference for the kernels' path. A
/// prompt is computed once for its completions, which go on together; prompts follow one another.
///
/// The request must have been checked (Generator does). Thread: one at a time. Fails with internal if the model's output
/// is not finite; a stop is no failure, unfinished completions are marked. Throws c10::Error.
[[nodiscard]] Result<GenerationResult> generatePlain(const Decoder& decoder, const GenerationRequest& request, const std::stop_token& stop,
    const TokenSink& onToken, const CompletionSink& onCompletion);

/// Log-probabilities of ids [1..], and the logits [V] (float32, on the CPU) that follow the last.
struct PlainLogits {
    std::vector<float> logprobs;
    at::Tensor next;
};
[[nodiscard]] PlainLogits logitsPlain(const Decoder& decoder, const std::vector<int>& ids);

} // namespace precedent::core
