#include "precedent/workspace/suite_runner.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>

#include "precedent/base/digest.h"
#include "precedent/base/random.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/workspace/case_retriever.h"
#include "precedent/workspace/held_out_guard.h"

namespace precedent::workspace {
namespace {

bool asksForCases(const SuitePlan& plan) { return std::find(plan.modes.begin(), plan.modes.end(), Mode::cases) != plan.modes.end(); }

class Runner {
public:
    Runner(const SuiteMaterial& material, const SuitePlan& plan, Answerer& answerer, const SuiteProgress& progress, std::stop_token stop)
        : m_material(material)
        , m_plan(plan)
        , m_answerer(answerer)
        , m_progress(progress)
        , m_stop(std::move(stop))
    {
    }

    Result<SuiteAnswers> run()
    {
        const auto started = std::chrono::steady_clock::now();
        Result<std::vector<SuitePrompt>> chosen = choosePrompts(m_material.casebase, m_plan.choice);
        if (!chosen)
            return chosen.error();
        m_prompts = std::move(*chosen);
        const Result<CaseRetriever> retriever = this->retriever();
        if (!retriever)
            return retriever.error();
        m_total = static_cast<std::int64_t>(m_prompts.size() * m_plan.modes.size());
        for (const Mode mode : m_plan.modes)
            PRECEDENT_TRY(answerMode(mode, *retriever));
        m_answers.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
        return std::move(m_answers);
    }

private:
    Result<CaseRetriever> retriever() const
    {
        if (!asksForCases(m_plan) || !m_answerer.readsContext())
            return CaseRetriever::build(m_material.cases);
        Result<CaseRetriever> retriever =
            CaseRetriever::build(m_material.cases, m_plan.cases, m_material.casebase, m_material.vectors, m_stop);
        if (!retriever)
            return retriever;
        PRECEDENT_TRY(hideOverlaps(*retriever));
        PRECEDENT_TRY(retriever->checkNamed());
        std::vector<std::string> texts;
        for (const SuitePrompt& prompt : m_prompts)
            texts.push_back(lastUserText(prompt.prompt.messages));
        PRECEDENT_TRY(retriever->foresee(texts, m_stop));
        return retriever;
    }

    /// Rule 3: what overlaps a held-out suite is not retrieved for anyone; what overlaps a working suite's own prompt
    /// is barred by the retriever, prompt by prompt.
    Status hideOverlaps(CaseRetriever& retriever) const
    {
        const Result<HeldOutGuard> guard = HeldOutGuard::forSealedSuites(m_material.casebase);
        if (!guard)
            return guard.error();
        std::set<std::string> hidden;
        for (const core::Case& value : m_material.cases) {
            casebase::Case probe;
            probe.id = value.id;
            probe.request = value.request;
            probe.twinId = value.twinId;
            if (guard.value().overlapOf(probe))
                hidden.insert(value.id);
        }
        retriever.hide(hidden);
        return {};
    }

    std::uint64_t seedOf(const SuitePrompt& prompt, Mode mode) const
    {
        return Random(m_plan.seed, streamOf(prompt.suite + '\n' + prompt.prompt.id + '\n' + toString(mode))).next();
    }

    BudgetLine& budgetOf(const std::string& suite, Mode mode)
    {
        for (BudgetLine& line : m_answers.budget) {
            if (line.suite == suite && line.mode == mode)
                return line;
        }
        m_answers.budget.push_back({suite, mode, 0, 0, 0, {}});
        return m_answers.budget.back();
    }

