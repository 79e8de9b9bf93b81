#pragma once

#include <stop_token>
#include <string>

#include "precedent/base/result.h"
#include "precedent/core/generation.h"

namespace precedent::core {

/// What a server drew, and with which of the weights that it was handed.
struct DrawnElsewhere {
    GenerationResult result; ///< log-probabilities may be missing: the run computes its own
    int version = 0; ///< the step behind which those weights were; 0: the model without an adapter
};

/// A server that draws a run's completions with versions of the run's adapter. Thread: one at a time.
class RolloutSource {
public:
    virtual ~RolloutSource() = default;
    /// Hands the server the adapter behind step `version`, a PEFT folder. After it, draw() asks for this version.
    [[nodiscard]] virtual Status publish(int version, const std::string& adapterFolder) = 0;
    /// Tells the server that it may forget a version.
    virtual void forget(int version) = 0;
    /// Token ids of completions of the prompts' token ids. Blocks. Fails with cancelled, or as the server does.
    [[nodiscard]] virtual Result<DrawnElsewhere> draw(const GenerationRequest& request, const std::stop_token& stop) = 0;
};

} // namespace precedent::core
