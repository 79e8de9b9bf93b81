#include "precedent/workspace/run_service.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "precedent/align/run_spec_json.h"
#include "precedent/align/templates.h"
#include "precedent/base/digest.h"
#include "precedent/casebase/run_store.h"
#include "precedent/casebase/snapshot_store.h"
#include "precedent/workspace/endpoint_rollouts.h"
#include "precedent/workspace/endpoint_source.h"
#include "precedent/workspace/judge_agreement.h"
#include "precedent/workspace/judge_choice.h"
#include "precedent/workspace/judged_answers.h"
#include "precedent/workspace/model_source.h"
#include "precedent/workspace/run_folders.h"
#include "precedent/workspace/run_inputs_json.h"
#include "precedent/workspace/run_model.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

/// Cohen's kappa from which on agreement is called substantial (Landis and Koch, Biometrics 33, 1977, p. 165).
constexpr double kTrustedKappa = 0.61;

Json toJson(const std::vector<align::Earnings>& earnings)
{
    Json list = Json::array();
    for (const align::Earnings& line : earnings)
        list.push_back({{"policy", line.policy}, {"overall", line.overall}, {"by_label", line.byLabel}});
    return list;
}

/// `--out` names a folder that may exist, but not one that holds another run's checkpoints.
Status makeRunFolder(const fs::path& folder)
{
    std::error_code ec;
    fs::create_directories(folder, ec);
    if (ec)
        return errnoError(ec.value(), "create", folder.string());
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, ec)) {
        if (entry.path().filename().string().rfind("checkpoint-", 0) == 0)
            return Error(ErrorCode::alreadyExists,
                folder.string() + " holds the checkpoints of another run (" + entry.path().filename().string() + ").",
                "Name another folder with --out, or continue that run with train --resume.");
    }
    return {};
}

/// Of runs that are paid: whichever constant policy earns more is where a run drifts while it reads nothing yet.
std::string balanceNote(const core::RunSpec& spec, const PreparedRun& prepared)
{
    if (prepared.earnings.empty())
        return {};
    const auto even = align::evenLabelWeights(spec, prepared.inputs.prompts, prepared.earnings);
    if (!even)
        return {};
    const auto earned = [&](const char* policy) {
        const auto at = std::find_if(prepared.earnings.begin(), prepared.earnings.end(), [&](const auto& e) { return e.policy == policy; });
        char text[16];
        std::snprintf(text, sizeof text, "%.2f", at->overall);
        return std::string(text);
    };
    const std::string refuse = earned("always_refuse"), comply = earned("always_comply");
    return "Refusing everything earns " + refuse + ", complying with everything " + comply + ": a run may drift to the " +
        (refuse > comply ? "former" : "latter") + ". With label_weights=" + dumpJson(Json(*even)) + " both earn the same.";
}

/// A reward that nobody checked is not to be trusted: what is known of its judge from the verdicts that people gave in this casebase.
Result<std::string> rewardJudgeSentence(const casebase::Casebase& casebase, const core::RunSpec& spec)
{
    const Result<std::vector<LabelledAnswer>> answers = judgedAnswers(casebase);
    if (!answers)
        return answers.error();
    const std::string n = grouped(static_cast<std::int64_t>(answers.value().size()));
    if (answers.value().empty())
        return std::string(
            "Note: nobody has judged answers of this casebase: how far the reward's judge agrees with people here is not known.");
    if (!core::paidByAnalysis(spec)) // the others take their time, or a server's
        return "Note: people have judged " + n + " answers of this casebase: judge --from-casebase --judge " + spec.rewardJudge +
            " says how far the reward's judge agrees with them.";
    const Result<std::unique_ptr<AnswerJudge>> judge = openJudge({"analysis", {}}, false, {});
    if (!judge)
        return judge.error();
    const auto verdicts = verdictsOn(answers.value(), *judge.value());
    if (!verdicts)
        return verdicts.error();
    const Agreement agreement = agreementOf(answers.value(), verdicts.value());
    char kappa[32];
    std::snprintf(kappa, sizeof kappa, "%.2f", agreement.kappa);
    return std::string(agreement.kappa < kTrustedKappa ? "Warning: the" : "The") + " reward's judge agrees with people on " +
        grouped(static_cast<std::int64_t>(agreement.agreed())) + " of " + n + " answers that they judged in this casebase, kappa " + kappa +
        ".";
}

} // namespace

