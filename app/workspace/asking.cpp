#include "precedent/workspace/asking.h"

#include <set>

#include "precedent/align/context_budget.h"
#include "precedent/casebase/case_store.h"
#include "precedent/casebase/code_store.h"
#include "precedent/text/citations.h"
#include "precedent/text/refusal_analysis.h"
#include "precedent/workspace/case_retriever.h"

namespace precedent::workspace {
namespace {

struct Precedents {
    std::vector<core::Code> codes;
    std::vector<core::Case> cases; ///< approved ones
    std::set<std::string> known; ///< every id of a code or case, whatever its status
};

Result<Precedents> readPrecedents(const casebase::Casebase* casebase)
{
    Precedents all;
    if (casebase == nullptr)
        return all;
    const Result<std::vector<casebase::Code>> codes = casebase->codes().all();
    if (!codes)
        return codes.error();
    for (const casebase::Code& code : codes.value()) {
        all.codes.push_back({code.id, code.parent, code.title, code.simple, code.detailed});
        all.known.insert(code.id);
    }
    PRECEDENT_TRY(casebase->cases().forEach({}, [&](const casebase::Case& value) -> Status {
        all.known.insert(value.id);
        if (value.status != casebase::CaseStatus::approved || value.disposition == Disposition::unknown)
            return {};
        core::Case frozen{value.id, value.request, {}, value.disposition, value.chain, value.answer, value.twinId};
        for (const casebase::GoverningCode& code : value.codes)
            frozen.codes.push_back(code.code);
        all.cases.push_back(std::move(frozen));
        return {};
    }));
    return all;
}

std::vector<AskAnswer::Citation> resolvedCitations(
    const std::string& chain, const align::BuiltContext& context, const std::set<std::string>& known)
{
    std::set<std::string> shown(context.codesInContext.begin(), context.codesInContext.end());
    shown.insert(context.casesInContext.begin(), context.casesInContext.end());
    std::vector<AskAnswer::Citation> citations;
    std::set<std::string> seen;
    for (const std::string& cited : text::findCitations(chain)) {
        const auto alias = context.aliases.find(cited);
        const std::string id = alias == context.aliases.end() ? cited : alias->second;
        if (seen.insert(id).second)
            citations.push_back({id, shown.count(id) != 0, known.count(id) != 0});
    }
    return citations;
}

Result<align::FittedPrompt> fittedPrompt(const AskRequest& request, const align::PromptEncoder& encoder,
    const core::ContextTemplates& templates, const Precedents& precedents, int contextLength)
{
    std::vector<const core::Case*> ranked;
    if (request.mode == Mode::cases) {
        const Result<CaseRetriever> retriever = CaseRetriever::build(precedents.cases);
        if (!retriever)
            return retriever.error();
        CaseRetriever::Query query;
        query.text = request.text;
        query.seed = request.sampling.seed;
        query.barNearDuplicates = false;
        auto found = retriever.value().retrieve(query, static_cast<std::size_t>(request.casesPerPrompt));
        if (!found)
            return found.error();
        ranked = std::move(*found);
    }
    const int budget = contextLength - request.sampling.maxTokens;
    align::FittedPrompt fitted = align::fitPrompt(
        encoder, templates, request.mode, precedents.codes, std::move(ranked), {{"user", request.text}}, request.sampling.seed, budget);
    if (!fitted.fits)
        return Error(ErrorCode::invalidArgument,
            "The prompt has " + std::to_string(fitted.ids.size()) + " tokens with codes and request alone; the model's context leaves " +
                std::to_string(budget) + " beside an answer of " + std::to_string(request.sampling.maxTokens) + ".",
            "Choose a mode with a shorter context, fewer answer tokens, or a model with more positions. Nothing is cut silently.");
    return fitted;
}

} // namespace

Result<AskAnswer> ask(const AskRequest& request, const align::PromptEncoder& encoder, const core::ContextTemplates& templates,
    const casebase::Casebase* casebase, core::Model& model, std::stop_token stop)
{
    if (request.mode != Mode::none && casebase == nullptr)
        return Error(ErrorCode::invalidArgument,
            std::string("Mode ") + precedent::toString(request.mode) + " takes its codes and cases from a casebase, and none is named.",
            "Name one with --casebase, or ask in mode none.");
    const Result<Precedents> precedents = readPrecedents(casebase);
    if (!precedents)
        return precedents.error();
    const Result<align::FittedPrompt> fitted = fittedPrompt(request, encoder, templates, precedents.value(), model.info().contextLength);
    if (!fitted)
        return fitted.error();
    core::GenerationRequest generation;
    generation.prompts.push_back({fitted.value().ids, 1, request.sampling.seed});
    generation.sampling = request.sampling;
    generation.stopIds = encoder.stopIds();
    const Result<core::GenerationResult> result = model.generate(generation, stop);
    if (!result)
        return result.error();
    if (stop.stop_requested() || result.value().completions.empty())
        return Error(ErrorCode::cancelled, "The request was interrupted.");
    const core::Completion& completion = result.value().completions.front();
    AskAnswer answer;
    answer.text = encoder.completionText(completion.ids);
    const text::ParsedCompletion parsed = encoder.parse(answer.text, templates);
    answer.chain = parsed.chain;
    answer.answer = parsed.answer;
    answer.parseProblem = parsed.problem;
    if (completion.stopReason != core::StopReason::stopId && !encoder.endsAtStopText(completion.ids)) {
        answer.reasons.emplace_back("The answer was cut off at its length limit.");
    } else {
        text::Analysis analysis = text::analyseAnswer(request.text, parsed.answer);
        answer.verdict = analysis.verdict;
        answer.reasons = std::move(analysis.reasons);
    }
    answer.citations = resolvedCitations(parsed.chain, fitted.value().context, precedents.value().known);
    answer.context = fitted.value().rendered;
    answer.casesShown = fitted.value().casesKept;
    answer.casesDropped = fitted.value().casesDropped;
    return answer;
}

} // namespace precedent::workspace
