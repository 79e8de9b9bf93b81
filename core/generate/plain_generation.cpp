#include "core/generate/plain_generation.h"
#include "core/generate/generator.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "core/generate/sampler.h"
#include "core/model/ops.h"

namespace precedent::core {
namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

at::Tensor idTensor(const std::vector<int>& ids, const at::Device& device)
{
    return at::tensor(std::vector<std::int64_t>(ids.begin(), ids.end()), at::kLong).to(device);
}

/// [G, V] float32 on the CPU.
at::Tensor logitsOf(const Decoder& decoder, const at::Tensor& hidden)
{
    return linearProjection(hidden, decoder.headWeight()).to(at::kCPU, at::kFloat).contiguous();
}

class PlainGeneration {
public:
    PlainGeneration(const Decoder& decoder, const GenerationRequest& request, const std::stop_token& stop, const TokenSink& onToken,
        const CompletionSink& onCompletion)
        : m_decoder(decoder)
        , m_device(decoder.parameters().front().second.device())
        , m_request(request)
        , m_stop(stop)
        , m_onToken(onToken)
        , m_onCompletion(onCompletion)
        , m_sampler(request.sampling, bestKernels())
    {
        for (std::size_t p = 0; p < request.prompts.size(); ++p) {
            for (int i = 0; i < request.prompts[p].n; ++i) {
                Completion& completion = m_result.completions.emplace_back();
                completion.prompt = static_cast<int>(p);
                completion.index = i;
                completion.stopReason = StopReason::cancelled; // until it ends otherwise
            }
        }
    }

    Result<GenerationResult> run()
    {
        const c10::InferenceMode guard;
        std::size_t first = 0;
        for (const GenerationPrompt& prompt : m_request.prompts) {
            m_result.promptTokens += static_cast<std::int64_t>(prompt.ids.size());
            const auto start = Clock::now();
            GroupCache cache;
            const at::Tensor hidden = m_decoder.hiddenOfPrompt(idTensor(prompt.ids, m_device), cache.prompt);
            const at::Tensor logits = logitsOf(m_decoder, hidden.slice(0, -1)); // [1, V]
            m_result.prefillSeconds += secondsSince(start);
            const auto decodeStart = Clock::now();
            for (int done = 0; done < prompt.n && !m_stop.stop_requested(); done += m_request.maxBatch) {
                const int count = std::min(m_request.maxBatch, prompt.n - done);
                decode(prompt, first + static_cast<std::size_t>(done), count, cache, logits);
            }
            m_result.decodeSeconds += secondsSince(decodeStart);
            first += static_cast<std::size_t>(prompt.n);
            if (m_notFinite)
                return Error(ErrorCode::internal, kDiverged, "Go back to an earlier checkpoint.");
        }
        for (const Completion& completion : m_result.completions) {
            if (completion.stopReason == StopReason::cancelled && m_onCompletion)
                m_onCompletion(completion);
        }
        return std::move(m_result);
    }

private:
    /// `count` completions of one prompt, from the m_result's `first` on, to their ends.
    void decode(const GenerationPrompt& prompt, std::size_t first, int count, const GroupCache& prompted, const at::Tensor& promptLogits)
    {
        GroupCache cache = prompted; // tensors are shared; the own ones begin empty
        std::vector<Completion*> rows;
        std::vector<Random> randoms;
        for (int i = 0; i < count; ++i) {
            rows.push_back(&m_result.completions[first + static_cast<std::size_t>(i)]);
            randoms.emplace_back(prompt.seed, static_cast<std::uint64_t>(rows.back()->index));
        }
        at::Tensor logits = promptLogits.expand({count, -1});
        auto length = static_cast<std::int64_t>(prompt.ids.size());
        if (length >= m_decoder.config().contextLength) {
            for (Completion* row : rows)
                end(*row, StopReason::context);
            return;
        }
        while (!rows.empty() && !m_stop.stop_requested() && !m_notFinite) {
            ++length;
            std::vector<std::int64_t> kept;
            std::vector<int> ids;
            for (std::size_t i = 0; i < rows.size(); ++i) {
                const float* row = logits.data_ptr<float>() + static_cast<std::int64_t>(i) * logits.stride(0);
                if (take(*rows[i], m_sampler.draw(row, m_decoder.config().vocabulary, randoms[i]), length))
                    continue;
                kept.push_back(static_cast<std::int64_t>(i));
                ids.push_back(rows[i]->ids.back());
            }
            if (kept.empty())
                return;
            if (kept.size() < rows.size())
                keep(kept, cache, rows, randoms);
            logits = logitsOf(m_decoder, m_decoder.hiddenOfStep(idTensor(ids, m_device), cache));
        }
    }

