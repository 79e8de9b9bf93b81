#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "precedent/align/context.h"
#include "precedent/align/prompt_encoder.h"
#include "precedent/base/result.h"
#include "precedent/core/run_inputs.h"

namespace precedent::align {

/// A prompt with as much of its context as fits.
struct FittedPrompt {
    BuiltContext context;
    std::string rendered;
    std::vector<int> ids;
    std::size_t casesKept = 0;
    std::size_t casesDropped = 0; ///< cases that gave way to the budget
    bool fits = false; ///< false: not even codes, request and the firm cases fit; the prompt is void, never cut
};

/// Builds a request's context for a mode within `tokenBudget` prompt tokens. The rule for what gives way: whole cases,
/// the last-ranked first; codes, instruction, request and the first `firm` cases never. `ranked` holds the cases to show, best first.
/// Fails as PromptEncoder::render() does.
[[nodiscard]] Result<FittedPrompt> fitPrompt(const PromptEncoder& encoder, const core::ContextTemplates& templates, Mode mode,
    const std::vector<core::Code>& codes, std::vector<const core::Case*> ranked, const std::vector<Message>& request, std::uint64_t seed,
    int tokenBudget, std::size_t firm = 0);

/// Ids of a text that follows a prompt. Encoded with it where that leaves the prompt's own ids as they are: some tokenizers put a space
/// before a text that begins by itself.
[[nodiscard]] std::vector<int> idsAfter(const PromptEncoder& encoder, const FittedPrompt& prompt, const std::string& text);

/// Prompt tokens that leave room for an answer: the smaller of the spec's limit and the model's context less the answer.
[[nodiscard]] int promptBudget(const core::RunSpec& spec, int contextLength);

} // namespace precedent::align
