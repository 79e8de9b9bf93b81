#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "precedent/base/event_channel.h"
#include "precedent/base/result.h"
#include "precedent/core/engine_facts.h"
#include "precedent/core/generation.h"
#include "precedent/core/model_bench.h"
#include "precedent/core/ranks.h"
#include "precedent/core/run_inputs.h"
#include "precedent/core/run_records.h"

namespace precedent::core {

struct ModelInfo {
    std::string architecture; ///< "llama"
    std::string dtype; ///< of the stored weights
    std::int64_t parameters = 0;
    int vocabulary = 0;
    int contextLength = 0;
    int layers = 0;
    int hiddenSize = 0;
    std::string sha256; ///< of the weights file (of the index file's shards in order, where sharded)
};

/// Called on the generating thread for each token. Must not block.
using TokenSink = std::function<void(int prompt, int index, int id)>;
/// Called on the generating thread as each completion ends.
using CompletionSink = std::function<void(const Completion&)>;

struct LogitsResult {
    std::vector<float> logprobs; ///< log p(ids[i] | ids[..i-1]) for i >= 1
    struct Candidate {
        int id = 0;
        float logit = 0;
        float logprob = 0;
    };
    std::vector<Candidate> top; ///< for the token after the last, best first
};

/// Texts to be made into vectors. Token ids; no special token is added.
struct PooledRequest {
    std::vector<std::vector<int>> texts;
    bool normalise = false; ///< to length 1
};

/// For each text the mean over its tokens of the last layer's states after the final norm: what the head reads.
struct PooledStates {
    std::vector<float> values; ///< [N, width], a row a text, in the order of the request
    std::int64_t width = 0; ///< C, the model's hidden size
    std::int64_t tokens = 0; ///< computed, of all texts

    [[nodiscard]] const float* row(std::size_t text) const { return values.data() + text * static_cast<std::size_t>(width); }
};

/// A loaded model. Calls are serialised inside; each may come from any thread.
class Model {
public:
    virtual ~Model() = default;
    [[nodiscard]] virtual const ModelInfo& info() const = 0;

    /// Completions for every prompt. A prefix common to prompts and the prompt of a group are computed once. The same
    /// request gives the same ids on the same machine and thread count. Cancelled: returns what there is, marked.
    [[nodiscard]] virtual Result<GenerationResult> generate(const GenerationRequest& request, std::stop_token stop = {},
        const TokenSink& onToken = {}, const CompletionSink& onCompletion = {}) = 0;

    [[nodiscard]] virtual Result<LogitsResult> logits(const std::vector<int>& ids, int topK) = 0;

    /// log p of each continuation behind the prompt, the sum over its tokens. The prompt goes through the model once and the head
    /// only where a continuation stands, so this is much cheaper than logits() of each whole text. On the processor a beginning that
    /// the last prompts had in common is kept, keys and values, and not computed again; sums are the same to the last bit. Fails with
    /// invalidArgument (an empty prompt or continuation, an id out of the vocabulary, more tokens than the context), cancelled,
    /// internal for weights that are not numbers.
    [[nodiscard]] virtual Result<std::vector<double>> continuationLogProbs(
        const std::vector<int>& prompt, const std::vector<std::vector<int>>& continuations, std::stop_token stop = {}) = 0;

    /// A text's row depends on its ids alone, to the last bit, on the same machine: not on the other texts, their order or
    /// the number of threads. One longer than the context is read window by window, each as long as the context and
    /// beginning anew, and the mean is over all its tokens. Fails with invalidArgument (an empty text, an id out of the
    /// vocabulary), cancelled, internal for weights that are not numbers.
    [[nodiscard]] virtual Result<PooledStates> pooledStates(const PooledRequest& request, std::stop_token stop = {}) = 0;

