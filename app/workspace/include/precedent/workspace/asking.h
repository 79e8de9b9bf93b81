#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "precedent/align/prompt_encoder.h"
#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/core/engine.h"

namespace precedent::workspace {

struct AskRequest {
    std::string text;
    Mode mode = Mode::none;
    int casesPerPrompt = 4;
    core::Sampling sampling;
};

struct AskAnswer {
    std::string text; ///< the whole completion
    std::string chain;
    std::string answer;
    std::string parseProblem;
    Verdict verdict = Verdict::noAnswer;
    std::vector<std::string> reasons;
    struct Citation {
        std::string id; ///< an alias of the context resolved to the case's id
        bool inContext = false;
        bool exists = false;
    };
    std::vector<Citation> citations;
    std::string context; ///< the rendered prompt, exactly what the model saw
    std::size_t casesShown = 0;
    std::size_t casesDropped = 0; ///< gave way to the model's context
};

/// One request to one model, as in Inspect. Codes and approved cases come from `casebase`, which may be null in mode
/// none. Fails with invalidArgument (no casebase, context too long with codes and request alone), cancelled, or as the
/// model does. `templates` are the model's.
[[nodiscard]] Result<AskAnswer> ask(const AskRequest& request, const align::PromptEncoder& encoder, const core::ContextTemplates& templates,
    const casebase::Casebase* casebase, core::Model& model, std::stop_token stop);

} // namespace precedent::workspace
