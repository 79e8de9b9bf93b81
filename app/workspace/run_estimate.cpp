#include "precedent/workspace/run_estimate.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

#include "precedent/architecture/stored_model.h"
#include "precedent/base/files.h"
#include "precedent/workspace/engine_loader.h"
#include "precedent/workspace/run_service.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

// The starter's quickstart, measured on two cores of a server processor with AVX-512 (machineFacts() says kReferenceSpeed there):
// 90 steps of 6 requests with 8 answers. What other models and machines are scaled from until one of them has been measured.
constexpr double kReferenceStepSeconds = 1.27;
constexpr double kReferenceSpeed = 18.0; ///< GFLOP/s
constexpr double kReferenceParameters = 2'361'408;
constexpr double kReferencePositions = 6 * 240 + 48 * 60; ///< prompts once, answers of 60 tokens
constexpr double kReferenceSecondsPerAnswer = 30.0 / 5200;

constexpr double kMeasuredLow = 0.8, kMeasuredHigh = 1.3; ///< answers grow shorter or longer while a model learns

constexpr double kPasses = 10; ///< operations a parameter and position: writing 2, reference 2, forward 2, backward 4
constexpr double kPassesWithoutReference = 8;

constexpr std::int64_t kEngineBytes = 190LL << 20; ///< LibTorch, the program and the starter, idle
constexpr std::int64_t kFloat = 4;
constexpr double kUnseenAnswerShare = 0.55; ///< of max_completion_length, where no answer has been seen
constexpr double kRowBytes = 520; ///< of a stored answer beside its text: prompt id, reward parts, citations, indices
constexpr double kTextBytesPerToken = 8; ///< an answer is stored whole, and apart as chain and answer

double positionsOf(const core::RunSpec& spec, double promptTokens, double answerTokens)
{
    return spec.promptsPerStep * (promptTokens + spec.numGenerations * answerTokens);
}

/// How many of a run's steps are of each kind.
struct Stages {
    int selfGeneration = 0, supervised = 0, preference = 0, policyGradient = 0;

    explicit Stages(const core::RunSpec& spec)
    {
        selfGeneration = std::min(spec.maxSteps, spec.selfGenerationSteps);
        const int rest = spec.maxSteps - selfGeneration;
        supervised = spec.method == core::Method::sft ? rest : std::min(rest, spec.sftSteps);
        (spec.method == core::Method::dpo ? preference : policyGradient) = rest - supervised;
    }
    [[nodiscard]] int drawing() const { return selfGeneration + policyGradient; }
};

/// Operations of a step, on average over the run's kinds of steps, but for a factor that is the same for every spec.
double stepWork(const core::RunSpec& spec, double promptTokens, double answerTokens)
{
    const Stages stages(spec);
    const double writing = 2, learning = 6, reference = 2;
    const double update = (spec.beta > 0 ? kPasses : kPassesWithoutReference) - writing;
    const double drawn = positionsOf(spec, promptTokens, answerTokens), examples = spec.batchSize * (promptTokens + answerTokens);
    const double all = stages.selfGeneration * drawn * writing + stages.policyGradient * drawn * (writing + update * spec.numIterations) +
        stages.supervised * examples * learning +
        stages.preference * spec.batchSize * (promptTokens + 2 * answerTokens) * (learning + reference);
    return spec.maxSteps > 0 ? all / spec.maxSteps : drawn * (writing + update * spec.numIterations);
}

int checkpointCount(const core::RunSpec& spec)
{
    const int written = spec.maxSteps / std::max(1, spec.saveSteps) + (spec.maxSteps % std::max(1, spec.saveSteps) != 0 ? 1 : 0);
    return spec.saveTotalLimit > 0 ? std::min(written, spec.saveTotalLimit) : written;
}

/// Weights, gradients, both of Adam's moments, the reference's copy, and the writer's own packed weights.
std::int64_t stateBytes(const core::RunSpec& spec, const ModelFacts& model)
{
    const std::int64_t trained = spec.useLora ? adapterParameters(spec, model) : model.parameters;
    const std::int64_t copies = !spec.useLora && (spec.beta > 0 || spec.method == core::Method::dpo) ? 2 : 1;
    return kFloat * (model.parameters * copies + 4 * trained) + 2 * model.parameters;
}

