#include <cstdio>

#include "precedent/workspace/freezer.h"

namespace precedent::workspace {
namespace {

constexpr const char* kOverBudget = "over budget"; // ExcludedPrompt::reason

std::string percent(double share)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
    return text;
}

std::string plural(std::int64_t n, const std::string& noun) { return grouped(n) + " " + noun + (n == 1 ? "" : "s"); }

void addCaseSentences(const FreezeReport& report, std::vector<std::string>& lines)
{
    std::string line = grouped(report.casesUsed) + " of " + grouped(report.casesTotal) + " cases used";
    std::string left;
    for (const auto& [why, n] : report.casesLeftOut)
        left += (left.empty() ? "" : ", ") + grouped(n) + " " + why;
    lines.push_back(line + (left.empty() ? "." : "; left out: " + left + "."));
    if (!report.casesHidden.empty())
        lines.push_back(
            plural(static_cast<std::int64_t>(report.casesHidden.size()), "case") + " never shown: a sealed suite overlaps them.");
    if (report.casesShown.empty())
        return;
    std::string shown;
    for (const auto& [cases, n] : report.casesShown)
        shown += (shown.empty() ? "" : ", ") + std::to_string(cases) + " in " + grouped(n);
    lines.push_back("Cases in context: " + shown + " prompts.");
    if (report.casesDropped > 0)
        lines.push_back(plural(report.casesDropped, "case") + " gave way to the budget of " + grouped(report.promptBudget) +
            " prompt tokens, in " + plural(report.promptsWithDroppedCases, "prompt") + " (whole cases, the last-ranked first).");
}

/// The prompts that a sealed suite overlaps, the first of them by name.
void addOverlapSentence(const std::string& noun, const std::vector<ExcludedPrompt>& excluded, std::vector<std::string>& lines)
{
    constexpr std::int64_t kNamed = 5;
    std::int64_t n = 0;
    std::string named;
    for (const ExcludedPrompt& prompt : excluded) {
        if (prompt.reason == kOverBudget)
            continue;
        if (++n <= kNamed)
            named += (n == 1 ? "" : ", ") + prompt.id + " (" + prompt.reason + (prompt.with.empty() ? "" : ": " + prompt.with) + ")";
    }
    if (n == 0)
        return;
    lines.push_back(plural(n, noun) + (n == 1 ? " overlaps" : " overlap") + " a sealed suite and " + (n == 1 ? "is" : "are") +
        " excluded: " + named + (n > kNamed ? " and " + grouped(n - kNamed) + " more." : "."));
}

} // namespace

std::string grouped(std::int64_t n)
{
    std::string digits = std::to_string(n < 0 ? -n : n);
    for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), ",");
    return (n < 0 ? "-" : "") + digits;
}

std::vector<std::string> FreezeReport::sentences() const
{
    std::vector<std::string> lines;
    addCaseSentences(*this, lines);
    std::map<std::string, std::int64_t> reasons;
    for (const ExcludedPrompt& prompt : excluded)
        ++reasons[prompt.reason];
    std::string line = grouped(promptsUsed) + " of " + grouped(promptsTotal) + " training prompts used";
    std::string left;
    for (const auto& [why, n] : reasons)
        left += (left.empty() ? "" : ", ") + grouped(n) + " " + why;
    lines.push_back(line + (promptsFromCases ? " (the cases' own requests)" : "") + (left.empty() ? "." : "; left out: " + left + "."));
    std::string working;
    for (const auto& [suite, n] : promptsOfWorkingSuites)
        working += (working.empty() ? "" : ", ") + grouped(n) + " of " + suite;
    if (!working.empty())
        lines.push_back(
            "Warning: training prompts come from working suites: " + working + ". Figures of this run on these suites are not held out.");
    addOverlapSentence("training prompt", excluded, lines);
    if (examplesTotal > 0) {
        const auto out = static_cast<std::int64_t>(examplesExcluded.size());
        lines.push_back(grouped(examplesTotal - out) + " of " + grouped(examplesTotal) + " examples of sft_file used.");
        addOverlapSentence("example", examplesExcluded, lines);
    }
    if (leak.n > 0) {
        lines.push_back("Retrieved dispositions alone predict what is expected in " + percent(leak.accuracy) +
            " of prompts; always guessing the commonest does in " + percent(leak.baseRate) + ".");
        if (leak.warning)
            lines.push_back("Warning: that is above the base rate, so the cases shown give the label away to some extent.");
    }
    if (!rewardJudge.empty())
        lines.push_back(rewardJudge);
    return lines;
}

Json FreezeReport::toJson() const
{
    Json json = {{"cases_total", casesTotal}, {"cases_used", casesUsed}, {"cases_left_out", casesLeftOut}, {"cases_hidden", casesHidden},
        {"codes", codes}, {"prompts_total", promptsTotal}, {"prompts_used", promptsUsed},
        {"prompts_of_working_suites", promptsOfWorkingSuites}, {"prompts_from_cases", promptsFromCases}, {"prompt_budget", promptBudget},
        {"cases_dropped", casesDropped}, {"prompts_with_dropped_cases", promptsWithDroppedCases}};
    Json shown = Json::object();
    for (const auto& [cases, n] : casesShown)
        shown[std::to_string(cases)] = n;
    json["cases_shown"] = shown;
    json["excluded"] = Json::array();
    for (const ExcludedPrompt& prompt : excluded)
        json["excluded"].push_back({{"prompt", prompt.id}, {"reason", prompt.reason}, {"with", prompt.with}});
    json["examples_total"] = examplesTotal;
    json["examples_excluded"] = Json::array();
    for (const ExcludedPrompt& example : examplesExcluded)
        json["examples_excluded"].push_back({{"example", example.id}, {"reason", example.reason}, {"with", example.with}});
    json["leak"] = {{"accuracy", leak.accuracy}, {"base_rate", leak.baseRate}, {"n", leak.n}, {"warning", leak.warning}};
    json["reward_judge"] = rewardJudge;
    return json;
}

} // namespace precedent::workspace