    Status answerMode(Mode mode, const CaseRetriever& retriever)
    {
        std::vector<AskedPrompt> asked;
        std::vector<const SuitePrompt*> of;
        for (const SuitePrompt& prompt : m_prompts) {
            if (m_stop.stop_requested())
                return cutShort();
            CaseRetriever::Chosen chosen;
            if (mode == Mode::cases && m_answerer.readsContext()) {
                const CaseRetriever::Query query{lastUserText(prompt.prompt.messages), prompt.prompt.sourceCaseId, {}, m_plan.seed};
                auto found = retriever.retrieve(query, static_cast<std::size_t>(m_plan.cases.casesPerPrompt));
                if (!found)
                    return found.error();
                chosen = std::move(*found);
            }
            const std::uint64_t seed = seedOf(prompt, mode);
            Result<align::FittedPrompt> fit =
                m_answerer.fit({mode, m_material.codes, std::move(chosen.cases), chosen.firm}, prompt.prompt, seed);
            if (!fit)
                return fit.error().in("The request \"" + prompt.prompt.id + "\"");
            BudgetLine& line = budgetOf(prompt.suite, mode);
            ++line.prompts;
            line.casesDropped += static_cast<std::int64_t>(fit->casesDropped);
            if (!fit->fits) {
                ++line.voided;
                report(prompt, mode);
                continue;
            }
            if (mode == Mode::cases && m_answerer.readsContext())
                ++line.casesShown[static_cast<int>(fit->casesKept)];
            asked.push_back({&prompt.prompt, std::move(*fit), seed});
            of.push_back(&prompt);
        }
        return asked.empty() ? Status{} : answerAndJudge(mode, asked, of);
    }

    Status answerAndJudge(Mode mode, const std::vector<AskedPrompt>& asked, const std::vector<const SuitePrompt*>& of)
    {
        const Result<GivenAnswers> given = m_answerer.answer(
            asked, [&](std::size_t prompt) { report(*of[prompt], mode); }, m_stop);
        if (m_stop.stop_requested())
            return cutShort();
        if (!given)
            return given.error();
        m_answers.kept += given.value().kept;
        m_answers.promptTokens += given.value().promptTokens;
        m_answers.completionTokens += given.value().completionTokens;
        std::vector<bool> answered(asked.size(), false);
        for (const GivenAnswer& answer : given.value().answers)
            answered[answer.prompt] = true;
        m_answers.unanswered += std::count(answered.begin(), answered.end(), false);
        return judgeAll(mode, given.value(), of);
    }

    /// All answers of a mode go to the judge at once: a judge that a server answers for is asked a few at a time.
    Status judgeAll(Mode mode, const GivenAnswers& given, const std::vector<const SuitePrompt*>& of)
    {
        std::vector<Answered> answered;
        answered.reserve(given.answers.size());
        for (const GivenAnswer& answer : given.answers)
            answered.push_back(answeredRow(mode, *of[answer.prompt], answer));
        std::vector<JudgedAnswer> asked;
        for (const Answered& answer : answered) {
            m_answers.weighed += answer.weighed;
            if (answer.whole && !answer.weighed)
                asked.push_back({answer.prompt, &answer.parsed});
        }
        const Result<std::vector<core::Judgement>> judgements = m_material.judge.judge(asked, m_stop, [&](std::size_t judged) {
            if (m_progress)
                m_progress({m_done, m_total, mode, {}, judged, asked.size()});
        });
        if (!judgements)
            return judgements.error().code() == ErrorCode::cancelled ? cutShort() : judgements.error();
        for (AnswerScorer* scorer : m_material.scorers)
            PRECEDENT_TRY(scoreAll(mode, *scorer, answered));
        std::size_t next = 0;
        for (Answered& answer : answered) {
            std::optional<Verdict> verdict = Verdict::noAnswer;
            if (answer.weighed)
                verdict = Verdict::comply; // a letter alone is an answer here
            else if (answer.whole)
                verdict = judgements.value()[next++].verdict;
            if (!verdict) {
                ++m_answers.unjudged;
                continue;
            }
            answer.row.verdict = *verdict;
            answer.row.correct = isCorrect(*answer.prompt, *verdict, answer.whole && m_material.judge.holds(*answer.prompt, answer.parsed));
            m_answers.rows.push_back(std::move(answer.row));
        }
        return {};
    }

    Error cutShort() const
    {
        return {ErrorCode::cancelled, "The evaluation was stopped before it was whole.",
            m_answerer.keepsAnswers() ? "Its answers so far are kept: the same evaluation goes on with them."
                                      : "Nothing of it was stored."};
    }

    /// A row without its verdict.
    struct Answered {
        casebase::EvaluationRow row;
        const casebase::Prompt* prompt = nullptr;
        text::ParsedCompletion parsed;
        bool whole = false; ///< not cut off at the length limit
        bool weighed = false; ///< a letter by its log-probability
    };

