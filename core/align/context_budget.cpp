#include "precedent/align/context_budget.h"

#include <algorithm>

namespace precedent::align {

Result<FittedPrompt> fitPrompt(const PromptEncoder& encoder, const core::ContextTemplates& templates, Mode mode,
    const std::vector<core::Code>& codes, std::vector<const core::Case*> ranked, const std::vector<Message>& request, std::uint64_t seed,
    int tokenBudget, std::size_t firm)
{
    const std::size_t offered = mode == Mode::cases ? ranked.size() : 0;
    ranked.resize(offered);
    while (true) {
        FittedPrompt fitted;
        fitted.context = buildContext(templates, mode, codes, ranked, request, seed);
        Result<std::string> rendered = encoder.render(fitted.context.messages, templates);
        if (!rendered)
            return rendered.error();
        fitted.rendered = std::move(*rendered);
        fitted.ids = encoder.encode(fitted.rendered);
        fitted.casesKept = ranked.size();
        fitted.casesDropped = offered - ranked.size();
        fitted.fits = static_cast<int>(fitted.ids.size()) <= tokenBudget;
        if (fitted.fits || ranked.size() <= firm)
            return fitted;
        ranked.pop_back();
    }
}

int promptBudget(const core::RunSpec& spec, int contextLength)
{
    return std::min(spec.maxPromptLength, contextLength - spec.maxCompletionLength);
}

} // namespace precedent::align
