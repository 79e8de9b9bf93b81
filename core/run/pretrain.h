#pragma once

#include <functional>
#include <stop_token>

#include "precedent/base/result.h"
#include "precedent/core/engine.h"

namespace precedent::core {

/// Next-token training of a new Llama-family model on the starter's corpus, as the facade's Engine::pretrain says.
///
/// The output folder receives tokenizer.json and its settings first, checkpoint-STEP/ on the way (the newest is kept),
/// and config.json, model.safetensors (bf16) and generation_config.json at the end. The same spec gives the same bytes
/// on the same machine and thread count, whether it was stopped and resumed or not (tst_pretrain). Fails with
/// invalidArgument (the spec's key), notFound (grammar), failedPrecondition (a resume with another spec or corpus),
/// cancelled (after a checkpoint), or what writing fails with.
[[nodiscard]] Result<PretrainSummary> pretrain(
    const PretrainSpec& spec, const std::function<void(const PretrainProgress&)>& onProgress, std::stop_token stop);

} // namespace precedent::core
