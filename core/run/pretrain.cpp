#include "core/run/pretrain.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/model/cancelled.h"
#include "core/model/loader.h"
#include "core/run/checkpoint_folder.h"
#include "core/run/packed_network.h"
#include "precedent/base/digest.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"
#include "precedent/base/log.h"
#include "precedent/formats/safetensors.h"
#include "precedent/starter/bpe_trainer.h"
#include "precedent/starter/corpus.h"
#include "precedent/text/chat_template.h"
#include "precedent/text/tokenizer.h"

namespace precedent::core {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kMicroBatchTokens = 4096; // activations of a micro-batch stay near the caches
constexpr float kBeta1 = 0.9F;
constexpr float kBeta2 = 0.95F;
constexpr float kAdamEps = 1e-8F;
constexpr double kMaxGradNorm = 1.0;
constexpr const char* kEndToken = "<|end|>";
constexpr const char* kPadToken = "<|pad|>";

Status validate(const PretrainSpec& spec)
{
    const auto bad = [](const std::string& key, const std::string& seen, const std::string& expected) {
        return Error(ErrorCode::invalidArgument, "The pretraining spec's " + key + " is " + seen + "; expected " + expected + ".");
    };
    if (spec.tokens < 1)
        return bad("tokens", std::to_string(spec.tokens), "at least 1");
    if (spec.vocabulary < 300)
        return bad("vocabulary", std::to_string(spec.vocabulary), "at least 300 (256 bytes and the special tokens)");
    if (spec.heads < 1 || spec.hiddenSize < 1 || spec.hiddenSize % spec.heads != 0)
        return bad("hidden_size", std::to_string(spec.hiddenSize), "a multiple of heads, " + std::to_string(spec.heads));
    if (spec.batchTokens < 16)
        return bad("batch_tokens", std::to_string(spec.batchTokens), "at least 16");
    if (!(spec.learningRate > 0) || !(spec.minLearningRate >= 0) || spec.minLearningRate > spec.learningRate)
        return bad("learning_rate", std::to_string(spec.learningRate), "above 0 and not below min_learning_rate");
    if (!(spec.initializerRange > 0 && spec.initializerRange <= 1))
        return bad("initializer_range", std::to_string(spec.initializerRange), "above 0 and at most 1");
    if (!(spec.warmupSteps >= 0))
        return bad("warmup_steps", std::to_string(spec.warmupSteps), "0 or more");
    if (spec.saveSteps < 1)
        return bad("save_steps", std::to_string(spec.saveSteps), "at least 1");
    if (spec.outputFolder.empty())
        return bad("output folder", "empty", "a folder");
    return {};
}

// Everything that decides the weights; where they are written and how often is left out.
std::string specHash(const PretrainSpec& s, const std::string& grammarHash)
{
    const Json json{{"grammar", grammarHash}, {"seed", s.seed}, {"tokens", s.tokens}, {"vocabulary", s.vocabulary},
        {"hidden_size", s.hiddenSize}, {"layers", s.layers}, {"heads", s.heads}, {"kv_heads", s.kvHeads},
        {"intermediate_size", s.intermediateSize}, {"context_length", s.contextLength}, {"batch_tokens", s.batchTokens},
        {"learning_rate", s.learningRate}, {"min_learning_rate", s.minLearningRate}, {"warmup_steps", s.warmupSteps},
        {"weight_decay", s.weightDecay}, {"initializer_range", s.initializerRange}};
    return sha256Hex(dumpJson(json));
}

// Linear warm-up, then a cosine to the minimum. step counts from 1.
double learningRateAt(const PretrainSpec& spec, int step, int steps)
{
    if (step <= spec.warmupSteps)
        return spec.learningRate * step / spec.warmupSteps;
    const double done = (step - spec.warmupSteps) / std::max(1.0, steps - spec.warmupSteps);
    return spec.minLearningRate +
        0.5 * (spec.learningRate - spec.minLearningRate) * (1.0 + std::cos(std::numbers::pi * std::min(1.0, done)));
}

Status writeTokenizer(const PretrainSpec& spec)
{
    const fs::path folder = spec.outputFolder;
    Result<std::string> tokenizer = starter::trainStarterTokenizer(spec.corpusFolder, spec.vocabulary);
    if (!tokenizer.ok())
        return tokenizer.error();
    PRECEDENT_TRY(writeFileAtomically(folder / "tokenizer.json", *tokenizer));
    const Json config{{"tokenizer_class", "PreTrainedTokenizerFast"}, {"eos_token", kEndToken}, {"pad_token", kPadToken},
        {"model_max_length", spec.contextLength}, {"clean_up_tokenization_spaces", false},
        {"chat_template", std::string(text::starterChatTemplateJinja())}};
    return writeFileAtomically(folder / "tokenizer_config.json", dumpJson(config, 2) + "\n");
}

DecoderConfig decoderConfig(const PretrainSpec& spec, const text::Tokenizer& tokenizer)
{
    DecoderConfig config;
    config.hiddenSize = spec.hiddenSize;
    config.layers = spec.layers;
    config.heads = spec.heads;
    config.kvHeads = spec.kvHeads;
    config.headDim = spec.hiddenSize / spec.heads;
    config.intermediateSize = spec.intermediateSize;
    config.vocabulary = tokenizer.vocabularySize();
    config.contextLength = spec.contextLength;
    config.initializerRange = spec.initializerRange;
    config.tieEmbeddings = true;
    config.eosIds = {tokenizer.idOf(kEndToken).value_or(1)};
    config.padId = tokenizer.idOf(kPadToken).value_or(0);
    config.dtype = "bfloat16";
    return config;
}

class Pretraining {
public:
    Pretraining(const PretrainSpec& spec, std::unique_ptr<starter::CorpusStream> corpus, std::shared_ptr<const text::Tokenizer> tokenizer,
        std::shared_ptr<Decoder> decoder)
        : m_spec(spec)
        , m_corpus(std::move(corpus))
        , m_tokenizer(std::move(tokenizer))
        , m_decoder(std::move(decoder))
        , m_network(*m_decoder)
        , m_steps(static_cast<int>((spec.tokens + spec.batchTokens - 1) / spec.batchTokens))
        , m_specHash(specHash(spec, m_corpus->grammar().hash))
    {
    }