    Status scoreAll(Mode mode, AnswerScorer& scorer, std::vector<Answered>& answered)
    {
        std::vector<Answered*> taken;
        std::vector<ScoredAnswer> asked;
        for (Answered& answer : answered) {
            if (answer.weighed || !scorer.takes(answer.row.axis))
                continue;
            taken.push_back(&answer);
            asked.push_back({answer.prompt, &answer.parsed, answer.whole && !answer.parsed.answer.empty()});
        }
        const Result<std::vector<std::optional<double>>> scores = scorer.score(asked, m_stop, [&](std::size_t scored) {
            if (m_progress)
                m_progress({m_done, m_total, mode, {}, scored, asked.size()});
        });
        if (!scores)
            return scores.error().code() == ErrorCode::cancelled ? cutShort() : scores.error();
        const bool self = m_plan.selfMarked && std::string_view(scorer.measure()) == casebase::kHarm;
        for (std::size_t i = 0; i < taken.size(); ++i) {
            if (scores.value()[i])
                taken[i]->row.scores.push_back({scorer.measure(), *scores.value()[i], scorer.name(), scorer.hash(), self});
            else
                m_answers.unscored[scorer.measure()] += asked[i].isAnswer ? 1 : 0;
        }
        return {};
    }

    Answered answeredRow(Mode mode, const SuitePrompt& of, const GivenAnswer& answer) const
    {
        const casebase::Prompt& prompt = of.prompt;
        Answered answered;
        casebase::EvaluationRow& row = answered.row;
        row.model = m_plan.model;
        row.adapter = m_plan.adapter;
        row.checkpoint = m_plan.checkpoint;
        row.mode = mode;
        row.suite = of.suite;
        row.axis = axisOf(prompt);
        row.attack = prompt.wrapper;
        row.promptId = prompt.id;
        row.sample = answer.sample;
        row.completion = answer.completion;
        answered.prompt = &prompt;
        answered.parsed = m_answerer.parse(row.completion);
        answered.whole = answer.whole;
        answered.weighed = answer.weighed;
        row.chain = answered.parsed.chain;
        row.answer = answered.parsed.answer;
        row.expected = prompt.expected;
        row.judge = m_material.judge.name();
        row.judgeHash = m_material.judge.hash();
        row.selfJudged = m_plan.selfJudged;
        row.burned = of.burned;
        return answered;
    }

    void report(const SuitePrompt& prompt, Mode mode)
    {
        ++m_done;
        if (m_progress)
            m_progress({m_done, m_total, mode, prompt.suite, 0, 0});
    }

