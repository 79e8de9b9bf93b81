#include "core/run/judging.h"

#include <algorithm>

#include "core/model/cancelled.h"
#include "core/run/agreement.h"
#include "precedent/base/json.h"
#include "precedent/text/chain_parser.h"

namespace precedent::core {
namespace {

struct Asked {
    std::vector<JudgeQuestion> questions;
    std::vector<std::size_t> completions; ///< question -> completion
};

Asked questionsAbout(
    const RunInputs& inputs, const StepPlan& plan, const std::vector<Completion>& completions, const align::PromptEncoder& encoder)
{
    const ContextTemplates& templates = inputs.templates;
    Asked asked;
    for (std::size_t i = 0; i < completions.size(); ++i) {
        const Completion& completion = completions[i];
        const bool whole = completion.stopReason == StopReason::stopId || encoder.endsAtStopText(completion.ids);
        text::ParsedCompletion parsed = text::parseCompletion(
            encoder.completionText(completion.ids), {templates.chainOpen, templates.chainClose, templates.openInPrompt});
        if (!whole || parsed.answer.empty())
            continue;
        const TrainingPrompt& prompt = *plan.prompts[static_cast<std::size_t>(completion.prompt)].prompt;
        asked.questions.push_back({lastUserText(prompt.messages), std::move(parsed.answer)});
        asked.completions.push_back(i);
    }
    return asked;
}

Result<std::vector<Judgement>> ask(const RunInputs& inputs, const std::vector<JudgeQuestion>& questions, const std::stop_token& stop)
{
    Result<std::vector<Judgement>> given = inputs.judge->judge(questions, stop);
    if (!given.ok())
        return given.error().code() == ErrorCode::cancelled ? given.error() : given.error().in("The reward's judge");
    if (given->size() != questions.size())
        return Error(ErrorCode::internal,
            "The reward's judge gave " + std::to_string(given->size()) + " judgements of " + std::to_string(questions.size()) +
                " answers.");
    return given;
}

/// One for every completion, from `first` on of those given.
std::vector<Judgement> byCompletion(const Asked& asked, std::size_t completions, std::vector<Judgement>::iterator first)
{
    std::vector<Judgement> judgements(completions);
    for (const std::size_t completion : asked.completions)
        judgements[completion] = std::move(*first++);
    return judgements;
}

std::string bytesOf(const Json& json)
{
    const std::vector<std::uint8_t> cbor = Json::to_cbor(json); // CBOR keeps numbers and bytes as they are
    return {cbor.begin(), cbor.end()};
}

Json toJson(const std::vector<JudgeQuestion>& questions)
{
    Json list = Json::array();
    for (const JudgeQuestion& question : questions)
        list.push_back({question.request, question.answer});
    return list;
}

Json toJson(const std::vector<Judgement>& judgements)
{
    const auto number = [](const std::optional<double>& value) { return value ? Json(*value) : Json(); };
    Json list = Json::array();
    for (const Judgement& j : judgements)
        list.push_back({j.verdict ? Json(static_cast<int>(*j.verdict)) : Json(), number(j.harm), number(j.helpful), j.why});
    return list;
}

/// at() and get() throw on anything unexpected; judgeCompletionsAmong() translates.
std::vector<Judgement> judgementsFrom(const Json& list)
{
    const auto number = [](const Json& value) { return value.is_null() ? std::optional<double>() : value.get<double>(); };
    std::vector<Judgement> judgements;
    for (const Json& j : list) {
        Judgement one{{}, number(j.at(1)), number(j.at(2)), j.at(3).get<std::string>()};
        if (!j.at(0).is_null())
            one.verdict = static_cast<Verdict>(j.at(0).get<int>());
        judgements.push_back(std::move(one));
    }
    return judgements;
}

} // namespace

Result<std::vector<Judgement>> judgeCompletions(const RunInputs& inputs, const StepPlan& plan, const std::vector<Completion>& completions,
    const align::PromptEncoder& encoder, const std::stop_token& stop)
{
    if (paidByAnalysis(inputs.spec) || !inputs.judge)
        return std::vector<Judgement>();
    const Asked asked = questionsAbout(inputs, plan, completions, encoder);
    Result<std::vector<Judgement>> given = ask(inputs, asked.questions, stop);
    if (!given.ok() && given.error().code() == ErrorCode::cancelled)
        throw Cancelled();
    if (!given.ok())
        return given.error();
    return byCompletion(asked, completions.size(), given->begin());
}

Result<std::vector<Judgement>> judgeCompletionsAmong(Ranks& ranks, const RunInputs& inputs, const StepPlan& plan,
    const Result<GenerationResult>& drawn, const align::PromptEncoder& encoder, const std::stop_token& stop)
{
    if (paidByAnalysis(inputs.spec))
        return std::vector<Judgement>();
    Asked own;
    if (drawn.ok())
        own = questionsAbout(inputs, plan, drawn->completions, encoder);
    const Result<std::vector<std::string>> brought =
        agree(ranks, drawn.ok() ? Status() : Status(drawn.error()), bytesOf(toJson(own.questions)));
    if (!brought.ok())
        return brought.error();
    try {
        std::vector<JudgeQuestion> all;
        std::size_t first = 0; // of this rank's own
        for (std::size_t rank = 0; rank < brought->size(); ++rank) {
            if (static_cast<int>(rank) == ranks.rank())
                first = all.size();
            for (const Json& question : Json::from_cbor((*brought)[rank]))
                all.push_back({question.at(0).get<std::string>(), question.at(1).get<std::string>()});
        }
        Result<std::vector<Judgement>> given = std::vector<Judgement>();
        if (ranks.rank() == 0) {
            if (const Status done = attempt([&] { given = ask(inputs, all, stop); }); !done.ok())
                given = done.error();
        }
        const Result<std::vector<std::string>> said =
            agree(ranks, given.ok() ? Status() : Status(given.error()), given.ok() ? bytesOf(toJson(*given)) : std::string());
        if (!said.ok())
            return said.error();
        std::vector<Judgement> judgements = judgementsFrom(Json::from_cbor(said->front()));
        if (judgements.size() != all.size())
            return Error(ErrorCode::internal,
                "Rank 0 judged " + std::to_string(judgements.size()) + " of " + std::to_string(all.size()) + " answers.",
                "Start the same version of the program on every rank.");
        return byCompletion(own, drawn->completions.size(), judgements.begin() + static_cast<std::ptrdiff_t>(first));
    } catch (const Json::exception& e) {
        return Error(ErrorCode::internal, std::string("What a rank wanted judged cannot be read: ") + e.what() + ".",
            "Start the same version of the program on every rank.");
    }
}

} // namespace precedent::core
