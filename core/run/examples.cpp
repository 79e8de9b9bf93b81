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
std::string completionOf(const std::string& chain, const std::string& answer, const ContextTemplates& templates, bool withChain)
{
    if (!withChain)
        return (templates.openInPrompt ? templates.chainClose : std::string()) + answer;
    return (templates.openInPrompt ? std::string() : templates.chainOpen) + chain + templates.chainClose + answer;
}

std::vector<int> idsFrom(const Json& json) { return json.get<std::vector<int>>(); }

} // namespace

/// Makes examples of texts, one after another.
class ExampleSet::Maker {
public:
    Maker(const RunInputs& inputs, const align::PromptEncoder& encoder, int contextLength)
        : m_inputs(inputs)
        , m_encoder(encoder)
        , m_templates(encoder.fitted(inputs.templates))
        , m_mode(contextOf(inputs.spec))
        , m_budget(align::promptBudget(inputs.spec, contextLength))
    {
        for (const Case& c : inputs.cases)
            m_cases.emplace(c.id, &c);
    }

    /// `like`: the prompt whose retrieved cases are its context; null where there is none.
    Status add(const std::string& id, const std::vector<Message>& request, const std::string& completion, const TrainingPrompt* like)
    {
        const RunSpec& spec = m_inputs.spec;
        std::vector<const Case*> ranked;
        if (like != nullptr) {
            for (const std::string& shownId : like->retrieved) {
                if (const auto shown = m_cases.find(shownId);
                    shown != m_cases.end() && static_cast<int>(ranked.size()) < spec.casesPerPrompt)
                    ranked.push_back(shown->second);
            }
        }
        const auto fitted = align::fitPrompt(
            m_encoder, m_inputs.templates, m_mode, m_inputs.codes, std::move(ranked), request, spec.seed ^ streamOf(id), m_budget);
        if (!fitted)
            return fitted.error();
        Example example{id, fitted->ids, align::idsAfter(m_encoder, *fitted, completion), {}, 1, 0, {}};
        if (!m_encoder.stopIds().empty())
            example.completion.push_back(m_encoder.stopIds().front());
        if (!fitted->fits || static_cast<int>(example.completion.size()) > spec.maxCompletionLength)
            leaveOut();
        else
            m_set.m_examples.push_back(std::move(example));
        return {};
    }
    void leaveOut() { ++m_set.m_leftOut; }

    [[nodiscard]] const ContextTemplates& templates() const { return m_templates; }
    [[nodiscard]] ExampleSet take() { return std::move(m_set); }

private:
    const RunInputs& m_inputs;
    const align::PromptEncoder& m_encoder;
    const ContextTemplates m_templates;
    const Mode m_mode;
    const int m_budget;
    std::map<std::string, const Case*> m_cases;
    ExampleSet m_set;
};

Result<ExampleSet> ExampleSet::ofCases(const RunInputs& inputs, Maker& maker)
{
    const RunSpec& spec = inputs.spec;
    const bool withChain = spec.sftExamples == SftExamples::cases;
    const std::set<std::string> dispositions(spec.sftDispositions.begin(), spec.sftDispositions.end());
    const std::set<std::string> allowed(inputs.exampleCases.begin(), inputs.exampleCases.end());
    std::map<std::string, const TrainingPrompt*> byCase;
    for (const TrainingPrompt& prompt : inputs.prompts)
        byCase.emplace(prompt.sourceCaseId, &prompt);
    for (const Case& value : inputs.cases) {
        if (!allowed.contains(value.id) || (!dispositions.empty() && !dispositions.contains(toString(value.disposition))))
            continue;
        if (value.answer.empty() || (withChain && value.chain.empty())) {
            maker.leaveOut();
            continue;
        }
        const auto prompt = byCase.find(value.id);
        const Status added = maker.add(value.id, value.request, completionOf(value.chain, value.answer, maker.templates(), withChain),
            prompt == byCase.end() ? nullptr : prompt->second);
        if (!added)
            return added.error().in("The case \"" + value.id + "\"");
    }
    return maker.take();
}

Result<ExampleSet> ExampleSet::given(const RunInputs& inputs, const align::PromptEncoder& encoder, int contextLength)
{
    Maker maker(inputs, encoder, contextLength);
    if (inputs.spec.sftExamples != SftExamples::file)
        return ofCases(inputs, maker);
    std::map<std::string, const TrainingPrompt*> byId;
    for (const TrainingPrompt& prompt : inputs.prompts)
        byId.emplace(prompt.id, &prompt);
    for (const GivenExample& value : inputs.givenExamples) {
        const auto prompt = byId.find(value.id);
        const Status added =
            maker.add(value.id, value.request, completionOf(value.chain, value.answer, maker.templates(), !value.chain.empty()),
                prompt == byId.end() ? nullptr : prompt->second);
        if (!added)
            return added.error().in("The example \"" + value.id + "\" of sft_file");
    }
    return maker.take();
}

void ExampleSet::keep(const std::string& id, std::vector<int> prompt, const std::vector<ScoredCompletion>& completions, double threshold,
    ExampleOrigin origin)
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
    origin.index = static_cast<int>(best - completions.data());
    Example example{id, std::move(prompt), best->ids, {}, best->reward, 0, origin};
    if (worst->reward < best->reward - kLess) {
        example.rejected = worst->ids;
        example.rejectedReward = worst->reward;
        example.origin.rejected = static_cast<int>(worst - completions.data());
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
            {"rejected_reward", e.rejectedReward}, {"step", e.origin.step}, {"group", e.origin.group}, {"index", e.origin.index},
            {"rejected_index", e.origin.rejected}});
    return {{"left_out", m_leftOut}, {"examples", list}};
}

Result<ExampleSet> ExampleSet::fromJson(const Json& json)
{
    ExampleSet set;
    try {
        set.m_leftOut = json.at("left_out").get<int>();
        for (const Json& e : json.at("examples"))
            set.m_examples.push_back({e.at("id").get<std::string>(), idsFrom(e.at("prompt")), idsFrom(e.at("completion")),
                idsFrom(e.at("rejected")), e.at("reward").get<double>(), e.at("rejected_reward").get<double>(),
                {e.value("step", 0), e.value("group", 0), e.value("index", 0), e.value("rejected_index", -1)}});
    } catch (const Json::exception& e) {
        return Error(ErrorCode::corrupt, std::string("The kept examples cannot be read: ") + e.what());
    }
    return set;
}

} // namespace precedent::core
