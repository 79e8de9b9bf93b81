#include "core/generate/generator.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "core/generate/batch.h"
#include "core/generate/kept_prefix.h"
#include "core/generate/packed_weights.h"
#include "core/generate/plain_generation.h"
#include "core/generate/pooled_states.h"

namespace precedent::core {
namespace {

Error badRequest(const std::string& message) { return {ErrorCode::invalidArgument, message}; }

/// The kernels compute on the processor; the plain path serves every other device.
bool kernelsCompute(const Decoder& decoder) { return decoder.parameters().front().second.device().is_cpu(); }

Status checkVocabulary(const std::vector<int>& ids, const DecoderConfig& config, const std::string& what)
{
    for (const int id : ids) {
        if (id < 0 || id >= config.vocabulary)
            return badRequest(what + " has token id " + std::to_string(id) + "; the model's vocabulary has 0 to " +
                std::to_string(config.vocabulary - 1) + ".");
    }
    return {};
}

Status checkIds(const std::vector<int>& ids, const DecoderConfig& config, const std::string& what)
{
    if (ids.empty())
        return badRequest(what + " is empty; at least one token is needed to continue from.");
    if (ids.size() > static_cast<std::size_t>(config.contextLength))
        return badRequest(what + " has " + std::to_string(ids.size()) + " tokens; the model's context holds " +
            std::to_string(config.contextLength) + ".");
    return checkVocabulary(ids, config, what);
}

Status checkRequest(const GenerationRequest& request, const DecoderConfig& config)
{
    const Sampling& sampling = request.sampling;
    if (!(sampling.temperature >= 0) || !std::isfinite(sampling.temperature))
        return badRequest("temperature is " + std::to_string(sampling.temperature) + "; expected a number from 0 up.");
    if (sampling.topK < 0)
        return badRequest("top_k is " + std::to_string(sampling.topK) + "; expected 0 (off) or more.");
    if (!(sampling.topP > 0 && sampling.topP <= 1))
        return badRequest("top_p is " + std::to_string(sampling.topP) + "; expected a number above 0, up to 1 (off).");
    if (sampling.maxTokens < 1)
        return badRequest("The most tokens to generate is " + std::to_string(sampling.maxTokens) + "; expected 1 or more.");
    if (request.maxBatch < 1)
        return badRequest("The batch size is " + std::to_string(request.maxBatch) + "; expected 1 or more.");
    for (std::size_t p = 0; p < request.prompts.size(); ++p) {
        PRECEDENT_TRY(checkIds(request.prompts[p].ids, config, "Prompt " + std::to_string(p)));
        if (request.prompts[p].n < 1)
            return badRequest(
                "Prompt " + std::to_string(p) + " asks for " + std::to_string(request.prompts[p].n) + " completions; expected 1 or more.");
    }
    return {};
}

bool hasRows(const Decoder& decoder)
{
    const NamedTensors& weights = decoder.parameters();
    return std::any_of(weights.begin(), weights.end(), [](const auto& entry) { return entry.second.scalar_type() == at::kBFloat16; });
}

/// Positions that the longest completion of the request can reach.
std::int64_t longestSequence(const GenerationRequest& request, const DecoderConfig& config)
{
    std::size_t longest = 0;
    for (const GenerationPrompt& prompt : request.prompts)
        longest = std::max(longest, prompt.ids.size());
    return std::min<std::int64_t>(config.contextLength, static_cast<std::int64_t>(longest) + request.sampling.maxTokens);
}

std::vector<LogitsResult::Candidate> bestOf(const float* logits, int vocabulary, int topK, float logSum)
{
    std::vector<int> ids(static_cast<std::size_t>(vocabulary));
    std::iota(ids.begin(), ids.end(), 0);
    const auto count = static_cast<std::ptrdiff_t>(std::clamp(topK, 0, vocabulary));
    std::partial_sort(
        ids.begin(), ids.begin() + count, ids.end(), [&](int a, int b) { return logits[a] != logits[b] ? logits[a] > logits[b] : a < b; });
    std::vector<LogitsResult::Candidate> best;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const int id = ids[static_cast<std::size_t>(i)];
        best.push_back({id, logits[id], logits[id] - logSum});
    }
    return best;
}

LogitsResult plainLogits(const Decoder& decoder, const std::vector<int>& ids, int topK)
{
    PlainLogits plain = logitsPlain(decoder, ids);
    const int vocabulary = decoder.config().vocabulary;
    const float* row = plain.next.data_ptr<float>();
    float highest = 0;
    const float logSum = std::log(bestKernels().sumOfExponentials(row, vocabulary, &highest)) + highest;
    return {std::move(plain.logprobs), bestOf(row, vocabulary, topK, logSum)};
}

Status checkContinuations(const std::vector<int>& prompt, const std::vector<std::vector<int>>& continuations, const DecoderConfig& config)
{
    PRECEDENT_TRY(checkIds(prompt, config, "The prompt"));
    for (std::size_t c = 0; c < continuations.size(); ++c) {
        const std::string what = "Continuation " + std::to_string(c);
        if (continuations[c].empty())
            return badRequest(what + " is empty; at least one token is needed.");
        PRECEDENT_TRY(checkVocabulary(continuations[c], config, what));
        const std::size_t seen = prompt.size() + continuations[c].size() - 1; // the last token is only predicted
        if (seen > static_cast<std::size_t>(config.contextLength))
            return badRequest(what + " and the prompt before it have " + std::to_string(seen + 1) + " tokens; the model's context holds " +
                std::to_string(config.contextLength) + ".");
    }
    return {};
}

/// Each text computed whole.
Result<std::vector<double>> plainContinuations(
    const Decoder& decoder, const std::vector<int>& prompt, const std::vector<std::vector<int>>& continuations, const std::stop_token& stop)
{
    std::vector<double> sums;
    for (const std::vector<int>& continuation : continuations) {
        if (stop.stop_requested())
            return Error(ErrorCode::cancelled, "Stopped.");
        std::vector<int> ids = prompt;
        ids.insert(ids.end(), continuation.begin(), continuation.end());
        const std::vector<float> logprobs = logitsPlain(decoder, ids).logprobs;
        sums.push_back(std::accumulate(logprobs.end() - static_cast<std::ptrdiff_t>(continuation.size()), logprobs.end(), 0.0));
    }
    return sums;
}

/// Takes ids into a block of the sequence's own, pass by pass, `onPass(begin, rows)` after each with its states in scratch.normed.
/// False if stopped.
template <class OnPass>
bool takeIn(const Forward& forward, const DecoderConfig& config, KvSequence& sequence, Scratch& scratch, std::span<const int> ids,
    const std::stop_token& stop, const OnPass& onPass)
{
    const auto length = static_cast<std::int64_t>(ids.size());
    sequence.addBlock(std::make_shared<KvBlock>(config, length, forward.kvFormat()));
    const std::int64_t most = forward.rowsPerPass(length);
    for (std::int64_t begin = 0; begin < length; begin += most) {
        const std::int64_t rows = std::min(most, length - begin);
        sequence.extend(rows);
        if (!forward.run({Span{&sequence, ids.data() + begin, rows}}, scratch, {Phase::prefill, /*team=*/true}, stop))
            return false;
        onPass(begin, rows);
    }
    return true;
}

/// Takes the logits of the states [first, first + count) of the last pass, `onRow(row, logits, log of the sum of exponentials)` each.
template <class OnRow>
void eachRowsLogits(const Forward& forward, Scratch& scratch, std::int64_t first, std::int64_t count, int vocabulary, const OnRow& onRow)
{
    constexpr std::int64_t kRowsAtOnce = 16;
    for (std::int64_t begin = first; begin < first + count; begin += kRowsAtOnce) {
        const std::int64_t rows = std::min(kRowsAtOnce, first + count - begin);
        forward.logits(scratch, begin, rows, Phase::prefill, /*team=*/true);
        for (std::int64_t r = 0; r < rows; ++r) {
            const float* logits = scratch.logits.data() + r * forward.logitStride();
            float highest = 0;
            const float logSum = std::log(forward.kernels().sumOfExponentials(logits, vocabulary, &highest)) + highest;
            onRow(begin + r, logits, logSum);
        }
    }
}

} // namespace

