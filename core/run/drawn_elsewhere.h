#pragma once

#include <stop_token>
#include <string>

#include "core/run/prompt_plan.h"
#include "precedent/align/prompt_encoder.h"
#include "precedent/core/engine.h"

namespace precedent::core {

/// A step's completions as the run's own model would have drawn them, but for log-probabilities, which nobody knows: ids of the texts that
/// the inputs' source gives, a stop id behind those that ended by themselves, cut off at the run's length. Throws Cancelled; fails as
/// CompletionSource::draw().
[[nodiscard]] Result<GenerationResult> drawElsewhere(
    const RunInputs& inputs, const StepPlan& plan, const align::PromptEncoder& encoder, const std::stop_token& stop);

/// What a model would have written behind its prompt to say this. Chat messages cannot open the chain for the server, and some servers'
/// own templates open it: the opening delimiter is there once, in the prompt or behind it. Where the prompt opens a chain and the text has
/// none, it is closed at once.
[[nodiscard]] std::string continuationOf(const std::string& text, const ContextTemplates& templates);

} // namespace precedent::core
