#include "precedent/workspace/head_judge.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "app/workspace/answer_features.h"
#include "app/workspace/head_files.h"
#include "precedent/align/prompt_encoder.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

/// A frozen model that is ready to read answers.
struct Reader {
    std::shared_ptr<core::Model> model;
    align::PromptEncoder encoder;
};

Result<Reader> readerOf(const ModelSource& source, const EngineOpener& engine)
{
    Result<align::PromptEncoder> encoder = align::PromptEncoder::load(source.folder);
    if (!encoder)
        return encoder.error();
    const Result<core::Engine*> opened = engine();
    if (!opened)
        return opened.error();
    Result<std::shared_ptr<core::Model>> model = opened.value()->load({source.folder.string(), source.adapter});
    if (!model)
        return model.error();
    return Reader{std::move(*model), std::move(*encoder)};
}

class HeadJudge final : public core::Judge {
public:
    HeadJudge(fs::path folder, StoredHead stored, ModelSource source, EngineOpener engine)
        : m_folder(std::move(folder))
        , m_stored(std::move(stored))
        , m_source(std::move(source))
        , m_engine(std::move(engine))
    {
    }

    Result<std::vector<core::Judgement>> judge(
        const std::vector<core::JudgeQuestion>& questions, const std::stop_token& stop, const core::JudgedObserver& onJudged) override
    {
        if (!m_reader) {
            Result<Reader> reader = readerOf(m_source, m_engine);
            if (!reader)
                return reader.error();
            m_reader = std::make_unique<Reader>(std::move(*reader));
        }
        AnswerFeatures features(*m_reader->model, m_reader->encoder);
        if (features.width() != m_stored.head.width)
            return Error(ErrorCode::failedPrecondition,
                "The head in " + m_folder.string() + " reads states of width " + std::to_string(m_stored.head.width) +
                    ", and its model's are " + std::to_string(features.width()) + " wide.",
                "Train the head again.");
        const Result<std::vector<float>> rows = features.of(questions, onJudged, stop);
        if (!rows)
            return rows.error();
        std::vector<core::Judgement> judgements(questions.size());
        const auto C = static_cast<std::size_t>(m_stored.head.width);
        for (std::size_t i = 0; i < questions.size(); ++i)
            judgements[i].verdict = m_stored.head.verdict({rows.value().data() + i * C, C});
        return judgements;
    }

    bool learntFrom(const std::string& request) const override { return m_stored.learnt.count(requestDigest(request)) != 0; }
    std::string name() const override { return "head over " + m_stored.model; }
    std::string hash() const override { return m_stored.hash; }

private:
    fs::path m_folder;
    StoredHead m_stored;
    ModelSource m_source;
    EngineOpener m_engine;
    std::unique_ptr<Reader> m_reader;
};

/// The judgements of a head on the answers whose rows these are.
std::vector<std::optional<Verdict>> verdictsOf(const align::RewardHead& head, const align::HeadExamples& examples)
{
    std::vector<std::optional<Verdict>> verdicts;
    for (std::size_t i = 0; i < examples.size(); ++i)
        verdicts.emplace_back(head.verdict(examples.row(i)));
    return verdicts;
}

/// Answers that a model can read, with what it reads of them.
struct Material {
    std::vector<LabelledAnswer> answers;
    align::HeadExamples examples;
};

Result<Material> materialOf(const HeadOrder& order, AnswerFeatures& features, const HeadObserver& observer, const std::stop_token& stop)
{
    Material material;
    std::vector<core::JudgeQuestion> questions;
    for (const LabelledAnswer& answer : order.answers) {
        // What is empty is no answer without a head.
        if (answer.answer.empty())
            continue;
        material.answers.push_back(answer);
        questions.push_back({answer.request, answer.answer});
    }
    const auto tell = [&](std::size_t done) {
        if (observer)
            observer(done, questions.size());
    };
    Result<std::vector<float>> rows = features.of(questions, tell, stop);
    if (!rows)
        return rows.error();
    material.examples.width = features.width();
    material.examples.features = std::move(*rows);
    for (const LabelledAnswer& answer : material.answers) {
        material.examples.verdicts.push_back(answer.human);
        material.examples.groups.push_back(answer.group);
    }
    return material;
}