struct Generator::State {
    PackedWeights weights;
    KeptPrefix prefix; // of prompts before continuations
    std::vector<Scratch> scratch;
};

Generator::Generator(std::shared_ptr<const Decoder> decoder, const KernelChoice& kernels)
    : m_decoder(std::move(decoder))
    , m_kernels(kernels)
    , m_state(std::make_unique<State>())
{
    refreshWeights();
}

Generator::Generator(std::shared_ptr<const Decoder> decoder)
    : Generator(decoder, hasRows(*decoder) ? chosenKernels() : chosenFloatKernels())
{
}

Generator::~Generator() = default;

void Generator::refreshWeights()
{
    m_state->prefix.clear();
    if (kernelsCompute(*m_decoder))
        m_state->weights.copyFrom(*m_decoder);
}

bool Generator::usesKernels() const { return kernelsCompute(*m_decoder); }

bool Generator::holdsRows() const { return m_state->weights.heldAsRows; }

std::int64_t Generator::weightBytes() const { return m_state->weights.bytes(); }

std::int64_t Generator::bytesPerPosition() const
{
    const DecoderConfig& config = m_decoder->config();
    const std::int64_t value = Forward(m_state->weights, m_kernels).kvFormat() == KvFormat::rows ? sizeof(Bf16) : sizeof(float);
    return 2 * value * config.layers * config.kvHeads * config.headDim;
}

