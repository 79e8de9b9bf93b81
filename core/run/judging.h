#pragma once

#include <stop_token>
#include <vector>

#include "core/run/prompt_plan.h"
#include "precedent/align/prompt_encoder.h"
#include "precedent/core/engine.h"
#include "precedent/core/ranks.h"

namespace precedent::core {

/// What the run's own judge says of a step's completions, one each, all asked for at once; nothing at all where the analysis judges,
/// as it does in a rehearsal, which no judge is handed to.
/// Completions that are cut off or hold no answer are not put before it. Throws Cancelled; fails as Judge::judge().
[[nodiscard]] Result<std::vector<Judgement>> judgeCompletions(const RunInputs& inputs, const StepPlan& plan,
    const std::vector<Completion>& completions, const align::PromptEncoder& encoder, const std::stop_token& stop);

/// As judgeCompletions() for each rank's own completions, but rank 0 alone has the judge and asks for all of them, by rank: as many
/// questions, in the same order, as one process would ask. A meeting, also of a rank whose drawing failed: it brings its error, and
/// all ranks fail alike. Without a judge in the spec there is no meeting.
[[nodiscard]] Result<std::vector<Judgement>> judgeCompletionsAmong(Ranks& ranks, const RunInputs& inputs, const StepPlan& plan,
    const Result<GenerationResult>& drawn, const align::PromptEncoder& encoder, const std::stop_token& stop);

} // namespace precedent::core
