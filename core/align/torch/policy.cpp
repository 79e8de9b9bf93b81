#include "core/align/torch/policy.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/align/torch/shared_gradient.h"
#include "core/model/cancelled.h"
#include "core/model/weights_io.h"
#include "precedent/formats/safetensors.h"

namespace precedent::core {

namespace fs = std::filesystem;

namespace {

NamedTensors copyOf(const NamedTensors& tensors)
{
    NamedTensors copies;
    for (const auto& [name, tensor] : tensors)
        copies.emplace_back(name, tensor.detach().clone());
    return copies;
}

void restore(const NamedTensors& from, const NamedTensors& to)
{
    const at::NoGradGuard guard;
    for (std::size_t i = 0; i < from.size(); ++i)
        to[i].second.detach().copy_(from[i].second);
}

std::shared_ptr<Decoder> frozenCopy(const Decoder& decoder)
{
    auto copy = Decoder::over(decoder.config(), copyOf(decoder.parameters()));
    copy->setTrainable(false);
    return copy;
}

Status readInto(const fs::path& path, const NamedTensors& tensors)
{
    const auto file = formats::SafetensorsFile::open(path);
    if (!file.ok())
        return file.error();
    for (const auto& [name, tensor] : tensors)
        PRECEDENT_TRY(readWeight((*file)->find(name), name, tensor.detach(), path.string()));
    return {};
}

/// Adds what a scope takes, on the clock.
class Stopwatch {
public:
    explicit Stopwatch(double& seconds)
        : m_seconds(seconds)
    {
    }
    ~Stopwatch() { m_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count(); }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

private:
    double& m_seconds;
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

} // namespace

Policy::Policy(std::shared_ptr<Decoder> decoder, RunSpec spec)
    : m_decoder(std::move(decoder))
    , m_spec(std::move(spec))
{
}

Result<std::unique_ptr<Policy>> Policy::create(const LoadedModel& model, const RunSpec& spec)
{
    std::unique_ptr<Policy> policy(new Policy(model.decoder, spec));
    if (spec.useLora) {
        LoraConfig config{spec.loraR, spec.loraAlpha, spec.loraDropout, spec.loraTargets, spec.model, {}};
        auto adapter = LoraSet::create(*model.decoder, config, spec.seed);
        if (!adapter.ok())
            return adapter.error();
        policy->m_adapter = *adapter;
        model.decoder->setTrainable(false);
        model.decoder->setAdapter(policy->m_adapter);
    } else {
        if (spec.beta > 0 || spec.method == Method::dpo)
            policy->m_reference = frozenCopy(*model.decoder);
        model.decoder->setTrainable(true);
    }
    model.decoder->setRecomputing(spec.gradientCheckpointing);
    policy->m_optimiser =
        std::make_unique<AdamW>(policy->trainable(), AdamW::Settings{spec.adamBeta1, spec.adamBeta2, 1e-8, spec.weightDecay});
    return policy;
}

at::Device Policy::device() const { return m_decoder->parameters().front().second.device(); }

NamedTensors Policy::trainable() const { return m_adapter ? m_adapter->parameters() : m_decoder->parameters(); }

void Policy::setStopCheck(std::function<bool()> stopRequested)
{
    if (m_reference)
        m_reference->setStopCheck(stopRequested);
    m_decoder->setStopCheck(std::move(stopRequested));
}

std::vector<at::Tensor> Policy::chunkLogProbs(
    const Decoder& decoder, const UpdateChunk& chunk, const Prefix& before, at::Tensor* entropy) const
{
    const at::Tensor hidden = decoder.hiddenPacked(chunk.groups(), before); // [sum of G S, C]
    const at::Tensor logProbs =
        decoder.tokenLogProbs(hidden.index_select(0, chunk.rows), chunk.targets, m_spec.temperature, entropy); // [N]
    const at::Tensor all = at::zeros({hidden.size(0)}, logProbs.options()).index_copy(0, chunk.rows, logProbs);
    std::vector<at::Tensor> parts;
    std::int64_t first = 0;
    for (const UpdatePart& part : chunk.parts) {
        const std::int64_t G = part.ids.completions.size(0), S = part.ids.completions.size(1);
        parts.push_back(all.slice(0, first, first + G * S).view({G, S}));
        first += G * S;
    }
    return parts;
}

void Policy::fillLogProbs(const Decoder& decoder, std::vector<UpdateBatch>& batches, at::Tensor GroupTokens::*place) const
{
    for (UpdateBatch& batch : batches) {
        Prefix trunk;
        if (batch.trunk.defined())
            static_cast<void>(decoder.hiddenOfPrompt(batch.trunk, trunk));
        for (UpdateChunk& chunk : batch.chunks) {
            const std::vector<at::Tensor> logProbs = chunkLogProbs(decoder, chunk, trunk, nullptr);
            for (std::size_t i = 0; i < logProbs.size(); ++i)
                chunk.parts[i].tokens.*place = logProbs[i];
        }
    }
}

void Policy::prepare(std::vector<UpdateBatch>& batches, Objective objective)
{
    const at::NoGradGuard guard;
    if (objective == Objective::preference || (objective == Objective::policyGradient && m_spec.beta > 0)) {
        if (m_adapter)
            m_decoder->setAdapter(nullptr);
        try {
            fillLogProbs(m_reference ? *m_reference : *m_decoder, batches, &GroupTokens::reference);
        } catch (...) {
            m_decoder->setAdapter(m_adapter);
            throw;
        }
        m_decoder->setAdapter(m_adapter);
    }
    // With one update a step the policy that drew the tokens is the one that is updated, and its ratio is 1; unless another one drew them.
    const bool drawnHere = std::none_of(batches.begin(), batches.end(),
        [](const UpdateBatch& batch) { return batch.chunks.front().parts.front().tokens.oldLogProbs.defined(); });
    if (objective == Objective::policyGradient && m_spec.numIterations > 1 && drawnHere)
        fillLogProbs(*m_decoder, batches, &GroupTokens::oldLogProbs);
}

struct Policy::Progress {
    UpdateResult result;
    double clipped = 0, kl = 0, entropy = 0; // sums over tokens
    double share = 1; // of a pair in the step
};

at::Tensor Policy::lossOf(const GroupTokens& tokens, Objective objective, Progress& progress) const
{
    UpdateResult& result = progress.result;
    if (objective == Objective::preference) {
        const PreferenceParts parts = preferenceLoss(tokens, m_spec.dpoBeta, progress.share);
        result.chosenReward += progress.share * parts.chosen;
        result.rejectedReward += progress.share * parts.rejected;
        result.accuracy += parts.chosen > parts.rejected ? progress.share : 0.0;
        result.tokens += parts.tokens;
        return parts.loss;
    }
    const LossParts parts = objective == Objective::supervised ? supervisedLoss(tokens) : groupLoss(tokens, m_spec);
    progress.kl += parts.kl;
    progress.clipped += parts.clipped;
    result.tokens += parts.tokens;
    return parts.loss;
}

// The trunk's keys and values are leaves of the chunks' graphs; what these give them as gradients goes through the trunk at the end.
void Policy::learnBatch(UpdateBatch& batch, Objective objective, Progress& progress)
{
    UpdateResult::Seconds& seconds = progress.result.seconds;
    Prefix computed, leaves;
    if (batch.trunk.defined()) {
        const Stopwatch watch(seconds.forward);
        static_cast<void>(m_decoder->hiddenOfPrompt(batch.trunk, computed));
        for (const auto& [from, to] : {std::pair{&computed.k, &leaves.k}, std::pair{&computed.v, &leaves.v}}) {
            for (const at::Tensor& tensor : *from)
                to->push_back(tensor.detach().requires_grad_(true));
        }
    }
    for (UpdateChunk& chunk : batch.chunks) {
        at::Tensor entropy, loss;
        {
            const Stopwatch watch(seconds.forward);
            const std::vector<at::Tensor> logProbs = chunkLogProbs(*m_decoder, chunk, leaves, &entropy);
            for (std::size_t i = 0; i < logProbs.size(); ++i) {
                GroupTokens& tokens = chunk.parts[i].tokens;
                tokens.logProbs = logProbs[i];
                if (objective == Objective::policyGradient && !tokens.oldLogProbs.defined())
                    tokens.oldLogProbs = logProbs[i].detach();
                const at::Tensor part = lossOf(tokens, objective, progress);
                loss = loss.defined() ? loss + part : part;
                tokens.logProbs = at::Tensor();
            }
        }
        const Stopwatch watch(seconds.backward);
        loss.backward();
        progress.result.loss += loss.item<double>();
        progress.entropy += entropy.sum().item<double>();
        m_decoder->checkStop();
    }
    if (!batch.trunk.defined())
        return;
    const Stopwatch watch(seconds.backward);
    std::vector<at::Tensor> outputs, gradients;
    for (const auto& [from, to] : {std::pair{&computed.k, &leaves.k}, std::pair{&computed.v, &leaves.v}}) {
        for (std::size_t i = 0; i < from->size(); ++i) {
            if (!(*from)[i].requires_grad() || !(*to)[i].grad().defined())
                continue;
            outputs.push_back((*from)[i]);
            gradients.push_back((*to)[i].grad());
        }
    }
    torch::autograd::backward(outputs, gradients);
}

UpdateResult Policy::iterate(std::vector<UpdateBatch>& batches, double learningRate, Objective objective, Progress progress, bool first)
{
    UpdateResult& result = progress.result;
    m_optimiser->zeroGradient();
    const auto own = [&] {
        if (first) {
            const Stopwatch watch(result.seconds.reference);
            prepare(batches, objective);
        }
        for (UpdateBatch& batch : batches)
            learnBatch(batch, objective, progress);
    };
    if (m_ranks != nullptr)
        shareGradient(*m_ranks, own, trainable(),
            {&result.loss, &result.tokens, &result.chosenReward, &result.rejectedReward, &result.accuracy, &progress.kl, &progress.clipped,
                &progress.entropy});
    else
        own();
    if (result.tokens > 0) {
        result.kl = progress.kl / result.tokens;
        result.clipRatio = progress.clipped / result.tokens;
        result.entropy = progress.entropy / result.tokens;
    }
    result.finite = std::isfinite(result.loss);
    if (result.finite) {
        const Stopwatch watch(result.seconds.optimiser);
        result.gradNorm = m_optimiser->step(learningRate, m_spec.maxGradNorm);
        result.finite = std::isfinite(result.gradNorm);
    }
    m_optimiser->zeroGradient();
    return result;
}

UpdateResult Policy::update(const std::vector<UpdateGroup>& groups, double learningRate, Objective objective)
{
    if (groups.empty())
        return {};
    const int iterations = objective == Objective::policyGradient ? m_spec.numIterations : 1;
    const GroupShare share = m_ranks != nullptr ? GroupShare{m_ranks->rank(), m_ranks->size()} : GroupShare{};
    std::vector<UpdateBatch> batches = updateBatches(groups, m_spec, objective, device(), share);
    if (m_adapter)
        m_adapter->setTraining(true);
    const NamedTensors weights = trainable();
    const NamedTensors moments = m_optimiser->state();
    // Only a second update of a step can be stopped after weights have changed.
    const NamedTensors weightsBefore = iterations > 1 ? copyOf(weights) : NamedTensors{};
    const NamedTensors momentsBefore = iterations > 1 ? copyOf(moments) : NamedTensors{};
    const std::int64_t stepsBefore = m_optimiser->steps();
    const auto takeBack = [&] {
        restore(weightsBefore, weights);
        restore(momentsBefore, moments);
        m_optimiser->setSteps(stepsBefore);
        m_optimiser->zeroGradient();
    };
    UpdateResult result;
    try {
        for (int i = 0; i < iterations && result.finite; ++i) {
            Progress progress;
            progress.result.seconds = result.seconds;
            progress.share = 1.0 / static_cast<double>(groups.size());
            result = iterate(batches, learningRate, objective, progress, i == 0);
        }
    } catch (...) {
        takeBack();
        if (m_adapter)
            m_adapter->setTraining(false);
        throw;
    }
    if (!result.finite)
        takeBack();
    if (m_adapter)
        m_adapter->setTraining(false);
    return result;
}

std::vector<std::vector<float>> Policy::drawnLogProbs(const UpdateGroup& group, const NamedTensors& weights)
{
    const at::NoGradGuard guard;
    const NamedTensors now = weights.empty() ? NamedTensors() : copyOf(trainable());
    restore(weights, trainable());
    std::vector<UpdateBatch> batches = updateBatches({group}, m_spec, Objective::supervised, device());
    try {
        fillLogProbs(*m_decoder, batches, &GroupTokens::oldLogProbs);
    } catch (...) {
        restore(now, trainable());
        throw;
    }
    restore(now, trainable());
    std::vector<std::vector<float>> all;
    for (const UpdateChunk& chunk : batches.front().chunks) {
        for (const UpdatePart& part : chunk.parts) {
            const at::Tensor rows = part.tokens.oldLogProbs.to(at::kCPU).contiguous(); // [G, S]
            for (std::int64_t g = 0; g < rows.size(0); ++g) {
                const float* row = rows.data_ptr<float>() + g * rows.size(1);
                all.emplace_back(row, row + group.completions[all.size()].size());
            }
        }
    }
    return all;
}

NamedTensors Policy::trainableWeights() const { return copyOf(trainable()); }

Status Policy::saveAdapter(const fs::path& folder) const
{
    if (!m_adapter)
        return Error(ErrorCode::internal, "There is no adapter to save.");
    return m_adapter->save(folder);
}

Status Policy::save(const fs::path& folder, const std::vector<fs::path>& extraFiles) const
{
    if (m_adapter)
        PRECEDENT_TRY(m_adapter->save(folder));
    else
        PRECEDENT_TRY(writeModelFiles(folder, *m_decoder, StoredType::f32, extraFiles));
    return writeWeights(folder / "optimizer.safetensors", m_optimiser->state(), formats::DType::f32);
}

Status Policy::load(const fs::path& folder, std::int64_t optimiserSteps)
{
    PRECEDENT_TRY(readInto(folder / weightsFile(), trainable()));
    PRECEDENT_TRY(readInto(folder / "optimizer.safetensors", m_optimiser->state()));
    m_optimiser->setSteps(optimiserSteps);
    return {};
}

} // namespace precedent::core
