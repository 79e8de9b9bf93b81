#include "precedent/align/prompt_draw.h"

#include <algorithm>
#include <cmath>

#include "precedent/base/random.h"

namespace precedent::align {
namespace {

using Shares = std::map<Disposition, double>;

/// `n` dispositions in these shares, which sum to 1: whole numbers of each, the largest remainders first.
std::vector<Disposition> inShares(const Shares& shares, std::size_t n)
{
    struct Part {
        Disposition disposition;
        std::size_t count;
        double rest;
    };
    std::vector<Part> parts;
    std::size_t given = 0;
    for (const auto& [disposition, share] : shares) {
        const double wanted = share * static_cast<double>(n);
        const auto whole = std::min(static_cast<std::size_t>(wanted), n - given);
        parts.push_back({disposition, whole, wanted - static_cast<double>(whole)});
        given += whole;
    }
    std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.rest > b.rest; });
    for (std::size_t i = 0; given < n; ++i, ++given)
        ++parts[i % parts.size()].count;
    std::vector<Disposition> all;
    for (const Part& part : parts)
        all.insert(all.end(), part.count, part.disposition);
    return all;
}

} // namespace

std::map<std::string, double> labelShares(const core::RunSpec& spec, const std::vector<core::TrainingPrompt>& prompts)
{
    std::map<std::string, double> shares;
    for (const core::TrainingPrompt& prompt : prompts)
        shares[toString(prompt.label)] += 1;
    double all = 0;
    for (auto& [label, share] : shares) {
        if (!spec.labelWeights.empty()) {
            const auto weight = spec.labelWeights.find(label);
            share = weight == spec.labelWeights.end() ? 0.0 : weight->second;
        }
        all += share;
    }
    for (auto& [label, share] : shares)
        share = all > 0 ? share / all : 0.0;
    return shares;
}

std::vector<core::TrainingPrompt> controlledPrompts(const core::RunSpec& spec, const std::vector<core::TrainingPrompt>& prompts)
{
    std::vector<core::TrainingPrompt> controlled = prompts;
    if (spec.control != core::Control::shuffledDispositions)
        return controlled;
    std::map<std::string, std::vector<std::size_t>> places; // by label, of those that have a disposition to give up
    std::map<std::string, double> labelled;
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        labelled[toString(prompts[i].label)] += 1;
        if (prompts[i].label != PromptLabel::utility && prompts[i].expected != Disposition::unknown)
            places[toString(prompts[i].label)].push_back(i);
    }
    const std::map<std::string, double> drawn = labelShares(spec, prompts);
    Shares shares; // of each disposition among what is drawn
    double all = 0;
    for (const auto& [label, of] : places) {
        for (const std::size_t place : of) {
            shares[prompts[place].expected] += drawn.at(label) / labelled.at(label);
            all += drawn.at(label) / labelled.at(label);
        }
    }
    if (all <= 0)
        return controlled; // none of them is ever drawn
    for (auto& [disposition, share] : shares)
        share /= all;
    Random random(spec.seed, streamOf("shuffled dispositions"));
    for (const auto& [label, of] : places) {
        std::vector<Disposition> dispositions = inShares(shares, of.size());
        random.shuffle(dispositions);
        for (std::size_t i = 0; i < of.size(); ++i)
            controlled[of[i]].expected = dispositions[i];
    }
    return controlled;
}

} // namespace precedent::align
