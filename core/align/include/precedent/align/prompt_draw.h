#pragma once

#include <map>
#include <string>
#include <vector>

#include "precedent/core/run_inputs.h"
#include "precedent/core/run_spec.h"

/// What a run draws its prompts from.
namespace precedent::align {

/// In what shares the run draws the labels that these prompts have (label_weights, else as they come): they sum to 1, or are all 0 where
/// it draws none of them.
[[nodiscard]] std::map<std::string, double> labelShares(const core::RunSpec& spec, const std::vector<core::TrainingPrompt>& prompts);

/// The prompts as the run's control has them; without one, as they are. With shuffled dispositions what a prompt deserves is drawn by
/// spec.seed and says nothing about it, nor about its label, while each disposition is drawn as often as without the control: so what a
/// constant policy earns stays the same, and a run under the control is paid for reading nothing else. Prompts of label utility and of
/// unknown disposition keep what they have.
[[nodiscard]] std::vector<core::TrainingPrompt> controlledPrompts(
    const core::RunSpec& spec, const std::vector<core::TrainingPrompt>& prompts);

} // namespace precedent::align
