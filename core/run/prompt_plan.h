#pragma once

#include <map>
#include <string>
#include <vector>

#include "precedent/align/context_budget.h"
#include "precedent/align/prompt_encoder.h"
#include "precedent/core/run_inputs.h"

namespace precedent::core {

/// One prompt of a step, ready to be sampled from.
struct PlannedPrompt {
    const TrainingPrompt* prompt = nullptr; ///< as the rewards see it: with a control's disposition where there is one
    Mode mode = Mode::none;
    align::FittedPrompt fitted;
    std::uint64_t seed = 0;
};

struct StepPlan {
    std::vector<PlannedPrompt> prompts;
    int voided = 0; ///< prompts drawn whose codes and request alone are over budget
    int casesDropped = 0; ///< cases that gave way to the budget
};

/// Which prompts a step trains on, in which mode and under which context: a function of (seed, step) and the frozen
/// inputs alone, so that a resumed run goes on with the same ones. Labels and modes come in the shares of the spec,
/// spread evenly over steps. Immutable; any thread. Borrows the inputs and the encoder.
class PromptPlanner {
public:
    PromptPlanner(const RunInputs& inputs, const align::PromptEncoder& encoder, int contextLength);

    /// In modes of these shares. Empty where every prompt drawn was void. Fails for a prompt that the model's chat template refuses.
    [[nodiscard]] Result<StepPlan> plan(int step, const std::map<std::string, double>& modes) const;

private:
    [[nodiscard]] std::string labelAt(double share) const;

    const RunInputs& m_inputs;
    const align::PromptEncoder& m_encoder;
    int m_budget;
    std::vector<TrainingPrompt> m_prompts;
    std::map<std::string, std::vector<std::size_t>> m_byLabel;
    std::map<std::string, double> m_labelShares;
    std::map<std::string, const Case*> m_cases;
};

} // namespace precedent::core