std::int64_t activationBytes(const core::RunSpec& spec, const ModelFacts& model, double promptTokens)
{
    const double most = positionsOf(spec, promptTokens, spec.maxCompletionLength);
    const double cache = 2.0 * kFloat * model.kvWidth * model.layers * most;
    const double held = std::min<double>(most, spec.microBatchTokens);
    // What a layer keeps for its backward pass, checked against two runs of the starter (tst_run_estimate).
    const double kept = held * model.layers * kFloat * (6.0 * model.hiddenSize + 2.0 * model.intermediateSize);
    return static_cast<std::int64_t>(cache + kept);
}

std::int64_t checkpointBytes(const core::RunSpec& spec, const ModelFacts& model)
{
    const std::int64_t trained = spec.useLora ? adapterParameters(spec, model) : model.parameters;
    return 3 * kFloat * trained; // weights and both moments
}

std::string basisOf(const std::optional<StepEvidence>& evidence, const core::RunSpec& spec)
{
    if (!evidence)
        return "Not measured on this machine yet: from what the starter's quickstart took elsewhere, by this model's size and this "
               "machine's speed.";
    std::string basis = "From " + grouped(evidence->steps) + " steps of " + evidence->run + " with this model";
    if (stepWork(evidence->spec, 1, 1) != stepWork(spec, 1, 1) || evidence->spec.maxCompletionLength != spec.maxCompletionLength)
        basis += ", scaled by requests, answers and their length";
    return basis + ".";
}

/// What the run writes: answers, checkpoints, records.
void addWritten(const core::RunSpec& spec, const ModelFacts& model, double answerTokens, const RunWork& work, RunEstimate& estimate)
{
    estimate.answers = std::int64_t{1} * Stages(spec).drawing() * spec.promptsPerStep * spec.numGenerations;
    estimate.tokens = static_cast<std::int64_t>(std::llround(static_cast<double>(estimate.answers) * answerTokens));
    estimate.checkpointBytes = checkpointCount(spec) * checkpointBytes(spec, model);
    const double stored =
        static_cast<double>(estimate.answers) + (spec.evaluateBeforeAfter ? 2.0 : 0.0) * static_cast<double>(work.evaluatedAnswers);
    estimate.rolloutBytes = static_cast<std::int64_t>((kRowBytes + kTextBytesPerToken * answerTokens) * stored);
}

bool sameContext(const core::RunSpec& a, const core::RunSpec& b)
{
    return a.modeWeights == b.modeWeights && a.casesPerPrompt == b.casesPerPrompt;
}

/// config.json, or what it would say of a GGUF file.
Result<Json> configOf(const fs::path& folder)
{
    if (!core::ggufFileOf(folder).empty()) {
        const Result<core::DecoderConfig> config = core::readDecoderConfig(folder);
        return config ? Result<Json>(config->toJson()) : config.error();
    }
    const fs::path file = folder / "config.json";
    const Result<std::string> text = readFile(file);
    if (!text)
        return text.error();
    return parseJson(text.value(), file.string());
}

} // namespace