Result<GenerationResult> Generator::generate(
    const GenerationRequest& request, std::stop_token stop, const TokenSink& onToken, const CompletionSink& onCompletion)
{
    PRECEDENT_TRY(checkRequest(request, m_decoder->config()));
    if (!kernelsCompute(*m_decoder))
        return generatePlain(*m_decoder, request, stop, onToken, onCompletion);
    m_state->weights.reserveRope(longestSequence(request, m_state->weights.config));
    const Forward forward(m_state->weights, m_kernels);
    return Batch(forward, m_state->weights, m_state->scratch, request, std::move(stop), onToken, onCompletion).run();
}

Result<LogitsResult> Generator::logits(const std::vector<int>& ids, int topK, std::stop_token stop)
{
    PackedWeights& weights = m_state->weights;
    PRECEDENT_TRY(checkIds(ids, m_decoder->config(), "The text"));
    if (!kernelsCompute(*m_decoder))
        return plainLogits(*m_decoder, ids, topK);
    weights.reserveRope(static_cast<std::int64_t>(ids.size()));
    m_state->scratch.resize(std::max<std::size_t>(1, m_state->scratch.size()));
    Scratch& scratch = m_state->scratch.front();
    const Forward forward(weights, m_kernels);
    const auto length = static_cast<std::int64_t>(ids.size());
    KvSequence sequence;
    LogitsResult result;
    const bool whole = takeIn(forward, weights.config, sequence, scratch, ids, stop, [&](std::int64_t begin, std::int64_t rows) {
        eachRowsLogits(forward, scratch, 0, rows, weights.config.vocabulary, [&](std::int64_t row, const float* logits, float logSum) {
            const std::int64_t next = begin + row + 1;
            if (next < length)
                result.logprobs.push_back(logits[ids[static_cast<std::size_t>(next)]] - logSum);
            else
                result.top = bestOf(logits, weights.config.vocabulary, topK, logSum);
        });
    });
    if (!whole)
        return Error(ErrorCode::cancelled, "Stopped.");
    return result;
}