    Status resume();
    Result<PretrainSummary> run(const std::function<void(const PretrainProgress&)>& onProgress, const std::stop_token& stop);

private:
    std::vector<PackedBatch> nextBatches();
    double trainStep();
    Status save();
    Result<std::string> finish();

    const PretrainSpec& m_spec;
    std::unique_ptr<starter::CorpusStream> m_corpus;
    std::shared_ptr<const text::Tokenizer> m_tokenizer;
    std::shared_ptr<Decoder> m_decoder;
    PackedNetwork m_network;
    int m_steps;
    std::string m_specHash;
    int m_step = 0; // whole steps done
    std::int64_t m_tokens = 0;
    std::uint64_t m_position = 0; // of the corpus, after the last whole step
    int m_savedStep = -1;
    double m_loss = 0; // running mean
    bool m_warnedLength = false;
};

// The documents of one step, in the corpus's order, packed into micro-batches.
std::vector<PackedBatch> Pretraining::nextBatches()
{
    std::vector<PackedBatch> batches(1);
    std::int64_t total = 0;
    while (total < m_spec.batchTokens) {
        const std::vector<int> ids = m_tokenizer->encode(m_corpus->next().text, false);
        const auto positions = static_cast<std::int64_t>(ids.size()) - 1;
        if (positions > m_spec.contextLength) {
            if (!std::exchange(m_warnedLength, true))
                logWarning("The corpus has documents longer than the context of " + std::to_string(m_spec.contextLength) +
                    " tokens; they are left out.");
            continue;
        }
        if (batches.back().size() > 0 && batches.back().size() + positions > kMicroBatchTokens)
            batches.emplace_back();
        batches.back().add(ids);
        total += std::max<std::int64_t>(positions, 0);
    }
    return batches;
}

// Returns the mean loss of the step. On Cancelled the gradient is dirty and the step not counted.
double Pretraining::trainStep()
{
    const std::vector<PackedBatch> batches = nextBatches();
    std::int64_t total = 0;
    for (const PackedBatch& batch : batches)
        total += batch.size();
    double loss = 0;
    for (const PackedBatch& batch : batches)
        loss += m_network.accumulate(batch, 1.0F / static_cast<float>(total));
    loss /= static_cast<double>(total);
    if (!std::isfinite(loss))
        return loss;
    kernels::AdamStep settings{};
    settings.learningRate = static_cast<float>(learningRateAt(m_spec, m_step + 1, m_steps));
    settings.beta1 = kBeta1;
    settings.beta2 = kBeta2;
    settings.eps = kAdamEps;
    settings.weightDecay = static_cast<float>(m_spec.weightDecay);
    m_network.update(settings, kMaxGradNorm, m_step + 1);
    ++m_step;
    m_tokens += total;
    m_position = m_corpus->position();
    m_loss = m_step == 1 ? loss : 0.95 * m_loss + 0.05 * loss;
    return loss;
}

Status Pretraining::save()
{
    if (m_savedStep == m_step)
        return {};
    Result<CheckpointFolder> folder = CheckpointFolder::begin(m_spec.outputFolder, m_step);
    if (!folder.ok())
        return folder.error();
    std::vector<formats::TensorView> tensors;
    const auto add = [&](const std::string& name, const at::Tensor& t) {
        tensors.push_back({name, formats::DType::f32, {t.numel()}, {reinterpret_cast<const char*>(t.data_ptr<float>()), t.nbytes()}});
    };
    add("weights", m_network.weights());
    add("exp_avg", m_network.firstMoment());
    add("exp_avg_sq", m_network.secondMoment());
    PRECEDENT_TRY(formats::writeSafetensors(folder->path() / "state.safetensors", tensors));
    const Json state{{"step", m_step}, {"tokens", m_tokens}, {"position", m_position}, {"loss", m_loss}, {"spec_sha256", m_specHash}};
    PRECEDENT_TRY(writeFileAtomically(folder->path() / "trainer_state.json", dumpJson(state, 2) + "\n"));
    Result<fs::path> written = folder->commit();
    if (!written.ok())
        return written.error();
    m_savedStep = m_step;
    for (const FoundCheckpoint& old : checkpointsIn(m_spec.outputFolder)) {
        std::error_code ec;
        if (old.step < m_step)
            fs::remove_all(old.folder, ec);
    }
    return {};
}

Status Pretraining::resume()
{
    std::vector<std::string> skipped;
    Result<FoundCheckpoint> found = lastGoodCheckpoint(m_spec.outputFolder, skipped);
    for (const std::string& message : skipped)
        logWarning(message);
    if (!found.ok())
        return found.error();
    Result<std::string> text = readFile(found->folder / "trainer_state.json");
    if (!text.ok())
        return text.error();
    Result<Json> state = parseJson(*text, (found->folder / "trainer_state.json").string());
    if (!state.ok())
        return state.error();
    Result<std::shared_ptr<const formats::SafetensorsFile>> file = formats::SafetensorsFile::open(found->folder / "state.safetensors");
    if (!file.ok())
        return file.error();
    try {
        if (state->at("spec_sha256").get<std::string>() != m_specHash)
            return Error(ErrorCode::failedPrecondition,
                "The checkpoint in " + found->folder.string() + " was made with another spec or grammar.",
                "Resume with the spec it was started with, or start anew in another folder.");
        m_step = state->at("step").get<int>();
        m_tokens = state->at("tokens").get<std::int64_t>();
        m_position = state->at("position").get<std::uint64_t>();
        m_loss = state->at("loss").get<double>();
    } catch (const Json::exception& e) {
        return Error(ErrorCode::corrupt, found->folder.string() + "/trainer_state.json: " + e.what());
    }
    for (auto& [name, tensor] : std::vector<std::pair<const char*, at::Tensor*>>{
             {"weights", &m_network.weights()}, {"exp_avg", &m_network.firstMoment()}, {"exp_avg_sq", &m_network.secondMoment()}}) {
        const formats::TensorView* view = (*file)->find(name);
        if (view == nullptr || view->elements() != tensor->numel() || !formats::widenToFloat(*view, tensor->data_ptr<float>()))
            return Error(ErrorCode::corrupt,
                found->folder.string() + "/state.safetensors lacks " + name + " of " + std::to_string(tensor->numel()) + " numbers.");
    }
    m_corpus->seek(m_position);
    m_savedStep = m_step;
    return {};
}

// The model in Hugging Face's layout; returns the weights' SHA-256.
Result<std::string> Pretraining::finish()
{
    m_network.copyTo(*m_decoder);
    const fs::path folder = m_spec.outputFolder;
    PRECEDENT_TRY(writeModelFiles(folder, *m_decoder, StoredType::bf16));
    const DecoderConfig& config = m_decoder->config();
    const Json generation{
        {"eos_token_id", config.eosIds.front()}, {"pad_token_id", config.padId}, {"do_sample", true}, {"temperature", 1.0}};
    PRECEDENT_TRY(writeFileAtomically(folder / "generation_config.json", dumpJson(generation, 2) + "\n"));
    return weightsSha256(folder);
}

Result<PretrainSummary> Pretraining::run(const std::function<void(const PretrainProgress&)>& onProgress, const std::stop_token& stop)
{
    m_network.setStopCheck([&stop] { return stop.stop_requested(); });
    const auto cancelled = [&]() -> Error {
        const Status saved = save();
        if (!saved.ok())
            return saved.error().in("stopping");
        return {
            ErrorCode::cancelled, "Pretraining was stopped after step " + std::to_string(m_step) + ".", "Resume it from the same folder."};
    };
    while (m_step < m_steps) {
        const auto began = Clock::now();
        const std::int64_t before = m_tokens;
        double loss = 0;
        try {
            if (stop.stop_requested())
                throw Cancelled();
            loss = trainStep();
        } catch (const Cancelled&) {
            return cancelled();
        }
        if (!std::isfinite(loss))
            return Error(ErrorCode::failedPrecondition, "The loss of step " + std::to_string(m_step + 1) + " is not a number.",
                "The last checkpoint is from step " + std::to_string(std::max(m_savedStep, 0)) + ". Lower the learning rate.");
        const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
        if (onProgress)
            onProgress({m_step, m_steps, m_tokens, loss, static_cast<double>(m_tokens - before) / std::max(seconds, 1e-9)});
        if (m_step % m_spec.saveSteps == 0 || m_step == m_steps)
            PRECEDENT_TRY(save());
    }
    Result<std::string> sha256 = finish();
    if (!sha256.ok())
        return sha256.error();
    return PretrainSummary{m_step, m_tokens, m_loss, *sha256};
}

} // namespace

