#include "core/run/judging.h"

#include "core/model/cancelled.h"
#include "precedent/text/chain_parser.h"

namespace precedent::core {

Result<std::vector<Judgement>> judgeCompletions(const RunInputs& inputs, const StepPlan& plan, const std::vector<Completion>& completions,
    const align::PromptEncoder& encoder, const std::stop_token& stop)
{
    if (!inputs.judge)
        return std::vector<Judgement>();
    const ContextTemplates& templates = inputs.templates;
    std::vector<JudgeQuestion> questions;
    std::vector<std::size_t> asked; // question -> completion
    for (std::size_t i = 0; i < completions.size(); ++i) {
        const Completion& completion = completions[i];
        const bool whole = completion.stopReason == StopReason::stopId || encoder.endsAtStopText(completion.ids);
        text::ParsedCompletion parsed = text::parseCompletion(
            encoder.completionText(completion.ids), {templates.chainOpen, templates.chainClose, templates.openInPrompt});
        if (!whole || parsed.answer.empty())
            continue;
        const TrainingPrompt& prompt = *plan.prompts[static_cast<std::size_t>(completion.prompt)].prompt;
        questions.push_back({lastUserText(prompt.messages), std::move(parsed.answer)});
        asked.push_back(i);
    }
    Result<std::vector<Judgement>> given = inputs.judge->judge(questions, stop);
    if (!given && given.error().code() == ErrorCode::cancelled)
        throw Cancelled();
    if (!given)
        return given.error().in("The reward's judge");
    std::vector<Judgement> judgements(completions.size());
    for (std::size_t i = 0; i < asked.size(); ++i)
        judgements[asked[i]] = std::move((*given)[i]);
    return judgements;
}

} // namespace precedent::core
