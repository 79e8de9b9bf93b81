#include "precedent/workspace/freezer.h"

#include <algorithm>

#include "precedent/align/context_budget.h"
#include "precedent/casebase/case_store.h"
#include "precedent/casebase/code_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/workspace/held_out_guard.h"
#include "precedent/workspace/precedent_set.h"
#include "precedent/workspace/run_examples.h"
#include "precedent/workspace/run_inputs_json.h"

namespace precedent::workspace {
namespace {

/// Aliases and the order of the cases are drawn again for each rollout, which moves a prompt's length by a token here
/// and there; this much stays free so that what fits here fits there.
constexpr int kTokensForAliases = 8;

core::TrainingPrompt promptFromCase(const core::Case& value)
{
    core::TrainingPrompt prompt;
    prompt.id = "case:" + value.id;
    prompt.messages = value.request;
    prompt.label = value.disposition == Disposition::comply ? PromptLabel::benign : PromptLabel::harmful;
    prompt.expected = value.disposition;
    prompt.governingCodes = value.codes;
    prompt.sourceCaseId = value.id;
    return prompt;
}

core::TrainingPrompt promptFrom(const casebase::Prompt& value)
{
    return {value.id, value.messages, value.label, value.expected, value.governingCodes, value.utilityAnswer, value.sourceCaseId, {}};
}

class Freezer {
public:
    Freezer(const casebase::Casebase& casebase, const core::RunSpec& spec, const core::ContextTemplates& templates,
        const align::PromptEncoder& encoder, const FreezeOptions& options)
        : m_casebase(casebase)
        , m_spec(spec)
        , m_encoder(encoder)
        , m_options(options)
    {
        m_frozen.inputs.spec = spec;
        m_frozen.inputs.templates = templates;
        m_frozen.inputs.modelFolder = options.modelFolder.string();
        m_frozen.report.promptBudget = align::promptBudget(spec, options.contextLength);
    }

    Result<Frozen> run()
    {
        Result<HeldOutGuard> guard = HeldOutGuard::forSealedSuites(m_casebase);
        if (!guard)
            return guard.error();
        PRECEDENT_TRY(takeCodes());
        PRECEDENT_TRY(takeCases(*guard));
        PRECEDENT_TRY(takePrompts(*guard));
        PRECEDENT_TRY(takeExamples(*guard));
        PRECEDENT_TRY(retrieveCases());
        PRECEDENT_TRY(checkSomethingIsLeft());
        m_frozen.report.promptsUsed = static_cast<std::int64_t>(m_frozen.inputs.prompts.size());
        m_frozen.inputs.contentHash = contentHash(m_frozen.inputs);
        return std::move(m_frozen);
    }

private:
    bool draws(Mode mode) const { return drawsMode(m_spec, mode); }

    Status takeCodes()
    {
        Result<std::vector<casebase::Code>> codes = m_casebase.codes().all();
        if (!codes)
            return codes.error();
        for (const casebase::Code& code : *codes)
            m_frozen.inputs.codes.push_back(frozenCode(code));
        m_frozen.report.codes = static_cast<std::int64_t>(codes->size());
        return {};
    }

    bool usable(const casebase::Case& value)
    {
        if (!isInForce(value, m_options.includeDrafts)) {
            ++m_frozen.report.casesLeftOut[casebase::toString(value.status)];
            return false;
        }
        if (value.disposition == Disposition::unknown) {
            ++m_frozen.report.casesLeftOut["unknown disposition"];
            return false;
        }
        return true;
    }

    Status takeCases(const HeldOutGuard& guard)
    {
        return m_casebase.cases().forEach({}, [&](const casebase::Case& value) -> Status {
            ++m_frozen.report.casesTotal;
            if (!usable(value))
                return {};
            m_frozen.inputs.cases.push_back(frozenCase(value));
            if (guard.overlapOf(value))
                m_frozen.report.casesHidden.push_back(value.id);
            else
                m_frozen.inputs.exampleCases.push_back(value.id);
            ++m_frozen.report.casesUsed;
            return {};
        });
    }

    Status findWorkingSuites()
    {
        const Result<std::vector<std::string>> suites = m_casebase.suites().named(casebase::SuiteRole::working);
        if (!suites)
            return suites.error();
        for (const std::string& suite : *suites) {
            const Result<std::vector<casebase::SuiteMember>> members = m_casebase.suites().members(suite);
            if (!members)
                return members.error();
            for (const casebase::SuiteMember& member : *members)
                m_workingSuites.emplace(member.promptId, suite);
        }
        return {};
    }

