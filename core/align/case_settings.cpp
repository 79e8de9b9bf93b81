#include "precedent/align/case_settings.h"

#include <set>

#include "precedent/base/json.h"

namespace precedent::align {
namespace {

Error unexpected(const std::string& key, const Json& seen, const std::string& expected)
{
    return {ErrorCode::invalidArgument, key + " is " + dumpJson(seen) + "; expected " + expected + "."};
}

} // namespace

Status validateCases(Retrieval retrieval, int casesPerPrompt, const std::vector<std::string>& pinned, const std::vector<std::string>& fixed,
    const std::string& prefix)
{
    if (retrieval == Retrieval::fixed && fixed.empty())
        return unexpected(
            prefix + "fixed_cases", Json::array(), "the ids of the cases that every request is shown, where retrieval is fixed");
    if (retrieval != Retrieval::fixed && !fixed.empty())
        return unexpected(prefix + "fixed_cases", fixed,
            std::string("none where ") + prefix + "retrieval is " + toString(retrieval) + ", or retrieval fixed");
    std::set<std::string> ids;
    for (const auto& [key, list] : {std::pair{"pinned_cases", &pinned}, std::pair{"fixed_cases", &fixed}}) {
        for (const std::string& id : *list) {
            if (id.empty() || !ids.insert(id).second)
                return unexpected(prefix + key, *list, "ids, each named once");
        }
    }
    if (static_cast<int>(ids.size()) > casesPerPrompt)
        return unexpected(prefix + "cases_per_prompt", casesPerPrompt,
            "at least " + std::to_string(ids.size()) + ", as many cases as are named to be shown with every request");
    return {};
}

Status validateCases(const core::RunSpec& spec)
{
    PRECEDENT_TRY(validateCases(spec.retrieval, spec.casesPerPrompt, spec.pinnedCases, spec.fixedCases, ""));
    std::set<std::string> modes;
    for (const std::string& mode : spec.evaluateModes) {
        if (!modeFromString(mode) || !modes.insert(mode).second)
            return unexpected("evaluate_modes", spec.evaluateModes, "none, codes and cases, each once at most");
    }
    const std::optional<Retrieval> own = retrievalFromString(spec.evaluateRetrieval);
    if (!own && !spec.evaluateRetrieval.empty())
        return unexpected("evaluate_retrieval", spec.evaluateRetrieval, "bm25, dense, hybrid, fixed, or nothing: as in training");
    if (!own && !(spec.evaluatePinnedCases.empty() && spec.evaluateFixedCases.empty()))
        return unexpected("evaluate_retrieval", "", "a kind of retrieval where the evaluation has pinned or fixed cases of its own");
    return own ? validateCases(*own, spec.evaluateCasesPerPrompt, spec.evaluatePinnedCases, spec.evaluateFixedCases, "evaluate_")
               : Status{};
}

} // namespace precedent::align
