#include "core/run/prompt_plan.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "precedent/align/prompt_draw.h"
#include "precedent/base/random.h"

namespace precedent::core {
namespace {

// Additive recurrences with these steps fill [0, 1) evenly (golden ratio; plastic number).
constexpr double kLabelStride = 0.6180339887498949;
constexpr double kModeStride = 0.7548776662466927;
constexpr int kTriesPerPrompt = 20;

double fraction(double x) { return x - std::floor(x); }

template <typename Key>
Key keyAt(const std::map<Key, double>& shares, double share)
{
    double total = 0;
    for (const auto& [key, value] : shares)
        total += value;
    double at = share * total;
    Key last{};
    for (const auto& [key, value] : shares) {
        if (value <= 0)
            continue;
        last = key;
        at -= value;
        if (at < 0)
            break;
    }
    return last;
}

} // namespace

PromptPlanner::PromptPlanner(const RunInputs& inputs, const align::PromptEncoder& encoder, int contextLength)
    : m_inputs(inputs)
    , m_encoder(encoder)
    , m_budget(align::promptBudget(inputs.spec, contextLength))
    , m_prompts(align::controlledPrompts(inputs.spec, inputs.prompts))
{
    for (std::size_t i = 0; i < m_prompts.size(); ++i)
        m_byLabel[toString(m_prompts[i].label)].push_back(i);
    for (const auto& [label, places] : m_byLabel) {
        const auto share = inputs.spec.labelWeights.find(label);
        if (inputs.spec.labelWeights.empty())
            m_labelShares[label] = static_cast<double>(places.size());
        else if (share != inputs.spec.labelWeights.end() && share->second > 0)
            m_labelShares[label] = share->second;
    }
    for (const Case& c : inputs.cases)
        m_cases.emplace(c.id, &c);
}

std::string PromptPlanner::labelAt(double share) const { return keyAt(m_labelShares, share); }

Result<StepPlan> PromptPlanner::plan(int step, const std::map<std::string, double>& modes) const
{
    StepPlan plan;
    if (m_labelShares.empty())
        return plan;
    const RunSpec& spec = m_inputs.spec;
    std::set<std::size_t> taken;
    for (int i = 0; i < spec.promptsPerStep; ++i) {
        const double n = static_cast<double>(step) * spec.promptsPerStep + i;
        Random random(spec.seed, streamOf("plan") + static_cast<std::uint64_t>(step) * 4096 + static_cast<std::uint64_t>(i));
        const auto& places = m_byLabel.at(labelAt(fraction(n * kLabelStride)));
        const Mode mode = modeFromString(keyAt(modes, fraction(n * kModeStride))).value_or(Mode::cases);
        for (int attempt = 0; attempt < kTriesPerPrompt; ++attempt) {
            const std::size_t place = random.pick(places);
            if (taken.contains(place) && taken.size() < m_prompts.size() && attempt + 1 < kTriesPerPrompt)
                continue;
            const TrainingPrompt& prompt = m_prompts[place];
            std::vector<const Case*> ranked;
            for (const std::string& id : prompt.retrieved) {
                const auto found = m_cases.find(id);
                if (found != m_cases.end() && static_cast<int>(ranked.size()) < spec.casesPerPrompt)
                    ranked.push_back(found->second);
            }
            const std::uint64_t seed = random.next();
            Result<align::FittedPrompt> fit =
                align::fitPrompt(m_encoder, m_inputs.templates, mode, m_inputs.codes, std::move(ranked), prompt.messages, seed, m_budget);
            if (!fit)
                return fit.error().in("The request \"" + prompt.id + "\"");
            align::FittedPrompt& fitted = *fit;
            taken.insert(place);
            if (!fitted.fits) {
                ++plan.voided;
                continue;
            }
            plan.casesDropped += static_cast<int>(fitted.casesDropped);
            plan.prompts.push_back({&prompt, mode, std::move(fitted), seed});
            break;
        }
    }
    return plan;
}

} // namespace precedent::core
