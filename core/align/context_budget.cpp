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

std::vector<int> idsAfter(const PromptEncoder& encoder, const FittedPrompt& prompt, const std::string& text)
{
    const std::vector<int> whole = encoder.encode(prompt.rendered + text);
    if (whole.size() > prompt.ids.size() && std::equal(prompt.ids.begin(), prompt.ids.end(), whole.begin()))
        return {whole.begin() + static_cast<std::ptrdiff_t>(prompt.ids.size()), whole.end()};
    return encoder.tokenizer().encode(text, false);
}

int promptBudget(const core::RunSpec& spec, int contextLength)
{
    return std::min(spec.maxPromptLength, contextLength - spec.maxCompletionLength);
}

} // namespace precedent::align