Result<PreparedRun> prepareRun(
    const casebase::Casebase& casebase, const core::RunSpec& wanted, bool includeDrafts, const EngineSource& engine)
{
    PRECEDENT_TRY(align::validate(wanted));
    core::RunSpec spec = wanted;
    Result<std::string> judge = rewardJudgeHash(spec, &casebase);
    if (!judge)
        return judge.error();
    spec.rewardJudgeHash = std::move(*judge);
    PRECEDENT_TRY(checkCompletionSource(spec));
    PRECEDENT_TRY(openRolloutSource(spec, {})); // says what is wrong with the server's address or key before anything is stored
    const Result<ModelSource> model = resolveModel(spec.model, &casebase);
    if (!model)
        return model.error();
    const ModelSource& source = model.value();
    if (!source.adapter.empty())
        return Error(ErrorCode::unsupported, "Training goes on from whole weights, and " + spec.model + " is an adapter.",
            "Name the model that it was trained on, or a run that trained all weights (use_peft=false).");
    const Result<align::PromptEncoder> encoder = align::PromptEncoder::load(source.folder);
    if (!encoder)
        return encoder.error();
    const Result<fs::path> templateFolder = align::templateFolderFor(source.folder);
    if (!templateFolder)
        return templateFolder.error();
    const Result<core::ContextTemplates> templates = align::loadTemplates(templateFolder.value());
    if (!templates)
        return templates.error();
    const Result<int> contextLength = contextLengthOf(source.folder);
    if (!contextLength)
        return contextLength.error();
    FreezeOptions options{includeDrafts, contextLength.value(), fs::absolute(source.folder), nullptr};
    if (needsVectors(trainingChoice(spec)) && drawsMode(spec, Mode::cases)) {
        Result<std::unique_ptr<TextVectors>> vectors = loadTextVectors(casebase, spec.retrievalModel, source.folder, engine);
        if (!vectors)
            return vectors.error();
        options.vectors = std::move(*vectors);
    }
    Result<Frozen> frozen = freeze(casebase, spec, encoder->fitted(templates.value()), encoder.value(), options);
    if (!frozen)
        return frozen.error();
    PreparedRun prepared;
    prepared.inputs = std::move(frozen->inputs);
    prepared.report = std::move(frozen->report);
    if (core::drawsCompletions(spec) && spec.control != core::Control::randomRewards) {
        prepared.earnings = align::degenerateEarnings(spec, prepared.inputs.prompts, prepared.inputs.codes);
        Result<std::string> sentence = rewardJudgeSentence(casebase, spec);
        if (!sentence)
            return sentence.error();
        prepared.report.rewardJudge = *std::move(sentence);
    }
    prepared.balanceNote = balanceNote(spec, prepared);
    prepared.templateNote = encoder.value().chatTemplate().note();
    return prepared;
}

