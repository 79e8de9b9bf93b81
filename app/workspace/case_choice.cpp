#include "precedent/workspace/case_choice.h"

#include "precedent/align/case_settings.h"

namespace precedent::workspace {

CaseChoice trainingChoice(const core::RunSpec& spec)
{
    return {spec.retrieval, spec.retrievalModel, spec.casesPerPrompt, spec.pinnedCases, spec.fixedCases};
}

CaseChoice evaluationChoice(const core::RunSpec& spec)
{
    const auto own = retrievalFromString(spec.evaluateRetrieval);
    if (!own)
        return trainingChoice(spec);
    return {*own, spec.retrievalModel, spec.evaluateCasesPerPrompt, spec.evaluatePinnedCases, spec.evaluateFixedCases};
}

bool drawsMode(const core::RunSpec& spec, Mode mode)
{
    const auto drawsOf = [&](const std::map<std::string, double>& shares) {
        const auto share = shares.find(toString(mode));
        return share != shares.end() && share->second > 0;
    };
    return drawsOf(spec.modeWeights) || (spec.selfGenerationSteps > 0 && drawsOf(spec.selfGenerationMode));
}

Status check(const CaseChoice& choice)
{
    return align::validateCases(choice.retrieval, choice.casesPerPrompt, choice.pinned, choice.fixed, "");
}

Json toJson(const CaseChoice& choice)
{
    return {{"cases_per_prompt", choice.casesPerPrompt}, {"retrieval", toString(choice.retrieval)}, {"retrieval_model", choice.model},
        {"pinned_cases", choice.pinned}, {"fixed_cases", choice.fixed}};
}

} // namespace precedent::workspace