Result<ModelFacts> modelFactsOf(const fs::path& folder)
{
    const fs::path file = folder / "config.json";
    const Result<Json> config = configOf(folder);
    if (!config)
        return config.error();
    std::string missing;
    const auto number = [&](const char* key, std::int64_t otherwise) -> std::int64_t {
        const auto found = config.value().find(key);
        if (found != config.value().end() && found->is_number_integer() && found->get<std::int64_t>() > 0)
            return found->get<std::int64_t>();
        if (otherwise == 0 && missing.empty())
            missing = key;
        return otherwise;
    };
    const std::int64_t hidden = number("hidden_size", 0);
    const std::int64_t layers = number("num_hidden_layers", 0);
    const std::int64_t inner = number("intermediate_size", 0);
    const std::int64_t vocabulary = number("vocab_size", 0);
    const std::int64_t heads = number("num_attention_heads", 0);
    if (!missing.empty())
        return Error(ErrorCode::corrupt, file.string() + " has no " + missing + " that is a positive number.");
    const std::int64_t head = number("head_dim", hidden / heads);
    const std::int64_t kvWidth = number("num_key_value_heads", heads) * head;
    const std::int64_t queryWidth = heads * head;
    const std::int64_t layer = 2 * hidden * queryWidth + 2 * hidden * kvWidth + 3 * hidden * inner + 2 * hidden;
    const bool tied = config.value().value("tie_word_embeddings", false);
    ModelFacts facts;
    facts.parameters = vocabulary * hidden * (tied ? 1 : 2) + layers * layer + hidden;
    facts.layers = static_cast<int>(layers);
    facts.hiddenSize = static_cast<int>(hidden);
    facts.intermediateSize = static_cast<int>(inner);
    facts.kvWidth = static_cast<int>(kvWidth);
    facts.queryWidth = static_cast<int>(queryWidth);
    facts.vocabulary = static_cast<int>(vocabulary);
    std::error_code ec;
    if (const fs::path gguf = core::ggufFileOf(folder); !gguf.empty())
        facts.weightBytes = static_cast<std::int64_t>(fs::file_size(gguf, ec));
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, ec)) {
        if (entry.path().extension() == ".safetensors")
            facts.weightBytes += static_cast<std::int64_t>(entry.file_size(ec));
    }
    return facts;
}

std::int64_t adapterParameters(const core::RunSpec& spec, const ModelFacts& model)
{
    const std::int64_t hidden = model.hiddenSize;
    const std::map<std::string, std::int64_t> sides{{"q_proj", hidden + model.queryWidth}, {"k_proj", hidden + model.kvWidth},
        {"v_proj", hidden + model.kvWidth}, {"o_proj", hidden + model.queryWidth}, {"gate_proj", hidden + model.intermediateSize},
        {"up_proj", hidden + model.intermediateSize}, {"down_proj", hidden + model.intermediateSize}};
    std::int64_t both = 0;
    for (const std::string& target : spec.loraTargets) {
        if (const auto found = sides.find(target); found != sides.end())
            both += found->second;
    }
    return both * spec.loraR * model.layers;
}

RunEstimate estimateRun(const core::RunSpec& spec, const ModelFacts& model, const std::optional<StepEvidence>& evidence,
    const RunWork& work, const MachineFacts& machine)
{
    RunEstimate estimate;
    const double answerTokens =
        evidence ? std::min<double>(evidence->answerTokens, spec.maxCompletionLength) : kUnseenAnswerShare * spec.maxCompletionLength;
    const double promptTokens =
        evidence && sameContext(evidence->spec, spec) ? evidence->promptTokens : std::min<double>(work.promptTokens, spec.maxPromptLength);
    double spreadLow = 0.6;
    double spreadHigh = 2.0;
    double perAnswer = 0;
    const double scale = static_cast<double>(model.parameters) / kReferenceParameters * kReferenceSpeed / std::max(0.1, machine.gigaflops);
    if (evidence) {
        estimate.secondsPerStep = evidence->secondsPerStep * stepWork(spec, promptTokens, answerTokens) /
            stepWork(evidence->spec, evidence->promptTokens, evidence->answerTokens);
        spreadLow = evidence->lowSeconds / evidence->secondsPerStep;
        spreadHigh = evidence->highSeconds / evidence->secondsPerStep;
        perAnswer = evidence->evaluateSecondsPerAnswer;
    } else {
        estimate.secondsPerStep =
            kReferenceStepSeconds * scale * stepWork(spec, promptTokens, answerTokens) / (kReferencePositions * kPasses);
    }
    if (perAnswer <= 0)
        perAnswer = evidence ? estimate.secondsPerStep / std::max(1, spec.promptsPerStep * spec.numGenerations) * 2 / kPasses
                             : kReferenceSecondsPerAnswer * scale;
    estimate.trainSeconds = estimate.secondsPerStep * spec.maxSteps;
    estimate.evaluateSeconds = spec.evaluateBeforeAfter ? 2 * perAnswer * static_cast<double>(work.evaluatedAnswers) : 0;
    estimate.lowSeconds = estimate.totalSeconds() * spreadLow;
    estimate.highSeconds = estimate.totalSeconds() * spreadHigh;
    estimate.memoryBytes = kEngineBytes + stateBytes(spec, model) + activationBytes(spec, model, promptTokens);
    addWritten(spec, model, answerTokens, work, estimate);
    estimate.basis = basisOf(evidence, spec);
    return estimate;
}