    Status takePrompts(const HeldOutGuard& guard)
    {
        PRECEDENT_TRY(findWorkingSuites());
        casebase::PromptFilter outside;
        outside.outsideSealed = true;
        PRECEDENT_TRY(m_casebase.prompts().forEach(outside, [&](const casebase::Prompt& prompt) -> Status {
            ++m_frozen.report.promptsTotal;
            if (const std::optional<Overlap> overlap = guard.overlapOf(prompt)) {
                m_frozen.report.excluded.push_back({prompt.id, overlap->kind, overlap->with});
                return {};
            }
            m_frozen.inputs.prompts.push_back(promptFrom(prompt));
            const auto [first, last] = m_workingSuites.equal_range(prompt.id);
            for (auto of = first; of != last; ++of)
                ++m_frozen.report.promptsOfWorkingSuites[of->second];
            m_siblings.emplace(prompt.id, prompt.siblingId);
            if (!prompt.sourceCaseId.empty())
                m_sourceCases.emplace(prompt.id, prompt.sourceCaseId);
            return {};
        }));
        if (m_frozen.report.promptsTotal > 0)
            return {};
        m_frozen.report.promptsFromCases = true;
        const std::set<std::string> hidden(m_frozen.report.casesHidden.begin(), m_frozen.report.casesHidden.end());
        for (const core::Case& value : m_frozen.inputs.cases) {
            ++m_frozen.report.promptsTotal;
            if (hidden.count(value.id) == 0)
                m_frozen.inputs.prompts.push_back(promptFromCase(value));
            else
                m_frozen.report.excluded.push_back({"case:" + value.id, "held-out overlap", value.id});
        }
        return {};
    }

    Status takeExamples(const HeldOutGuard& guard)
    {
        if (m_spec.sftExamples != core::SftExamples::file)
            return {};
        Result<std::vector<core::GivenExample>> examples = readExamples(m_spec.sftFile);
        if (!examples)
            return examples.error();
        m_frozen.report.examplesTotal = static_cast<std::int64_t>(examples->size());
        for (core::GivenExample& example : *examples) {
            casebase::Prompt asked; // an id of the casebase's own brings its goal, twin and family with it
            if (const Result<casebase::Prompt> known = m_casebase.prompts().find(example.id); known)
                asked = known.value();
            asked.id = example.id;
            asked.messages = example.request;
            if (const std::optional<Overlap> overlap = guard.overlapOf(asked))
                m_frozen.report.examplesExcluded.push_back({example.id, overlap->kind, overlap->with});
            else
                m_frozen.inputs.givenExamples.push_back(std::move(example));
        }
        return {};
    }

    std::set<std::string> declaredTwins(const CaseRetriever& retriever, const core::TrainingPrompt& prompt) const
    {
        std::set<std::string> twins;
        if (const core::Case* own = retriever.find(prompt.sourceCaseId); own != nullptr && !own->twinId.empty())
            twins.insert(own->twinId);
        if (const auto sibling = m_siblings.find(prompt.id); sibling != m_siblings.end() && !sibling->second.empty()) {
            if (const auto source = m_sourceCases.find(sibling->second); source != m_sourceCases.end())
                twins.insert(source->second);
        }
        return twins;
    }

    /// False if the prompt does not fit with codes, request and named cases; the others give way and leave `chosen`. Fails
    /// for a prompt that the model's chat template refuses, so that a run that cannot go through does not begin.
    Result<bool> fits(const core::TrainingPrompt& prompt, Mode mode, CaseRetriever::Chosen& chosen)
    {
        const int budget = m_frozen.report.promptBudget - (mode == Mode::cases ? kTokensForAliases : 0);
        const Result<align::FittedPrompt> fit = align::fitPrompt(m_encoder, m_frozen.inputs.templates, mode, m_frozen.inputs.codes,
            chosen.cases, prompt.messages, m_spec.seed, budget, chosen.firm);
        if (!fit)
            return fit.error().in("The request \"" + prompt.id + "\"");
        const align::FittedPrompt& fitted = *fit;
        if (mode == Mode::cases && fitted.fits) {
            ++m_frozen.report.casesShown[static_cast<int>(fitted.casesKept)];
            m_frozen.report.casesDropped += static_cast<std::int64_t>(fitted.casesDropped);
            m_frozen.report.promptsWithDroppedCases += fitted.casesDropped > 0 ? 1 : 0;
            chosen.cases.resize(fitted.casesKept);
        }
        return fitted.fits;
    }

