#pragma once

#include <stop_token>
#include <vector>

#include "core/run/prompt_plan.h"
#include "precedent/align/prompt_encoder.h"
#include "precedent/core/engine.h"

namespace precedent::core {

/// What the run's own judge says of a step's completions, one each, all asked for at once; nothing at all where the analysis judges.
/// Completions that are cut off or hold no answer are not put before it. Throws Cancelled; fails as Judge::judge().
[[nodiscard]] Result<std::vector<Judgement>> judgeCompletions(const RunInputs& inputs, const StepPlan& plan,
    const std::vector<Completion>& completions, const align::PromptEncoder& encoder, const std::stop_token& stop);

} // namespace precedent::core