    /// True if the completion ends with this token.
    bool take(Completion& completion, const SampledToken& token, std::int64_t length)
    {
        if (!std::isfinite(token.logprob)) {
            m_notFinite = true;
            return true;
        }
        completion.ids.push_back(token.id);
        completion.logprobs.push_back(token.logprob);
        ++m_result.completionTokens;
        if (m_onToken)
            m_onToken(completion.prompt, completion.index, token.id);
        if (std::find(m_request.stopIds.begin(), m_request.stopIds.end(), token.id) != m_request.stopIds.end())
            return end(completion, StopReason::stopId);
        if (static_cast<int>(completion.ids.size()) >= m_request.sampling.maxTokens)
            return end(completion, StopReason::length);
        return length >= m_decoder.config().contextLength && end(completion, StopReason::context);
    }

    bool end(Completion& completion, StopReason reason)
    {
        completion.stopReason = reason;
        if (m_onCompletion)
            m_onCompletion(completion);
        return true;
    }

    void keep(const std::vector<std::int64_t>& kept, GroupCache& cache, std::vector<Completion*>& rows, std::vector<Random>& randoms) const
    {
        const at::Tensor index = at::tensor(kept, at::kLong).to(m_device);
        for (std::vector<at::Tensor>* tensors : {&cache.ownK, &cache.ownV}) {
            for (at::Tensor& tensor : *tensors)
                tensor = tensor.index_select(0, index);
        }
        for (std::size_t i = 0; i < kept.size(); ++i) {
            rows[i] = rows[static_cast<std::size_t>(kept[i])];
            randoms[i] = randoms[static_cast<std::size_t>(kept[i])];
        }
        rows.resize(kept.size());
        randoms.erase(randoms.begin() + static_cast<std::ptrdiff_t>(kept.size()), randoms.end());
    }

    const Decoder& m_decoder;
    const at::Device m_device;
    const GenerationRequest& m_request;
    const std::stop_token& m_stop;
    const TokenSink& m_onToken;
    const CompletionSink& m_onCompletion;
    Sampler m_sampler;
    GenerationResult m_result;
    bool m_notFinite = false;
};

} // namespace

Result<GenerationResult> generatePlain(const Decoder& decoder, const GenerationRequest& request, const std::stop_token& stop,
    const TokenSink& onToken, const CompletionSink& onCompletion)
{
    return PlainGeneration(decoder, request, stop, onToken, onCompletion).run();
}

PlainLogits logitsPlain(const Decoder& decoder, const std::vector<int>& ids)
{
    const c10::InferenceMode guard;
    const at::Tensor row = idTensor(ids, decoder.parameters().front().second.device());
    const at::Tensor hidden = decoder.hidden(row.unsqueeze(0))[0]; // [T, C]
    PlainLogits result;
    if (ids.size() > 1) {
        const at::Tensor picked = decoder.tokenLogProbs(hidden.slice(0, 0, -1), row.slice(0, 1)).to(at::kCPU, at::kFloat).contiguous();
        result.logprobs.assign(picked.data_ptr<float>(), picked.data_ptr<float>() + picked.numel());
    }
    result.next = logitsOf(decoder, hidden.slice(0, -1))[0];
    return result;
}

} // namespace precedent::core
