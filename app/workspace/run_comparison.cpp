#include "precedent/workspace/run_comparison.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "precedent/architecture/model_text.h"
#include "precedent/casebase/run_store.h"
#include "precedent/workspace/run_service.h"

namespace precedent::workspace {
namespace {

constexpr std::size_t kExcerpt = 40; // bytes

using Place = std::tuple<int, int, int>; // step, group, index

std::map<Place, const casebase::Rollout*> byPlace(const std::vector<casebase::Rollout>& rollouts, int steps)
{
    std::map<Place, const casebase::Rollout*> places;
    for (const casebase::Rollout& rollout : rollouts) {
        if (rollout.step <= steps)
            places[{rollout.step, rollout.group, rollout.index}] = &rollout;
    }
    return places;
}

std::size_t commonBytes(const std::string& a, const std::string& b)
{
    const auto end = a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size()));
    return static_cast<std::size_t>(std::mismatch(a.begin(), end, b.begin()).first - a.begin());
}

/// Tokens alike at the beginning; -1 without the model's tokenizer.
int commonTokens(const casebase::Casebase& casebase, const std::string& run, const std::string& a, const std::string& b)
{
    const Result<core::RunInputs> inputs = loadRun(casebase, run);
    if (!inputs)
        return -1;
    const auto tokenizer = core::loadTokenizer(inputs->modelFolder);
    if (!tokenizer)
        return -1;
    const std::vector<int> left = (*tokenizer)->encode(a, false), right = (*tokenizer)->encode(b, false);
    const auto end = left.begin() + static_cast<std::ptrdiff_t>(std::min(left.size(), right.size()));
    return static_cast<int>(std::mismatch(left.begin(), end, right.begin()).first - left.begin());
}

std::optional<FirstDifference> differenceOf(const Place& place, const casebase::Rollout* a, const casebase::Rollout* b)
{
    FirstDifference found;
    std::tie(found.step, found.group, found.index) = place;
    found.promptId = a != nullptr ? a->promptId : b->promptId;
    if (a == nullptr || b == nullptr) {
        found.what = "absent";
        return found;
    }
    const bool context = a->prompt != b->prompt;
    const std::string &left = context ? a->prompt : a->completion, &right = context ? b->prompt : b->completion;
    if (left == right)
        return std::nullopt;
    found.what = context ? "context" : "completion";
    const std::size_t common = commonBytes(left, right);
    found.character = static_cast<int>(common);
    found.left = left.substr(common, kExcerpt);
    found.right = right.substr(common, kExcerpt);
    return found;
}

void compareMetrics(
    const std::vector<casebase::RunStep>& left, const std::vector<casebase::RunStep>& right, int before, RunComparison& comparison)
{
    for (std::size_t i = 0; i < std::min(left.size(), right.size()) && left[i].step < before; ++i) {
        for (const auto& [key, value] : left[i].metrics) {
            const auto found = right[i].metrics.find(key);
            if (key == "tokens_per_second" || found == right[i].metrics.end())
                continue;
            const double size = std::max(std::abs(value), std::abs(found->second));
            const double apart = size > 0 ? std::abs(value - found->second) / size : 0;
            if (apart > comparison.metricDifference) {
                comparison.metric = key;
                comparison.metricStep = left[i].step;
                comparison.metricDifference = apart;
            }
        }
    }
}

} // namespace

Result<RunComparison> compareRuns(
    const casebase::Casebase& left, const std::string& leftRun, const casebase::Casebase& right, const std::string& rightRun)
{
    const auto leftSteps = left.runs().steps(leftRun), rightSteps = right.runs().steps(rightRun);
    if (!leftSteps || !rightSteps)
        return !leftSteps ? leftSteps.error() : rightSteps.error();
    const auto leftAll = left.runs().rollouts(leftRun), rightAll = right.runs().rollouts(rightRun);
    if (!leftAll || !rightAll)
        return !leftAll ? leftAll.error() : rightAll.error();
    RunComparison comparison;
    comparison.steps = static_cast<int>(std::min(leftSteps->size(), rightSteps->size()));
    const auto a = byPlace(*leftAll, comparison.steps), b = byPlace(*rightAll, comparison.steps);
    std::map<Place, std::pair<const casebase::Rollout*, const casebase::Rollout*>> both;
    for (const auto& [place, rollout] : a)
        both[place].first = rollout;
    for (const auto& [place, rollout] : b)
        both[place].second = rollout;
    for (const auto& [place, pair] : both) {
        comparison.first = differenceOf(place, pair.first, pair.second);
        ++comparison.rollouts;
        if (!comparison.first)
            continue;
        if (comparison.first->what != "absent") {
            const bool context = comparison.first->what == "context";
            comparison.first->token = commonTokens(left, leftRun, context ? pair.first->prompt : pair.first->completion,
                context ? pair.second->prompt : pair.second->completion);
        }
        break;
    }
    compareMetrics(*leftSteps, *rightSteps, comparison.first ? comparison.first->step : comparison.steps + 1, comparison);
    return comparison;
}

Json toJson(const RunComparison& c)
{
    Json json{{"steps", c.steps}, {"rollouts", c.rollouts}, {"same", !c.first}, {"first", nullptr}, {"metric", nullptr}};
    if (c.first)
        json["first"] = {{"step", c.first->step}, {"prompt_id", c.first->promptId}, {"group", c.first->group}, {"index", c.first->index},
            {"what", c.first->what}, {"token", c.first->token < 0 ? Json() : Json(c.first->token)}, {"character", c.first->character},
            {"left", c.first->left}, {"right", c.first->right}};
    if (!c.metric.empty())
        json["metric"] = {{"name", c.metric}, {"step", c.metricStep}, {"relative_difference", c.metricDifference}};
    return json;
}

std::string toText(const RunComparison& c)
{
    std::string text;
    if (c.first) {
        const FirstDifference& first = *c.first;
        text = "The runs part at step " + std::to_string(first.step) + ", prompt " + first.promptId + " (group " +
            std::to_string(first.group) + "." + std::to_string(first.index) + "), ";
        if (first.what == "absent")
            text += "which one of them has not.\n";
        else
            text += "in the " + first.what + ", after " + (first.token >= 0 ? std::to_string(first.token) + " tokens, " : std::string()) +
                std::to_string(first.character) + " bytes that are alike.\n  left:  " + first.left + "\n  right: " + first.right + "\n";
        text += std::to_string(c.rollouts - 1) + " rollouts before it are the same.\n";
    } else {
        text = "All " + std::to_string(c.rollouts) + " rollouts of " + std::to_string(c.steps) + " steps are the same.\n";
    }
    if (!c.metric.empty())
        text += "Furthest apart" + std::string(c.first ? " before that" : "") + ": " + c.metric + " of step " +
            std::to_string(c.metricStep) + ", by " + dumpJson(c.metricDifference) + " of its size.\n";
    return text;
}

} // namespace precedent::workspace
