#pragma once

#include <string>
#include <vector>

#include "precedent/align/prompt_encoder.h"
#include "precedent/base/result.h"
#include "precedent/casebase/types.h"
#include "precedent/core/engine.h"

namespace precedent::workspace {

/// The letters that a question of multiple choice lets choose from, as its lines "A. ..." name them; empty for any other prompt. Two or
/// more from A on without a gap, the right one among them.
[[nodiscard]] std::vector<std::string> choiceLetters(const casebase::Prompt& prompt);

/// What stands between a rendered prompt and the letter that is weighed: a chain without a word.
[[nodiscard]] std::string emptyChain(const core::ContextTemplates& templates);

/// log p of each letter as the answer to a rendered prompt, behind emptyChain(): of the tokens in which the letters' texts differ. `tokens`
/// receives how many tokens went through the model. Fails as Model::continuationLogProbs().
[[nodiscard]] Result<std::vector<double>> letterLogProbs(core::Model& model, const align::PromptEncoder& encoder,
    const core::ContextTemplates& templates, const std::string& rendered, const std::vector<std::string>& letters, std::int64_t& tokens);

} // namespace precedent::workspace