    /// Measures generation with prompts of random tokens. Takes seconds to minutes; `onRow` is told of each row as it is
    /// done, on this thread. Fails with invalidArgument (a number below 1, or a prompt and completion longer than the
    /// context), unsupported for a model that is not on the processor, cancelled if stopped.
    [[nodiscard]] virtual Result<BenchResult> bench(
        const BenchRequest& request, std::stop_token stop = {}, const std::function<void(const BenchRow&)>& onRow = {}) = 0;
};

class TextEncoder; ///< precedent/core/text_encoder.h

struct LoadOptions {
    std::string folder; ///< in Hugging Face layout, or a GGUF file
    std::string adapter; ///< PEFT folder, or empty
};

/// What the window and the command line see of a run, in order. `droppable` ones are progress.
struct RolloutEvent {
    RolloutRecord rollout;
};
struct TokenEvent {
    int step, group, index;
    std::string text;
};
struct StepEvent {
    StepRecord step;
    int steps;
};
struct CheckpointEvent {
    CheckpointRecord checkpoint;
};
/// Something began to go wrong; `stops`: the run ends here.
struct AlarmEvent {
    Alarm alarm;
};
struct StateEvent {
    RunState state;
    std::string message;
};
using RunEvent = std::variant<RolloutEvent, TokenEvent, StepEvent, CheckpointEvent, AlarmEvent, StateEvent>;

/// A policy being trained as a RunSpec says, on one worker thread.
///
/// Thread: every method from any thread; none blocks longer than a queue push but wait(). Destruction asks the run to
/// stop and hands the worker to the engine, which ends it; it never joins.
class TrainingRun {
public:
    virtual ~TrainingRun() = default;
    virtual void pause() = 0;
    virtual void resume() = 0;
    /// Stops at the next check (200 ms at most), then writes a checkpoint of the last whole step.
    virtual void stop() = 0;
    virtual void stopAfterStep() = 0;
    virtual void checkpointNow() = 0;
    [[nodiscard]] virtual RunState state() const = 0;
    /// What its completions are drawn with.
    [[nodiscard]] virtual KernelNames kernels() const { return {}; }
    [[nodiscard]] virtual EventChannel<RunEvent>& events() = 0;
    /// Blocks until the run ended or the time is over; true if it ended. Never call it on a UI thread.
    [[nodiscard]] virtual bool wait(std::chrono::milliseconds timeout) = 0;
};

/// A language model made from scratch by next-token prediction on a corpus (the starter's recipe).
struct PretrainSpec {
    std::string corpusFolder; ///< grammar folder (resources/starter/grammar)
    std::string outputFolder;
    std::uint64_t seed = 1;
    std::int64_t tokens = 12'000'000;
    int vocabulary = 1536;
    int hiddenSize = 192;
    int layers = 5;
    int heads = 6;
    int kvHeads = 2;
    int intermediateSize = 512;
    int contextLength = 2048;
    int batchTokens = 8192;
    double learningRate = 2e-3;
    double minLearningRate = 1e-4;
    double warmupSteps = 100;
    double weightDecay = 0.05;
    double initializerRange = 0.02; ///< standard deviation of the first weights
    int saveSteps = 100;
    bool resume = false;
};

struct PretrainProgress {
    int step = 0;
    int steps = 0;
    std::int64_t tokens = 0;
    double loss = 0;
    double tokensPerSecond = 0;
};

struct PretrainSummary {
    int steps = 0;
    std::int64_t tokens = 0;
    double loss = 0;
    std::string sha256; ///< of model.safetensors
};

enum class ExportFormat {
    huggingFace, ///< a folder: config.json, model.safetensors, the tokenizer's files
    gguf, ///< one file with weights, tokenizer and template
    ggufLora, ///< the adapter alone, as llama.cpp reads it
    peft, ///< the adapter alone, as a PEFT folder
};

struct ExportRequest {
    LoadOptions model;
    ExportFormat format = ExportFormat::huggingFace;
    std::string type; ///< f32, bf16, f16, q8_0 (the last two for gguf only); empty: bf16, and f32 for a model stored so or an adapter
    std::string destination; ///< a folder or file that is not there yet
    std::string baseName; ///< what an adapter's config names as its base; empty: as the adapter says
    std::string chatTemplate; ///< Jinja to be written as the model's chat template, in place of what its files say; empty: theirs
    std::string
        provenance; ///< a JSON object, or empty: what the caller knows of the model's making: casebase snapshot, run spec, program version
};

struct ExportReport {
    std::string path;
    std::string sha256; ///< of the weights' file
    double maxLogitDifference = 0; ///< against the source, over every position of the fixed prompts
    double meanLogitDifference = 0;
    int positions = 0; ///< compared
    int sameTop = 0; ///< of them, those whose likeliest token is the same
    std::string note; ///< what the form cannot say and what was written instead; empty for nothing
};

/// How the engine computes from now on; models that are loaded keep what they were loaded with.
struct EngineSettings {
    int threads = 0; ///< of ATen, OpenMP and the BLAS; 0: the machine's cores
    WeightDtype dtype = WeightDtype::automatic; ///< of models for answering; a run has its own
    std::string device = "cpu"; ///< cpu or cuda
    /// Which of its machine's processes this is, from 0: of several GPUs it takes that one, counted round.
    int localRank = 0;
};

/// How a run that another rank leads ended, as that rank said.
struct FollowedEnd {
    RunState state = RunState::stopped;
    std::string message;
};

/// What the engine library offers. One instance, from `precedent_engine()`, opened at run time: no caller links LibTorch.
class Engine {
public:
    virtual ~Engine() = default;