Status storeRun(casebase::Casebase& casebase, PreparedRun& prepared, const fs::path& folder)
{
    casebase::Run run;
    run.name = prepared.inputs.spec.preset;
    run.specJson = dumpJson(align::toJson(prepared.inputs.spec));
    run.inputsHash = prepared.inputs.contentHash;
    run.state = "stopped";
    run.model = prepared.inputs.spec.model;
    run.steps = prepared.inputs.spec.maxSteps;
    return casebase.transact([&]() -> Status {
        const Result<casebase::SnapshotInfo> snapshot = casebase.snapshots().take();
        if (!snapshot)
            return snapshot.error();
        run.snapshot = snapshot->hash;
        Result<std::string> id = casebase.runs().add(run);
        if (!id)
            return id.error();
        const fs::path target = folder.empty() ? runsFolder(casebase.path()) / *id : folder;
        PRECEDENT_TRY(makeRunFolder(target));
        Result<casebase::Run> stored = casebase.runs().find(*id);
        if (!stored)
            return stored.error();
        stored->folder = storedFolder(casebase.path(), target);
        PRECEDENT_TRY(casebase.runs().update(*stored));
        prepared.inputs.runId = *id;
        prepared.inputs.outputFolder = fs::absolute(target).lexically_normal().string();
        PRECEDENT_TRY(casebase.runs().setInputs(*id, "inputs", dumpJson(workspace::toJson(prepared.inputs))));
        const Json report = {
            {"sentences", prepared.report.sentences()}, {"freeze", prepared.report.toJson()}, {"earnings", toJson(prepared.earnings)}};
        return casebase.runs().setInputs(*id, "report", dumpJson(report));
    });
}

Result<core::RunInputs> loadRun(const casebase::Casebase& casebase, const std::string& name)
{
    const Result<casebase::Run> run = casebase.runs().find(name);
    if (!run)
        return run.error();
    const Result<std::string> bytes = casebase.runs().inputs(run.value().id, "inputs");
    if (!bytes)
        return bytes.error();
    const Result<Json> json = parseJson(bytes.value(), "the run's frozen inputs");
    if (!json)
        return json.error();
    Result<core::RunInputs> inputs = runInputsFromJson(json.value());
    if (!inputs)
        return inputs;
    if (contentHash(*inputs) != inputs->contentHash)
        return Error(ErrorCode::failedPrecondition, "What run " + run.value().id + " froze is not what its hash says.",
            "The casebase was changed from outside. Start a new run.");
    // The casebase may have been renamed or moved together with its runs folder.
    const fs::path folder = folderFromStored(casebase.path(), run.value().folder);
    if (const Result<fs::path> model = modelFolderOf(casebase, *inputs, folder)) // a run can be read without its model
        inputs->modelFolder = model->string();
    inputs->outputFolder = folder.string();
    return inputs;
}

Result<StoredReport> loadReport(const casebase::Casebase& casebase, const std::string& run)
{
    const Result<std::string> bytes = casebase.runs().inputs(run, "report");
    if (!bytes)
        return bytes.error();
    const Result<Json> json = parseJson(bytes.value(), "the run's report");
    if (!json)
        return json.error();
    try {
        StoredReport report;
        report.sentences = json.value().at("sentences").get<std::vector<std::string>>();
        report.report = json.value().at("freeze");
        for (const Json& line : json.value().at("earnings"))
            report.earnings.push_back({line.at("policy"), line.at("overall"), line.at("by_label").get<std::map<std::string, double>>()});
        return report;
    } catch (const Json::exception& e) {
        return Error(ErrorCode::corrupt, std::string("The run's report cannot be read: ") + e.what() + ".");
    }
}

Result<std::optional<casebase::Checkpoint>> lastCheckpoint(const casebase::Casebase& casebase, const std::string& run)
{
    const Result<std::vector<casebase::Checkpoint>> all = casebase.runs().checkpoints(run);
    if (!all)
        return all.error();
    return all.value().empty() ? std::optional<casebase::Checkpoint>() : all.value().back();
}

bool isStarterModel(const fs::path& modelFolder)
{
    std::error_code ec;
    const Result<fs::path> starter = starterFolder();
    if (!starter)
        return false;
    if (fs::equivalent(starter.value(), modelFolder, ec))
        return true;
    const fs::path own = starter.value() / "model.safetensors";
    const fs::path other = modelFolder / "model.safetensors"; // of a copy
    if (const auto size = fs::file_size(other, ec); ec || size != fs::file_size(own, ec))
        return false;
    const Result<std::string> digest = sha256File(own);
    const Result<std::string> copied = sha256File(other);
    return digest.ok() && copied.ok() && *digest == *copied;
}

} // namespace precedent::workspace
