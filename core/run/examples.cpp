#include "core/run/examples.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "precedent/align/context_budget.h"
#include "precedent/base/random.h"

namespace precedent::core {
namespace {

constexpr double kLess = 1e-9; // rewards nearer than that are the same

/// The context's mode for an example: the one with the largest share, where the context is kept at all.
Mode contextOf(const RunSpec& spec)
{
    if (!spec.sftContext)
        return Mode::none;
    const auto most = std::max_element(
        spec.modeWeights.begin(), spec.modeWeights.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    return most == spec.modeWeights.end() ? Mode::none : modeFromString(most->first).value_or(Mode::none);
}

/// Chain and answer as the parser reads them back. Without a chain, one that the prompt opened is closed at once.
std::string completionOf(const Case& value, const ContextTemplates& templates, bool withChain)
{
    if (!withChain)
        return (templates.openInPrompt ? templates.chainClose : std::string()) + value.answer;
    return (templates.openInPrompt ? std::string() : templates.chainOpen) + value.chain + templates.chainClose + value.answer;
}

/// Ids of what follows a prompt. Encoded with it where that leaves the prompt's own ids as they are: some tokenizers put a space
/// before a text that begins by itself.
std::vector<int> idsAfter(const align::PromptEncoder& encoder, const align::FittedPrompt& prompt, const std::string& text)
{
    const std::vector<int> whole = encoder.encode(prompt.rendered + text);
    if (whole.size() > prompt.ids.size() && std::equal(prompt.ids.begin(), prompt.ids.end(), whole.begin()))
        return {whole.begin() + static_cast<std::ptrdiff_t>(prompt.ids.size()), whole.end()};
    return encoder.tokenizer().encode(text, false);
}

std::vector<int> idsFrom(const Json& json) { return json.get<std::vector<int>>(); }

} // namespace

Result<ExampleSet> ExampleSet::ofCases(const RunInputs& inputs, const align::PromptEncoder& encoder, int contextLength)
{
    const RunSpec& spec = inputs.spec;
    const ContextTemplates templates = encoder.fitted(inputs.templates);
    const Mode mode = contextOf(spec);
    const bool withChain = spec.sftExamples == SftExamples::cases;
    const std::set<std::string> dispositions(spec.sftDispositions.begin(), spec.sftDispositions.end());
    const std::set<std::string> allowed(inputs.exampleCases.begin(), inputs.exampleCases.end());
    std::map<std::string, const Case*> cases;
    for (const Case& c : inputs.cases)
        cases.emplace(c.id, &c);
    std::map<std::string, const TrainingPrompt*> byCase;
    for (const TrainingPrompt& prompt : inputs.prompts)
        byCase.emplace(prompt.sourceCaseId, &prompt);
    ExampleSet set;
    for (const Case& value : inputs.cases) {
        if (!allowed.contains(value.id) || (!dispositions.empty() && !dispositions.contains(toString(value.disposition))))
            continue;
        if (value.answer.empty() || (withChain && value.chain.empty())) {
            ++set.m_leftOut;
            continue;
        }
        std::vector<const Case*> ranked;
        if (const auto prompt = byCase.find(value.id); prompt != byCase.end()) {
            for (const std::string& id : prompt->second->retrieved) {
                if (const auto shown = cases.find(id); shown != cases.end() && static_cast<int>(ranked.size()) < spec.casesPerPrompt)
                    ranked.push_back(shown->second);
            }
        }
        const auto fitted = align::fitPrompt(encoder, inputs.templates, mode, inputs.codes, std::move(ranked), value.request,
            spec.seed ^ streamOf(value.id), align::promptBudget(spec, contextLength));
        if (!fitted)
            return fitted.error().in("The case \"" + value.id + "\"");
        Example example{value.id, fitted->ids, idsAfter(encoder, *fitted, completionOf(value, templates, withChain)), {}, 1, 0};
        if (!encoder.stopIds().empty())
            example.completion.push_back(encoder.stopIds().front());
        if (!fitted->fits || static_cast<int>(example.completion.size()) > spec.maxCompletionLength) {
            ++set.m_leftOut;
            continue;
        }
        set.m_examples.push_back(std::move(example));
    }
    return set;
}

void ExampleSet::keep(const std::string& id, std::vector<int> prompt, const std::vector<ScoredCompletion>& completions, double threshold)
{
    const ScoredCompletion *best = nullptr, *worst = nullptr;
    for (const ScoredCompletion& completion : completions) {
        if (completion.whole && completion.reward >= threshold && (best == nullptr || completion.reward > best->reward))
            best = &completion;
        if (worst == nullptr || completion.reward < worst->reward)
            worst = &completion;
    }
    if (best == nullptr) {
        ++m_leftOut;
        return;
    }
    Example example{id, std::move(prompt), best->ids, {}, best->reward, 0};
    if (worst->reward < best->reward - kLess) {
        example.rejected = worst->ids;
        example.rejectedReward = worst->reward;
    }
    m_examples.push_back(std::move(example));
}

std::size_t ExampleSet::pairs() const
{
    return static_cast<std::size_t>(
        std::count_if(m_examples.begin(), m_examples.end(), [](const Example& example) { return !example.rejected.empty(); }));
}

std::vector<const Example*> ExampleSet::batch(std::uint64_t seed, std::int64_t index, int count, bool pairsOnly) const
{
    std::vector<const Example*> usable;
    for (const Example& example : m_examples) {
        if (!pairsOnly || !example.rejected.empty())
            usable.push_back(&example);
    }
    std::vector<const Example*> batch;
    if (usable.empty())
        return batch;
    const auto n = static_cast<std::int64_t>(usable.size());
    std::vector<const Example*> order;
    std::int64_t round = -1;
    for (std::int64_t place = index * count; place < (index + 1) * count; ++place) {
        if (place / n != round) {
            round = place / n;
            order = usable;
            Random random(seed, streamOf("examples") + static_cast<std::uint64_t>(round));
            random.shuffle(order);
        }
        batch.push_back(order[static_cast<std::size_t>(place % n)]);
    }
    return batch;
}

Json ExampleSet::toJson() const
{
    Json list = Json::array();
    for (const Example& e : m_examples)
        list.push_back({{"id", e.id}, {"prompt", e.prompt}, {"completion", e.completion}, {"rejected", e.rejected}, {"reward", e.reward},
            {"rejected_reward", e.rejectedReward}});
    return {{"left_out", m_leftOut}, {"examples", list}};
}

Result<ExampleSet> ExampleSet::fromJson(const Json& json)
{
    ExampleSet set;
    try {
        set.m_leftOut = json.at("left_out").get<int>();
        for (const Json& e : json.at("examples"))
            set.m_examples.push_back({e.at("id").get<std::string>(), idsFrom(e.at("prompt")), idsFrom(e.at("completion")),
                idsFrom(e.at("rejected")), e.at("reward").get<double>(), e.at("rejected_reward").get<double>()});
    } catch (const Json::exception& e) {
        return Error(ErrorCode::corrupt, std::string("The kept examples cannot be read: ") + e.what());
    }
    return set;
}

} // namespace precedent::core
