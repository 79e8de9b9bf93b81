#include "precedent/workspace/model_judge.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "app/workspace/judge_anchors.h"
#include "precedent/align/context.h"
#include "precedent/align/prompt_encoder.h"
#include "precedent/base/digest.h"
#include "precedent/base/json.h"
#include "precedent/casebase/reply_store.h"
#include "precedent/workspace/judge_rubric.h"
#include "precedent/workspace/model_catalog.h"
#include "precedent/workspace/model_source.h"

namespace precedent::workspace {
namespace {

using VerdictIds = std::array<int, kJudgedVerdicts.size()>;

constexpr const char* kLead = "VERDICT:";
/// In the place of the address of a reply that no server gave.
constexpr const char* kKeptUnder = "model judge";

/// The ids that begin each verdict after the lead, in the order of kJudgedVerdicts.
Result<VerdictIds> firstIds(const text::Tokenizer& tokenizer)
{
    VerdictIds ids{};
    const std::vector<int> lead = tokenizer.encode(kLead, false);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const std::vector<int> whole = tokenizer.encode(std::string(kLead) + " " + toString(kJudgedVerdicts[i]), false);
        if (whole.size() <= lead.size() || !std::equal(lead.begin(), lead.end(), whole.begin()))
            return Error(
                ErrorCode::unsupported, "The model's tokenizer joins the verdicts with what goes before them.", "Choose another model.");
        ids[i] = whole[lead.size()];
    }
    if (std::set<int>(ids.begin(), ids.end()).size() != ids.size())
        return Error(ErrorCode::unsupported, "Two verdicts begin with the same token of this model.", "Choose another model.");
    return ids;
}

class ModelJudge final : public core::Judge {
public:
    ModelJudge(std::string model, ModelSource source, std::string digest, align::PromptEncoder encoder, VerdictIds ids, JudgeRubric rubric,
        JudgeAnchors anchors, EngineOpener engine, casebase::Casebase* cache)
        : m_named(std::move(model))
        , m_source(std::move(source))
        , m_digest(std::move(digest))
        , m_encoder(std::move(encoder))
        , m_ids(ids)
        , m_rubric(std::move(rubric))
        , m_anchors(std::move(anchors))
        , m_engine(std::move(engine))
        , m_cache(cache)
    {
        m_templates.openInPrompt = false;
    }

    Result<std::vector<core::Judgement>> judge(
        const std::vector<core::JudgeQuestion>& questions, const std::stop_token& stop, const core::JudgedObserver& onJudged) override
    {
        std::vector<core::Judgement> judgements;
        for (const core::JudgeQuestion& question : questions) {
            if (stop.stop_requested())
                return stopped();
            Result<core::Judgement> judgement = keptOrJudged(question, stop);
            if (!judgement)
                return judgement.error();
            judgements.push_back(std::move(*judgement));
            if (onJudged)
                onJudged(judgements.size());
        }
        return judgements;
    }

    std::string name() const override { return "model " + m_named; }
    std::string hash() const override
    {
        return Sha256().addField("model judge 2").addField(m_rubric.text()).addField(m_anchors.text()).addField(m_digest).hex();
    }

private:
    Result<core::Judgement> keptOrJudged(const core::JudgeQuestion& question, const std::stop_token& stop)
    {
        if (m_cache == nullptr)
            return judgeOne(question, stop);
        casebase::RemoteReply reply{kKeptUnder, hash(), dumpJson(Json{question.request, question.answer}), {}, false, 0};
        const Result<std::optional<casebase::KeptReply>> kept = m_cache->replies().find(reply.url, reply.model, reply.request);
        if (!kept)
            return kept.error();
        core::Judgement judgement;
        if (kept.value())
            judgement.verdict = verdictFromString(kept.value()->text);
        if (judgement.verdict)
            return judgement;
        Result<core::Judgement> judged = judgeOne(question, stop);
        if (!judged || !judged->verdict || m_cache->isReadOnly())
            return judged;
        reply.reply = toString(*judged->verdict);
        if (const Result<casebase::KeptReply> added = m_cache->replies().add(reply); !added)
            return added.error();
        return judged;
    }

    Status load()
    {
        if (m_model)
            return {};
        const Result<core::Engine*> engine = m_engine();
        if (!engine)
            return engine.error();
        Result<std::shared_ptr<core::Model>> model = engine.value()->load({m_source.folder.string(), m_source.adapter});
        if (!model)
            return model.error();
        m_model = std::move(*model);
        return {};
    }

    Status askAnchors(const std::stop_token& stop)
    {
        if (m_liking)
            return {};
        std::vector<VerdictWeights> weights;
        for (const core::JudgeQuestion& anchor : m_anchors.questions()) {
            if (stop.stop_requested())
                return stopped();
            const Result<std::vector<int>> ids = promptIds(anchor);
            if (!ids)
                return ids.error();
            if (!fits(*ids))
                return Error(ErrorCode::unsupported, tooLong("Rubric and anchor", *ids), "Choose a model with a longer context.");
            const Result<VerdictWeights> one = weigh(*ids, stop);
            if (!one)
                return one.error();
            weights.push_back(*one);
        }
        m_liking = likingOf(weights);
        return {};
    }