RunEstimate estimateRehearsed(const core::RunSpec& spec, const ModelFacts& model, const core::Rehearsal& rehearsal, const RunWork& work)
{
    const Stages stages(spec);
    RunEstimate estimate;
    estimate.trainSeconds = stages.selfGeneration * rehearsal.selfGeneration + stages.supervised * rehearsal.supervised +
        stages.preference * rehearsal.preference + stages.policyGradient * rehearsal.policyGradient;
    estimate.secondsPerStep = spec.maxSteps > 0 ? estimate.trainSeconds / spec.maxSteps : 0;
    const double perAnswer = rehearsal.secondsPerAnswer > 0
        ? rehearsal.secondsPerAnswer
        : estimate.secondsPerStep / std::max(1, spec.batchSize) / 3; // a third of an example's pass forward and back
    estimate.evaluateSeconds = spec.evaluateBeforeAfter ? 2 * perAnswer * static_cast<double>(work.evaluatedAnswers) : 0;
    estimate.lowSeconds = estimate.totalSeconds() * kMeasuredLow;
    estimate.highSeconds = estimate.totalSeconds() * kMeasuredHigh;
    estimate.memoryBytes = rehearsal.memoryBytes;
    addWritten(spec, model, rehearsal.answerTokens, work, estimate);
    char took[64];
    std::snprintf(took, sizeof took, "%.1f", rehearsal.took);
    estimate.basis = std::string("Measured on this machine in ") + took + " s, by parts of steps on the run's own prompts.";
    return estimate;
}

Result<RunEstimate> estimatePrepared(const casebase::Casebase& casebase, const PreparedRun& prepared, const core::Rehearsal& rehearsal)
{
    const Result<ModelFacts> model = modelFactsOf(prepared.inputs.modelFolder);
    if (!model)
        return model.error();
    const Result<RunWork> work = workOf(casebase, prepared.inputs);
    if (!work)
        return work.error();
    return estimateRehearsed(prepared.inputs.spec, model.value(), rehearsal, work.value());
}

Result<RunEstimate> estimatePrepared(const casebase::Casebase& casebase, const PreparedRun& prepared)
{
    const core::RunSpec& spec = prepared.inputs.spec;
    const Result<ModelFacts> model = modelFactsOf(prepared.inputs.modelFolder);
    if (!model)
        return model.error();
    const Result<std::optional<StepEvidence>> evidence = findEvidence(casebase, spec);
    if (!evidence)
        return evidence.error();
    const Result<RunWork> work = workOf(casebase, prepared.inputs);
    if (!work)
        return work.error();
    return estimateRun(spec, model.value(), evidence.value(), work.value(), machineFacts(fs::absolute(casebase.path()).parent_path()));
}

Result<RunPreview> previewRun(const casebase::Casebase& casebase, const core::RunSpec& spec, bool includeDrafts)
{
    // Vectors may take longer to compute than anyone waits for a preview.
    core::RunSpec quick = spec;
    const bool byMeaning = needsVectors(trainingChoice(spec)) && drawsMode(spec, Mode::cases);
    if (byMeaning)
        quick.retrieval = Retrieval::bm25;
    Result<PreparedRun> prepared = prepareRun(casebase, quick, includeDrafts);
    if (!prepared)
        return prepared.error();
    Result<RunEstimate> estimate = estimatePrepared(casebase, *prepared);
    if (!estimate)
        return estimate.error();
    RunPreview preview;
    preview.machine = machineFacts(fs::absolute(casebase.path()).parent_path());
    preview.estimate = std::move(*estimate);
    preview.sentences = prepared->report.sentences();
    if (byMeaning)
        preview.sentences.emplace_back("This preview finds cases by shared words; the run finds them by meaning, as set, and reads every "
                                       "case for that before its first step.");
    if (const std::string slow = slowBlasNote(); !slow.empty())
        preview.sentences.push_back("Warning: " + slow);
    preview.report = std::move(prepared->report);
    preview.earnings = std::move(prepared->earnings);
    preview.balanceNote = std::move(prepared->balanceNote);
    return preview;
}

} // namespace precedent::workspace