    /// Fails with unsupported or failedPrecondition for a device that is not there; then nothing is changed.
    [[nodiscard]] virtual Status configure(const EngineSettings& settings) = 0;
    [[nodiscard]] virtual std::string description() const = 0; ///< LibTorch's version, BLAS, threads
    [[nodiscard]] virtual EngineFacts facts() const { return {}; }

    /// Fails with notFound, corrupt, unsupported (naming the architecture or tensor) or outOfMemory.
    [[nodiscard]] virtual Result<std::shared_ptr<Model>> load(const LoadOptions& options) = 0;

    /// A sentence encoder, from a folder in Hugging Face layout. Fails as load().
    [[nodiscard]] virtual Result<std::shared_ptr<TextEncoder>> loadEncoder(const std::string& folder)
    {
        (void)folder;
        return Error(ErrorCode::unsupported, "This engine has no encoders.");
    }

    /// Starts from step 0. Fails with invalidArgument if the spec does not validate, notFound if the model is missing. With
    /// `ranks` this is rank 0, which leads: the others call follow() with the same inputs; where one of them cannot begin, all fail.
    [[nodiscard]] virtual Result<std::unique_ptr<TrainingRun>> start(
        const RunInputs& inputs, std::shared_ptr<RunRecorder> recorder, std::shared_ptr<Ranks> ranks = {}) = 0;

    /// Does parts of the run's steps, with nothing written, and says what whole ones would take: a step's completions (at most 128
    /// tokens of each), updates of parts of them at several sizes. Blocks for about a step's time. Fails as start(), with
    /// cancelled, or with unsupported.
    [[nodiscard]] virtual Result<Rehearsal> rehearse(const RunInputs& inputs, std::stop_token stop)
    {
        (void)inputs, (void)stop;
        return Error(ErrorCode::unsupported, "This engine measures no steps.");
    }

    /// Continues bit-exactly from the run's last good checkpoint (same machine, same thread count). Fails with
    /// failedPrecondition, naming what differs, if weights, spec or frozen inputs changed since. Any number of ranks goes on from
    /// what any number of them left.
    [[nodiscard]] virtual Result<std::unique_ptr<TrainingRun>> resume(
        const RunInputs& inputs, std::shared_ptr<RunRecorder> recorder, std::shared_ptr<Ranks> ranks = {}) = 0;

    /// Blocks until all ranks have met. Fails with unsupported in a build without Gloo, failedPrecondition if one did not come.
    [[nodiscard]] virtual Result<std::shared_ptr<Ranks>> meet(const RankPlace& place) = 0;

    /// The part of any rank but 0 in a run: blocks until the leading rank says that it is over. `stop` is a stop of the run on every
    /// rank, with a checkpoint, at the ranks' next meeting. Fails as start() and resume(), and where a rank is lost.
    [[nodiscard]] virtual Result<FollowedEnd> follow(
        const RunInputs& inputs, bool resumes, const std::shared_ptr<Ranks>& ranks, std::stop_token stop) = 0;

    /// Blocks. See ExportReport for what is checked afterwards. Fails as load(), and as files can.
    [[nodiscard]] virtual Result<ExportReport> exportModel(const ExportRequest& request, std::stop_token stop) = 0;

    /// Blocks. `onProgress` is called on this thread after each step. Cancelled by `stop` after a checkpoint.
    [[nodiscard]] virtual Result<PretrainSummary> pretrain(
        const PretrainSpec& spec, const std::function<void(const PretrainProgress&)>& onProgress, std::stop_token stop) = 0;
};

/// The version of this facade: the library is refused if it was built against another.
inline constexpr int kEngineVersion = 14;

} // namespace precedent::core

extern "C" {
/// The process's one engine. Opened with dlsym from libprecedent_core.so.
precedent::core::Engine* precedent_engine();
int precedent_engine_version();
}
