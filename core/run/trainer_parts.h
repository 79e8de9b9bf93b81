#pragma once

#include "core/run/trainer.h"
#include "precedent/align/advantages.h"

namespace precedent::core {

struct Trainer::Rollouts {
    StepPlan plan;
    std::vector<Sampled> sampled; ///< by prompt, then completion
    align::Advantages advantages;
    double tokens = 0; ///< prompts and completions
    double decodeSeconds = 0; ///< of the time it took to draw them, what tokens after the prompts took
};

} // namespace precedent::core
