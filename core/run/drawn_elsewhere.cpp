#include "core/run/drawn_elsewhere.h"

#include <algorithm>

#include "core/model/cancelled.h"
#include "precedent/align/context_budget.h"

namespace precedent::core {
namespace {

Completion completionOf(const DrawnText& drawn, const align::FittedPrompt& prompt, const align::PromptEncoder& encoder,
    const ContextTemplates& templates, int mostTokens)
{
    Completion completion;
    completion.ids = align::idsAfter(encoder, prompt, continuationOf(drawn.text, templates));
    const std::vector<int>& stops = encoder.stopIds();
    // A text that spells a stop token would have ended there.
    const auto stop = std::find_first_of(completion.ids.begin(), completion.ids.end(), stops.begin(), stops.end());
    const bool whole = drawn.whole || stop != completion.ids.end();
    if (stop != completion.ids.end())
        completion.ids.erase(stop + 1, completion.ids.end());
    else if (whole && !stops.empty())
        completion.ids.push_back(stops.front());
    completion.stopReason = whole ? StopReason::stopId : StopReason::length;
    // The server counts its own tokens, of which there may be fewer.
    if (completion.ids.size() > static_cast<std::size_t>(mostTokens)) {
        completion.ids.resize(static_cast<std::size_t>(mostTokens));
        completion.stopReason = StopReason::length;
    }
    return completion;
}

} // namespace

std::string continuationOf(const std::string& text, const ContextTemplates& templates)
{
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    const bool opens = begin != std::string::npos && text.compare(begin, templates.chainOpen.size(), templates.chainOpen) == 0;
    const bool closes = text.find(templates.chainClose) != std::string::npos;
    if (!templates.openInPrompt)
        return !opens && closes && text.find(templates.chainOpen) == std::string::npos ? templates.chainOpen + text : text;
    if (opens)
        return text.substr(begin + templates.chainOpen.size());
    return closes ? text : templates.chainClose + text;
}

Result<GenerationResult> drawElsewhere(
    const RunInputs& inputs, const StepPlan& plan, const align::PromptEncoder& encoder, const std::stop_token& stop)
{
    const RunSpec& spec = inputs.spec;
    const ContextTemplates templates = encoder.fitted(inputs.templates);
    std::vector<ChatPrompt> prompts;
    for (const PlannedPrompt& planned : plan.prompts)
        prompts.push_back({planned.fitted.context.messages, spec.numGenerations, planned.seed});
    const auto drawn =
        inputs.completions->draw(prompts, {spec.temperature, spec.topK, spec.topP, spec.maxCompletionLength, spec.seed}, stop);
    if (!drawn && drawn.error().code() == ErrorCode::cancelled)
        throw Cancelled();
    if (!drawn)
        return drawn.error().in("Self-generation by " + inputs.completions->name());
    GenerationResult result;
    for (std::size_t p = 0; p < prompts.size(); ++p) {
        const align::FittedPrompt& fitted = plan.prompts[p].fitted;
        result.promptTokens += static_cast<std::int64_t>(fitted.ids.size());
        for (const DrawnText& text : drawn.value()[p]) {
            Completion completion = completionOf(text, fitted, encoder, templates, spec.maxCompletionLength);
            completion.prompt = static_cast<int>(p);
            completion.index = static_cast<int>(&text - drawn.value()[p].data());
            result.completionTokens += static_cast<std::int64_t>(completion.ids.size());
            result.completions.push_back(std::move(completion));
        }
    }
    return result;
}

} // namespace precedent::core
