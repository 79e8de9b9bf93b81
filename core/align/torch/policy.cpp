#include "core/align/torch/policy.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "core/align/torch/grpo_loss.h"
#include "core/model/cancelled.h"
#include "core/model/weights_io.h"
#include "precedent/formats/safetensors.h"

namespace precedent::core {

namespace fs = std::filesystem;

struct Policy::Chunk {
    at::Tensor prompt; // [P] int64
    at::Tensor completions; // [G, S] int64, padded with 0
    at::Tensor rows; // [N] int64: the places of real tokens in G * S
    at::Tensor targets; // [N] int64
    GroupTokens tokens; // [G, S] each
};

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
    policy->m_optimiser =
        std::make_unique<AdamW>(policy->trainable(), AdamW::Settings{spec.adamBeta1, spec.adamBeta2, 1e-8, spec.weightDecay});
    return policy;
}

NamedTensors Policy::trainable() const { return m_adapter ? m_adapter->parameters() : m_decoder->parameters(); }

void Policy::setStopCheck(std::function<bool()> stopRequested)
{
    if (m_reference)
        m_reference->setStopCheck(stopRequested);
    m_decoder->setStopCheck(std::move(stopRequested));
}

std::vector<Policy::Chunk> Policy::chunksOf(const std::vector<UpdateGroup>& groups, Objective objective) const
{
    std::vector<int> lengths;
    for (const auto& group : groups) {
        for (const auto& ids : group.completions)
            lengths.push_back(static_cast<int>(ids.size()));
    }
    const LossType shares = objective == Objective::policyGradient ? m_spec.lossType : LossType::dapo; // else a mean over tokens
    const std::vector<double> weights = tokenWeights(lengths, shares, m_spec.maxCompletionLength);
    std::vector<Chunk> chunks;
    std::size_t sequence = 0;
    for (const auto& group : groups) {
        std::size_t longest = 1;
        for (const auto& ids : group.completions)
            longest = std::max(longest, ids.size());
        const std::size_t room = std::max<std::size_t>(longest,
            static_cast<std::size_t>(m_spec.microBatchTokens) -
                std::min<std::size_t>(group.prompt.size(), static_cast<std::size_t>(m_spec.microBatchTokens)));
        const std::size_t perChunk =
            objective == Objective::preference ? group.completions.size() : std::max<std::size_t>(1, room / longest);
        for (std::size_t first = 0; first < group.completions.size(); first += perChunk) {
            const std::size_t count = std::min(perChunk, group.completions.size() - first);
            const auto G = static_cast<std::int64_t>(count);
            const auto S = static_cast<std::int64_t>(longest);
            Chunk chunk;
            chunk.prompt = at::empty({static_cast<std::int64_t>(group.prompt.size())}, at::kLong);
            std::copy(group.prompt.begin(), group.prompt.end(), chunk.prompt.data_ptr<std::int64_t>());
            chunk.completions = at::zeros({G, S}, at::kLong);
            chunk.tokens.weights = at::zeros({G, S}, at::kFloat);
            chunk.tokens.advantages = at::empty({G}, at::kFloat);
            std::vector<std::int64_t> rows;
            std::vector<std::int64_t> targets;
            for (std::size_t g = 0; g < count; ++g, ++sequence) {
                const auto& ids = group.completions[first + g];
                chunk.tokens.advantages.data_ptr<float>()[g] =
                    objective == Objective::policyGradient ? static_cast<float>(group.advantages[first + g]) : 0.0F;
                for (std::size_t s = 0; s < ids.size(); ++s) {
                    const std::size_t at = g * longest + s;
                    chunk.completions.data_ptr<std::int64_t>()[at] = ids[s];
                    chunk.tokens.weights.data_ptr<float>()[at] = static_cast<float>(weights[sequence]);
                    rows.push_back(static_cast<std::int64_t>(at));
                    targets.push_back(ids[s]);
                }
            }
            chunk.rows = at::tensor(rows, at::kLong);
            chunk.targets = at::tensor(targets, at::kLong);
            const at::Device device = m_decoder->parameters().front().second.device();
            for (at::Tensor* tensor :
                {&chunk.prompt, &chunk.completions, &chunk.rows, &chunk.targets, &chunk.tokens.weights, &chunk.tokens.advantages})
                *tensor = tensor->to(device);
            chunks.push_back(std::move(chunk));
        }
    }
    return chunks;
}