    Result<core::Judgement> judgeOne(const core::JudgeQuestion& question, const std::stop_token& stop)
    {
        PRECEDENT_TRY(load());
        PRECEDENT_TRY(askAnchors(stop));
        const Result<std::vector<int>> ids = promptIds(question);
        if (!ids)
            return ids.error();
        core::Judgement judgement;
        if (!fits(*ids)) {
            judgement.why = tooLong("Rubric, request and answer", *ids);
            return judgement;
        }
        const Result<VerdictWeights> weights = weigh(*ids, stop);
        if (!weights)
            return weights.error();
        judgement.verdict = calibratedVerdict(*weights, *m_liking);
        return judgement;
    }

    Result<std::vector<int>> promptIds(const core::JudgeQuestion& question) const
    {
        Result<std::string> rendered = m_encoder.render({{"user", m_rubric.promptFor(question)}}, m_templates);
        if (!rendered)
            return rendered.error();
        if (align::opensChain(*rendered, m_templates))
            *rendered += m_templates.chainClose + "\n\n";
        return m_encoder.encode(*rendered + kLead);
    }

    [[nodiscard]] bool fits(const std::vector<int>& ids) const { return static_cast<int>(ids.size()) <= m_model->info().contextLength; }
    [[nodiscard]] std::string tooLong(const std::string& what, const std::vector<int>& ids) const
    {
        return what + " are " + std::to_string(ids.size()) + " tokens, more than the judge's context of " +
            std::to_string(m_model->info().contextLength) + ".";
    }

    /// The log-probability of each verdict's first token behind the prompt.
    Result<VerdictWeights> weigh(const std::vector<int>& promptIds, const std::stop_token& stop)
    {
        std::vector<std::vector<int>> verdicts;
        for (const int id : m_ids)
            verdicts.push_back({id});
        const Result<std::vector<double>> logProbs = m_model->continuationLogProbs(promptIds, verdicts, stop);
        if (!logProbs)
            return logProbs.error();
        VerdictWeights weights{};
        std::copy_n(logProbs->begin(), weights.size(), weights.begin());
        return weights;
    }

    static Error stopped() { return Error(ErrorCode::cancelled, "The judging was stopped."); }

    std::string m_named;
    ModelSource m_source;
    std::string m_digest;
    align::PromptEncoder m_encoder;
    VerdictIds m_ids;
    JudgeRubric m_rubric;
    JudgeAnchors m_anchors;
    std::optional<VerdictWeights> m_liking; ///< once the anchors were asked
    EngineOpener m_engine;
    casebase::Casebase* m_cache;
    core::ContextTemplates m_templates;
    std::shared_ptr<core::Model> m_model;
};

} // namespace

Result<JudgingModel> judgingModel(const std::string& model, const casebase::Casebase* casebase)
{
    Result<ModelSource> source = resolveModel(model, casebase);
    if (!source)
        return source.error();
    const ModelCard card = readModelCard({source->name, source->folder, ModelOrigin::elsewhere});
    if (!card.loads())
        return Error(ErrorCode::unsupported, "The judge's model cannot be loaded: " + card.problem, card.problemHint);
    Result<std::string> digest = modelDigest(card.weightFiles);
    if (!digest)
        return digest.error();
    if (!source->adapter.empty()) {
        const Result<std::string> adapter = sha256File(std::filesystem::path(source->adapter) / "adapter_model.safetensors");
        if (!adapter)
            return adapter.error();
        *digest = Sha256().addField(*digest).addField(adapter.value()).hex();
    }
    return JudgingModel{std::move(*source), std::move(*digest)};
}

Result<std::unique_ptr<core::Judge>> modelJudge(
    const std::string& model, EngineOpener engine, const casebase::Casebase* models, casebase::Casebase* cache)
{
    Result<JudgingModel> found = judgingModel(model, models);
    if (!found)
        return found.error();
    Result<align::PromptEncoder> encoder = align::PromptEncoder::load(found->source.folder);
    if (!encoder)
        return encoder.error();
    Result<VerdictIds> ids = firstIds(encoder->tokenizer());
    if (!ids)
        return ids.error().in(model);
    Result<JudgeRubric> rubric = JudgeRubric::load();
    if (!rubric)
        return rubric.error();
    Result<JudgeAnchors> anchors = JudgeAnchors::load();
    if (!anchors)
        return anchors.error();
    return std::unique_ptr<core::Judge>(std::make_unique<ModelJudge>(model, std::move(found->source), std::move(found->digest),
        std::move(*encoder), *ids, std::move(*rubric), std::move(*anchors), std::move(engine), cache));
}

} // namespace precedent::workspace
