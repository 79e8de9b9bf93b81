#include "precedent/align/context_budget.h"
#include "precedent/align/prompt_encoder.h"
#include "precedent/align/templates.h"
#include "precedent/workspace/answer_scorer.h"
#include "precedent/workspace/multiple_choice.h"

namespace precedent::workspace {
namespace {

class LikelihoodScorer final : public AnswerScorer {
public:
    LikelihoodScorer(
        std::string named, ModelSource source, align::PromptEncoder encoder, core::ContextTemplates templates, EngineOpener engine)
        : m_named(std::move(named))
        , m_source(std::move(source))
        , m_encoder(std::move(encoder))
        , m_templates(std::move(templates))
        , m_engine(std::move(engine))
    {
    }

    const char* measure() const override { return casebase::kNll; }
    bool takes(const std::string& axis) const override { return axis == "benign" || axis == "benign_wrapped" || axis == "utility"; }
    std::string name() const override { return m_named; }
    std::string hash() const override { return m_model ? m_model->info().sha256 : std::string(); }

    Result<std::vector<std::optional<double>>> score(
        const std::vector<ScoredAnswer>& answers, const std::stop_token& stop, const ScoredObserver& onScored) override
    {
        PRECEDENT_TRY(load());
        std::vector<std::optional<double>> scores;
        for (const ScoredAnswer& answer : answers) {
            Result<std::optional<double>> one = answer.isAnswer ? scoreOne(answer, stop) : std::optional<double>();
            if (!one)
                return one.error();
            scores.push_back(*one);
            if (onScored)
                onScored(scores.size());
        }
        return scores;
    }

private:
    Status load()
    {
        if (m_model)
            return {};
        const Result<core::Engine*> engine = m_engine();
        if (!engine)
            return engine.error();
        Result<std::shared_ptr<core::Model>> model = engine.value()->load({m_source.folder.string(), m_source.adapter});
        if (!model)
            return model.error().in("the model that answers' perplexity is measured with");
        m_model = std::move(*model);
        return {};
    }

    Result<std::optional<double>> scoreOne(const ScoredAnswer& answer, const std::stop_token& stop)
    {
        Result<align::FittedPrompt> prompt =
            align::fitPrompt(m_encoder, m_templates, Mode::none, {}, {}, answer.prompt->messages, 0, m_model->info().contextLength);
        if (!prompt)
            return prompt.error();
        if (m_templates.openInPrompt) {
            prompt->rendered += emptyChain(m_templates);
            prompt->ids = m_encoder.encode(prompt->rendered);
        }
        const std::vector<int> ids = align::idsAfter(m_encoder, *prompt, answer.completion->answer);
        if (ids.empty() || prompt->ids.size() + ids.size() > static_cast<std::size_t>(m_model->info().contextLength))
            return std::optional<double>();
        const Result<std::vector<double>> logProb = m_model->continuationLogProbs(prompt->ids, {ids}, stop);
        if (!logProb)
            return logProb.error();
        return std::optional<double>(-logProb.value().front() / static_cast<double>(ids.size()));
    }

    const std::string m_named;
    const ModelSource m_source;
    const align::PromptEncoder m_encoder;
    const core::ContextTemplates m_templates;
    const EngineOpener m_engine;
    std::shared_ptr<core::Model> m_model; ///< once it is asked
};

} // namespace

Result<std::unique_ptr<AnswerScorer>> likelihoodScorer(
    const std::string& model, const EngineOpener& engine, const casebase::Casebase* casebase)
{
    Result<ModelSource> source = resolveModel(model, casebase);
    if (!source)
        return source.error();
    Result<align::PromptEncoder> encoder = align::PromptEncoder::load(source->folder);
    if (!encoder)
        return encoder.error();
    const Result<std::filesystem::path> folder = align::templateFolderFor(source->folder);
    if (!folder)
        return folder.error();
    Result<core::ContextTemplates> templates = align::loadTemplates(folder.value());
    if (!templates)
        return templates.error();
    core::ContextTemplates fitted = encoder->fitted(std::move(*templates));
    return std::unique_ptr<AnswerScorer>(
        std::make_unique<LikelihoodScorer>(model, std::move(*source), std::move(*encoder), std::move(fitted), engine));
}

} // namespace precedent::workspace
