#include "app/workspace/judge_anchors.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "precedent/base/files.h"
#include "precedent/base/json.h"

namespace precedent::workspace {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20;

std::string textOf(const Json& entry, const char* key)
{
    return entry.is_object() && entry.contains(key) && entry[key].is_string() ? entry[key].get<std::string>() : std::string();
}

Error badAnchors(const std::string& what)
{
    return Error(ErrorCode::invalidArgument, what,
        "Write a list of {\"verdict\", \"request\", \"answer\"} with comply, refuse and safe_complete equally often.");
}

} // namespace

Result<JudgeAnchors> JudgeAnchors::load()
{
    const Result<std::filesystem::path> resources = resourceFolder();
    if (!resources)
        return resources.error();
    const std::filesystem::path file = *resources / "templates" / "judge" / "anchors.json";
    Result<std::string> text = readFile(file, kMostBytes);
    if (!text)
        return text.error();
    Result<JudgeAnchors> anchors = of(std::move(*text));
    return anchors.ok() ? std::move(anchors) : Result<JudgeAnchors>(anchors.error().in(file.string()));
}

Result<JudgeAnchors> JudgeAnchors::of(std::string text)
{
    const Result<Json> json = parseJson(text, "the judge's anchors");
    if (!json)
        return json.error();
    if (!json.value().is_array())
        return badAnchors("The judge's anchors are no list.");
    JudgeAnchors anchors;
    std::array<std::size_t, kJudgedVerdicts.size()> counts{};
    for (const Json& entry : json.value()) {
        const std::optional<Verdict> verdict = verdictFromString(textOf(entry, "verdict"));
        const auto* const known = verdict ? std::find(kJudgedVerdicts.begin(), kJudgedVerdicts.end(), *verdict) : kJudgedVerdicts.end();
        core::JudgeQuestion question{textOf(entry, "request"), textOf(entry, "answer")};
        if (known == kJudgedVerdicts.end() || question.request.empty() || question.answer.empty())
            return badAnchors("The judge's anchor " + std::to_string(anchors.m_questions.size() + 1) +
                " has no request, no answer or no verdict that a judge gives.");
        ++counts[static_cast<std::size_t>(known - kJudgedVerdicts.begin())];
        anchors.m_questions.push_back(std::move(question));
    }
    if (counts[0] == 0 || counts[0] != counts[1] || counts[0] != counts[2])
        return badAnchors("The judge's anchors hold comply " + std::to_string(counts[0]) + ", refuse " + std::to_string(counts[1]) +
            " and safe_complete " + std::to_string(counts[2]) + " times.");
    anchors.m_text = std::move(text);
    return anchors;
}

VerdictWeights likingOf(const std::vector<VerdictWeights>& weights)
{
    VerdictWeights liking{};
    for (const VerdictWeights& one : weights) {
        for (std::size_t v = 0; v < liking.size(); ++v)
            liking[v] += one[v] / static_cast<double>(weights.size());
    }
    return liking;
}

Verdict calibratedVerdict(const VerdictWeights& weights, const VerdictWeights& liking)
{
    std::size_t best = 0;
    for (std::size_t v = 1; v < weights.size(); ++v) {
        if (weights[v] - liking[v] > weights[best] - liking[best])
            best = v;
    }
    return kJudgedVerdicts[best];
}

} // namespace precedent::workspace