Result<PretrainSummary> pretrain(
    const PretrainSpec& spec, const std::function<void(const PretrainProgress&)>& onProgress, std::stop_token stop)
{
    PRECEDENT_TRY(validate(spec));
    auto corpus = starter::CorpusStream::open(spec.corpusFolder, spec.seed);
    if (!corpus.ok())
        return corpus.error();
    std::error_code ec;
    fs::create_directories(spec.outputFolder, ec);
    if (ec)
        return errnoError(ec.value(), "create", spec.outputFolder);
    if (!spec.resume && !checkpointsIn(spec.outputFolder).empty())
        return Error(ErrorCode::alreadyExists, spec.outputFolder + " already holds checkpoints.", "Resume them, or choose another folder.");
    if (!spec.resume)
        PRECEDENT_TRY(writeTokenizer(spec));
    auto tokenizer = text::Tokenizer::load(spec.outputFolder);
    if (!tokenizer.ok())
        return tokenizer.error();
    try {
        auto decoder = Decoder::create(decoderConfig(spec, **tokenizer), spec.seed);
        if (!decoder.ok())
            return decoder.error();
        Pretraining training(spec, std::move(*corpus), std::move(*tokenizer), std::move(*decoder));
        if (spec.resume)
            PRECEDENT_TRY(training.resume());
        return training.run(onProgress, stop);
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::outOfMemory, "Pretraining ran out of memory.", "Lower batch_tokens or the model's size.");
    } catch (const std::exception& e) {
        return Error(ErrorCode::internal, std::string("Pretraining failed inside LibTorch: ") + e.what());
    }
}

} // namespace precedent::core