// [G, S], 0 at padding; entropy, if asked for, is the mean over the chunk's tokens.
at::Tensor Policy::chunkLogProbs(Decoder& decoder, const Chunk& chunk, at::Tensor* entropy) const
{
    const auto G = chunk.completions.size(0);
    const auto S = chunk.completions.size(1);
    const at::Tensor hidden = decoder.hiddenPacked(chunk.prompt, chunk.completions); // [G, S, C]
    const at::Tensor real = hidden.reshape({G * S, hidden.size(2)}).index_select(0, chunk.rows); // [N, C]
    const at::Tensor logProbs = decoder.tokenLogProbs(real, chunk.targets, m_spec.temperature, entropy); // [N]
    return at::zeros({G * S}, logProbs.options()).index_copy(0, chunk.rows, logProbs).view({G, S});
}

void Policy::prepare(std::vector<Chunk>& chunks, Objective objective)
{
    const at::NoGradGuard guard;
    const bool compared = objective == Objective::preference || (objective == Objective::policyGradient && m_spec.beta > 0);
    for (Chunk& chunk : chunks) {
        if (compared) {
            if (m_adapter)
                m_decoder->setAdapter(nullptr);
            try {
                chunk.tokens.reference = chunkLogProbs(m_reference ? *m_reference : *m_decoder, chunk, nullptr);
            } catch (...) {
                if (m_adapter)
                    m_decoder->setAdapter(m_adapter);
                throw;
            }
            if (m_adapter)
                m_decoder->setAdapter(m_adapter);
        }
        // With one update a step the policy that drew the tokens is the one that is updated, and its ratio is 1.
        if (objective == Objective::policyGradient && m_spec.numIterations > 1)
            chunk.tokens.oldLogProbs = chunkLogProbs(*m_decoder, chunk, nullptr);
    }
}

struct Policy::Sums {
    double clipped = 0, kl = 0, entropy = 0;
};

at::Tensor Policy::lossOf(const Chunk& chunk, double share, Objective objective, UpdateResult& result, Sums& sums) const
{
    if (objective == Objective::preference) {
        const PreferenceParts parts = preferenceLoss(chunk.tokens, m_spec.dpoBeta, share);
        result.chosenReward += share * parts.chosen;
        result.rejectedReward += share * parts.rejected;
        result.accuracy += parts.chosen > parts.rejected ? share : 0.0;
        result.tokens += parts.tokens;
        return parts.loss;
    }
    const LossParts parts = objective == Objective::supervised ? supervisedLoss(chunk.tokens) : groupLoss(chunk.tokens, m_spec);
    sums.kl += parts.kl;
    sums.clipped += parts.clipped;
    result.tokens += parts.tokens;
    return parts.loss;
}

UpdateResult Policy::iterate(std::vector<Chunk>& chunks, double learningRate, Objective objective)
{
    UpdateResult result;
    Sums sums;
    const double share = 1.0 / static_cast<double>(chunks.size());
    m_optimiser->zeroGradient();
    for (Chunk& chunk : chunks) {
        at::Tensor entropy;
        chunk.tokens.logProbs = chunkLogProbs(*m_decoder, chunk, &entropy);
        if (objective == Objective::policyGradient && m_spec.numIterations == 1)
            chunk.tokens.oldLogProbs = chunk.tokens.logProbs.detach();
        const at::Tensor loss = lossOf(chunk, share, objective, result, sums);
        loss.backward();
        chunk.tokens.logProbs = at::Tensor();
        result.loss += loss.item<double>();
        sums.entropy += entropy.sum().item<double>();
        m_decoder->checkStop();
    }
    if (result.tokens > 0) {
        result.kl = sums.kl / result.tokens;
        result.clipRatio = sums.clipped / result.tokens;
        result.entropy = sums.entropy / result.tokens;
    }
    result.finite = std::isfinite(result.loss);
    if (result.finite) {
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
    std::vector<Chunk> chunks = chunksOf(groups, objective);
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
        prepare(chunks, objective);
        for (int i = 0; i < iterations && result.finite; ++i)
            result = iterate(chunks, learningRate, objective);
    } catch (const Cancelled&) {
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

at::Tensor Policy::logProbs(const UpdateGroup& group)
{
    const at::NoGradGuard guard;
    std::vector<Chunk> chunks = chunksOf({group}, Objective::policyGradient);
    std::vector<at::Tensor> rows;
    for (const Chunk& chunk : chunks)
        rows.push_back(chunkLogProbs(*m_decoder, chunk, nullptr));
    return at::cat(rows, 0);
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