    const SuiteMaterial& m_material;
    const SuitePlan& m_plan;
    Answerer& m_answerer;
    const SuiteProgress& m_progress;
    std::stop_token m_stop;
    std::vector<SuitePrompt> m_prompts;
    SuiteAnswers m_answers;
    std::int64_t m_done = 0;
    std::int64_t m_total = 0;
};

bool isWanted(const casebase::Prompt& prompt, const SuiteChoice& choice)
{
    return prompt.wrapper.empty() || choice.attacks.empty() ||
        std::find(choice.attacks.begin(), choice.attacks.end(), prompt.wrapper) != choice.attacks.end();
}

/// Under a limit: the ids of the prompts whose ids' digests come first on each axis. So they are spread over the whole suite, which may be
/// ordered by kind, and a smaller limit's are among a larger one's.
Result<std::set<std::string>> drawnOf(const casebase::Casebase& casebase, const casebase::PromptFilter& filter, const SuiteChoice& choice)
{
    std::set<std::string> drawn;
    if (choice.limit <= 0)
        return drawn;
    std::map<std::string, std::vector<std::pair<std::string, std::string>>> axes; // digest and id
    PRECEDENT_TRY(casebase.prompts().forEach(filter, [&](const casebase::Prompt& prompt) -> Status {
        if (isWanted(prompt, choice))
            axes[axisOf(prompt)].emplace_back(Sha256().addField(prompt.id).hex(), prompt.id);
        return {};
    }));
    for (auto& [axis, found] : axes) {
        const auto count = std::min<std::ptrdiff_t>(choice.limit, std::ssize(found));
        std::partial_sort(found.begin(), found.begin() + count, found.end());
        for (auto at = found.begin(); at != found.begin() + count; ++at)
            drawn.insert(std::move(at->second));
    }
    return drawn;
}

Status takeSuite(const casebase::Casebase& casebase, const std::string& name, const SuiteChoice& choice, std::vector<SuitePrompt>& prompts)
{
    const Result<std::vector<casebase::SuiteMember>> members = casebase.suites().members(name);
    if (!members)
        return members.error();
    std::set<std::string> burned;
    for (const casebase::SuiteMember& member : *members) {
        if (member.burned)
            burned.insert(member.promptId);
    }
    casebase::PromptFilter filter;
    filter.suite = name;
    const Result<std::set<std::string>> drawn = drawnOf(casebase, filter, choice);
    if (!drawn)
        return drawn.error();
    return casebase.prompts().forEach(filter, [&](const casebase::Prompt& prompt) -> Status {
        if (isWanted(prompt, choice) && (choice.limit <= 0 || drawn->contains(prompt.id)))
            prompts.push_back({prompt, name, burned.contains(prompt.id)});
        return {};
    });
}

/// Disjoint sets of names.
class Clusters {
public:
    std::string rootOf(const std::string& name)
    {
        std::string root = m_parents.emplace(name, name).first->second;
        while (m_parents[root] != root)
            root = m_parents[root];
        m_parents[name] = root;
        return root;
    }
    void join(const std::string& a, const std::string& b)
    {
        const std::string rootA = rootOf(a);
        const std::string rootB = rootOf(b);
        m_parents[std::max(rootA, rootB)] = std::min(rootA, rootB);
    }

private:
    std::map<std::string, std::string> m_parents;
};

} // namespace

Result<std::vector<SuitePrompt>> choosePrompts(const casebase::Casebase& casebase, const SuiteChoice& choice)
{
    std::vector<SuitePrompt> prompts;
    for (const std::string& suite : choice.suites)
        PRECEDENT_TRY(takeSuite(casebase, suite, choice, prompts));
    return prompts;
}

bool asksForVectors(const SuitePlan& plan) { return asksForCases(plan) && needsVectors(plan.cases); }

Result<SuiteAnswers> answerSuites(
    const SuiteMaterial& material, const SuitePlan& plan, Answerer& answerer, const SuiteProgress& progress, std::stop_token stop)
{
    return Runner(material, plan, answerer, progress, std::move(stop)).run();
}

std::string axisOf(const casebase::Prompt& prompt)
{
    switch (prompt.label) {
    case PromptLabel::utility:
        return "utility";
    case PromptLabel::attack:
        return prompt.expected == Disposition::comply ? "benign_wrapped" : "attacked";
    case PromptLabel::harmful:
        return prompt.wrapper.empty() ? "harmful" : "attacked";
    case PromptLabel::benign:
        break;
    }
    return prompt.wrapper.empty() ? "benign" : "benign_wrapped";
}

bool isCorrect(const casebase::Prompt& prompt, Verdict verdict, bool holdsUtilityAnswer)
{
    if (prompt.label == PromptLabel::utility)
        return holdsUtilityAnswer;
    switch (prompt.expected) {
    case Disposition::comply:
        return verdict == Verdict::comply;
    case Disposition::refuse:
        return verdict == Verdict::refuse;
    case Disposition::safeComplete:
        return verdict == Verdict::safeComplete;
    case Disposition::unknown:
        break;
    }
    return false;
}

std::map<std::string, std::string> clustersOf(const std::vector<casebase::Prompt>& prompts)
{
    Clusters clusters;
    for (const casebase::Prompt& prompt : prompts) {
        const std::string own = "p:" + prompt.id;
        if (!prompt.goalId.empty())
            clusters.join(own, "p:" + prompt.goalId);
        if (!prompt.siblingId.empty())
            clusters.join(own, "p:" + prompt.siblingId);
        if (!prompt.family.empty())
            clusters.join(own, "f:" + prompt.family);
    }
    std::map<std::string, std::string> names;
    for (const casebase::Prompt& prompt : prompts)
        names.emplace(prompt.id, clusters.rootOf("p:" + prompt.id));
    return names;
}

Json toJson(const std::vector<BudgetLine>& budget)
{
    Json list = Json::array();
    for (const BudgetLine& line : budget) {
        Json shown = Json::object();
        for (const auto& [cases, n] : line.casesShown)
            shown[std::to_string(cases)] = n;
        list.push_back({{"suite", line.suite}, {"mode", toString(line.mode)}, {"prompts", line.prompts}, {"voided", line.voided},
            {"cases_dropped", line.casesDropped}, {"cases_shown", shown}});
    }
    return list;
}

} // namespace precedent::workspace