Material partOf(const Material& material, const std::vector<int>& parts, bool heldOut)
{
    Material part;
    part.examples.width = material.examples.width;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if ((parts[i] == 0) != heldOut)
            continue;
        const auto row = material.examples.row(i);
        part.answers.push_back(material.answers[i]);
        part.examples.features.insert(part.examples.features.end(), row.begin(), row.end());
        part.examples.verdicts.push_back(material.examples.verdicts[i]);
        part.examples.groups.push_back(material.examples.groups[i]);
    }
    return part;
}

Status checkOrder(const HeadOrder& order)
{
    std::error_code ec;
    if (fs::exists(order.out, ec) && !(fs::is_directory(order.out, ec) && fs::is_empty(order.out, ec)))
        return Error(ErrorCode::alreadyExists, "There is something at " + order.out.string() + " already.",
            "Name a folder that is not there yet; nothing was overwritten.");
    if (!(order.heldOut > 0 && order.heldOut <= 0.5))
        return Error(ErrorCode::invalidArgument,
            "The share that is held out is " + std::to_string(order.heldOut) + "; it must be over 0 and at most 0.5.");
    return {};
}

} // namespace

Result<HeadReport> trainHeadJudge(const HeadOrder& order, const EngineOpener& engine, const casebase::Casebase* casebase,
    const HeadObserver& observer, const std::stop_token& stop)
{
    PRECEDENT_TRY(checkOrder(order));
    const Result<JudgingModel> model = judgingModel(order.model, casebase);
    if (!model)
        return model.error();
    const Result<Reader> reader = readerOf(model.value().source, engine);
    if (!reader)
        return reader.error();
    AnswerFeatures features(*reader.value().model, reader.value().encoder);
    const Result<Material> all = materialOf(order, features, observer, stop);
    if (!all)
        return all.error();
    const int count = std::max(2, static_cast<int>(std::lround(1 / order.heldOut)));
    const std::vector<int> parts = align::partsByGroup(all.value().examples.groups, count, order.seed);
    const Material learnt = partOf(all.value(), parts, false);
    const Material held = partOf(all.value(), parts, true);
    align::HeadSettings settings;
    settings.seed = order.seed;
    const Result<align::RewardHead> head = align::trainHead(learnt.examples, settings);
    if (!head)
        return head.error();
    HeadReport report;
    report.heldOut = agreementOf(held.answers, verdictsOf(head.value(), held.examples));
    report.trained = agreementOf(learnt.answers, verdictsOf(head.value(), learnt.examples));
    report.groups = std::set<std::string>(all.value().examples.groups.begin(), all.value().examples.groups.end()).size();
    report.l2 = head.value().l2;
    std::set<std::string> requests;
    for (const LabelledAnswer& answer : learnt.answers)
        requests.insert(requestDigest(answer.request));
    const Json facts = {{"held_out", toJson(report.heldOut)}, {"trained_on", toJson(report.trained)}, {"groups", report.groups},
        {"seed", order.seed}, {"learnt_requests", requests}};
    Result<std::string> hash = writeHead(order.out, head.value(), order.model, model.value().digest, facts);
    if (!hash)
        return hash.error();
    report.hash = std::move(*hash);
    return report;
}

Result<std::unique_ptr<core::Judge>> headJudge(const fs::path& folder, EngineOpener engine, const casebase::Casebase* casebase)
{
    Result<StoredHead> stored = readHead(folder);
    if (!stored)
        return stored.error();
    Result<JudgingModel> model = judgingModel(stored->model, casebase);
    if (!model)
        return model.error().in("The model of the head in " + folder.string());
    if (model->digest != stored->modelDigest)
        return Error(ErrorCode::failedPrecondition,
            "The head in " + folder.string() + " was trained over a " + stored->model + " with other weights: their SHA-256 is " +
                model->digest.substr(0, 12) + ", and it expects " + stored->modelDigest.substr(0, 12) + ".",
            "Bring the model back that it was trained over, or train the head again.");
    return std::unique_ptr<core::Judge>(
        std::make_unique<HeadJudge>(folder, std::move(*stored), std::move(model->source), std::move(engine)));
}

} // namespace precedent::workspace