    Result<CaseRetriever> retriever() const
    {
        if (!draws(Mode::cases))
            return CaseRetriever::build(m_frozen.inputs.cases);
        Result<CaseRetriever> retriever =
            CaseRetriever::build(m_frozen.inputs.cases, trainingChoice(m_spec), m_casebase, m_options.vectors);
        if (!retriever)
            return retriever;
        retriever->hide({m_frozen.report.casesHidden.begin(), m_frozen.report.casesHidden.end()});
        PRECEDENT_TRY(retriever->checkNamed());
        std::vector<std::string> texts;
        for (const core::TrainingPrompt& prompt : m_frozen.inputs.prompts)
            texts.push_back(lastUserText(prompt.messages));
        PRECEDENT_TRY(retriever->foresee(texts));
        return retriever;
    }

    Status retrieveCases()
    {
        const Result<CaseRetriever> retriever = this->retriever();
        if (!retriever)
            return retriever.error();
        std::vector<ShownDispositions> shown;
        std::vector<core::TrainingPrompt> kept;
        for (core::TrainingPrompt& prompt : m_frozen.inputs.prompts) {
            CaseRetriever::Chosen chosen;
            if (draws(Mode::cases)) {
                const CaseRetriever::Query query{
                    lastUserText(prompt.messages), prompt.sourceCaseId, declaredTwins(*retriever, prompt), m_spec.seed};
                auto found = retriever->retrieve(query, static_cast<std::size_t>(std::max(0, m_spec.casesPerPrompt)));
                if (!found)
                    return found.error();
                chosen = std::move(*found);
            }
            std::string tooLongIn;
            for (const Mode mode : {Mode::none, Mode::codes, Mode::cases}) {
                if (!tooLongIn.empty() || !draws(mode))
                    continue;
                const Result<bool> fit = fits(prompt, mode, chosen);
                if (!fit)
                    return fit.error();
                if (!fit.value())
                    tooLongIn = toString(mode);
            }
            if (!tooLongIn.empty()) {
                m_frozen.report.excluded.push_back({prompt.id, "over budget", tooLongIn});
                continue;
            }
            ShownDispositions line{prompt.expected, {}};
            for (const core::Case* value : chosen.cases) {
                prompt.retrieved.push_back(value->id);
                line.shown.push_back(value->disposition);
            }
            shown.push_back(std::move(line));
            kept.push_back(std::move(prompt));
        }
        m_frozen.inputs.prompts = std::move(kept);
        if (draws(Mode::cases))
            m_frozen.report.leak = leakFigure(shown);
        return {};
    }

    Status checkSomethingIsLeft() const
    {
        const FreezeReport& report = m_frozen.report;
        if (draws(Mode::cases) && report.casesUsed == 0)
            return Error(ErrorCode::failedPrecondition,
                "Mode cases needs cases, and none of the casebase's " + grouped(report.casesTotal) +
                    " can be used: " + (report.casesTotal == 0 ? "there are none." : "none is approved with a known disposition."),
                "Approve cases, use drafts as well (--include-drafts), or train in another mode (--set mode=codes).");
        if (!m_frozen.inputs.prompts.empty())
            return {};
        std::string why = "there is no prompt outside the sealed suites and no case to make one from";
        if (!report.excluded.empty()) {
            const auto overBudget = std::count_if(
                report.excluded.begin(), report.excluded.end(), [](const ExcludedPrompt& e) { return e.reason == "over budget"; });
            why = grouped(static_cast<std::int64_t>(report.excluded.size()) - overBudget) + " overlap a sealed suite and " +
                grouped(overBudget) + " do not fit in " + std::to_string(report.promptBudget) +
                " prompt tokens with codes and request alone";
        }
        return Error(ErrorCode::failedPrecondition, "No training prompt is left: " + why + ".",
            "Add prompts, choose a mode with a shorter context (--set mode=none), or a model with more positions.");
    }

    const casebase::Casebase& m_casebase;
    const core::RunSpec& m_spec;
    const align::PromptEncoder& m_encoder;
    const FreezeOptions& m_options;
    std::map<std::string, std::string> m_siblings; ///< prompt -> its declared twin
    std::map<std::string, std::string> m_sourceCases; ///< prompt -> the case it was made from
    std::multimap<std::string, std::string> m_workingSuites; ///< prompt -> suites that it is in and that may be trained on
    Frozen m_frozen;
};

} // namespace

Result<Frozen> freeze(const casebase::Casebase& casebase, const core::RunSpec& spec, const core::ContextTemplates& templates,
    const align::PromptEncoder& encoder, const FreezeOptions& options)
{
    return Freezer(casebase, spec, templates, encoder, options).run();
}

} // namespace precedent::workspace