Result<std::vector<double>> Generator::continuationLogProbs(
    const std::vector<int>& prompt, const std::vector<std::vector<int>>& continuations, const std::stop_token& stop)
{
    PRECEDENT_TRY(checkContinuations(prompt, continuations, m_decoder->config()));
    if (continuations.empty())
        return std::vector<double>();
    Result<std::vector<double>> sums = kernelsCompute(*m_decoder) ? continuationsByKernels(prompt, continuations, stop)
                                                                  : plainContinuations(*m_decoder, prompt, continuations, stop);
    if (sums && std::any_of(sums->begin(), sums->end(), [](double sum) { return std::isnan(sum); }))
        return Error(ErrorCode::internal, kDiverged);
    return sums;
}

Result<std::vector<double>> Generator::continuationsByKernels(
    const std::vector<int>& prompt, const std::vector<std::vector<int>>& continuations, const std::stop_token& stop)
{
    PackedWeights& weights = m_state->weights;
    const int vocabulary = weights.config.vocabulary;
    std::size_t longest = 0;
    for (const std::vector<int>& continuation : continuations)
        longest = std::max(longest, continuation.size());
    weights.reserveRope(static_cast<std::int64_t>(prompt.size() + longest));
    m_state->scratch.resize(std::max<std::size_t>(1, m_state->scratch.size()));
    Scratch& scratch = m_state->scratch.front();
    const Forward forward(weights, m_kernels);
    std::vector<double> sums(continuations.size());
    const std::span<const int> ids(prompt);
    const auto [kept, wanted] = m_state->prefix.planFor(prompt);
    KvSequence before = m_state->prefix.sequence().fork();
    if (wanted > kept) {
        if (!takeIn(forward, weights.config, before, scratch, ids.subspan(kept, wanted - kept), stop, [](std::int64_t, std::int64_t) {}))
            return Error(ErrorCode::cancelled, "Stopped.");
        m_state->prefix.keep(before, wanted);
        before = before.fork();
    }
    std::int64_t last = 0; // the prompt's last row in its last pass
    const auto onPass = [&](std::int64_t, std::int64_t rows) { last = rows - 1; };
    if (!takeIn(forward, weights.config, before, scratch, ids.subspan(wanted), stop, onPass))
        return Error(ErrorCode::cancelled, "Stopped.");
    eachRowsLogits(forward, scratch, last, 1, vocabulary, [&](std::int64_t, const float* logits, float logSum) {
        for (std::size_t c = 0; c < continuations.size(); ++c)
            sums[c] = logits[continuations[c].front()] - logSum;
    });
    for (std::size_t c = 0; c < continuations.size(); ++c) {
        const std::vector<int> taken(continuations[c].begin(), continuations[c].end() - 1); // nothing is asked behind the last token
        if (taken.empty())
            continue;
        KvSequence sequence = before.fork();
        const bool whole = takeIn(forward, weights.config, sequence, scratch, taken, stop, [&](std::int64_t begin, std::int64_t rows) {
            eachRowsLogits(forward, scratch, 0, rows, vocabulary, [&](std::int64_t row, const float* logits, float logSum) {
                sums[c] += logits[continuations[c][static_cast<std::size_t>(begin + row + 1)]] - logSum;
            });
        });
        if (!whole)
            return Error(ErrorCode::cancelled, "Stopped.");
    }
    return sums;
}

Result<PooledStates> Generator::pooledStates(const PooledRequest& request, const std::stop_token& stop)
{
    const DecoderConfig& config = m_decoder->config();
    std::int64_t longest = 0;
    for (std::size_t i = 0; i < request.texts.size(); ++i) {
        const std::string what = "Text " + std::to_string(i);
        if (request.texts[i].empty())
            return badRequest(what + " is empty; a mean needs at least one token.");
        PRECEDENT_TRY(checkVocabulary(request.texts[i], config, what));
        longest = std::max(longest, static_cast<std::int64_t>(request.texts[i].size()));
    }
    if (!kernelsCompute(*m_decoder))
        return pooledStatesPlain(*m_decoder, request, stop);
    m_state->weights.reserveRope(std::min<std::int64_t>(longest, config.contextLength));
    const Forward forward(m_state->weights, m_kernels);
    return StatePooling(forward, m_state->weights, m_state->scratch, request, stop).run();
}

} // namespace precedent::core
