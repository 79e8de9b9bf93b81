#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "core/align/torch/adamw.h"
#include "core/align/torch/update_batch.h"
#include "core/model/decoder.h"
#include "core/model/loader.h"
#include "core/model/lora.h"
#include "precedent/base/result.h"
#include "precedent/core/ranks.h"
#include "precedent/core/run_spec.h"

namespace precedent::core {

struct UpdateResult {
    double loss = 0;
    double kl = 0; ///< mean over tokens, against the reference; 0 where beta is 0
    double entropy = 0; ///< mean over tokens, nats
    double gradNorm = 0;
    double clipRatio = 0;
    double tokens = 0; ///< of completions that counted
    double chosenReward = 0, rejectedReward = 0; ///< preference: means of the implicit rewards
    double accuracy = 0; ///< preference: share of pairs whose chosen one has the higher implicit reward
    bool finite = true; ///< false: loss or gradient was not a number, and nothing was changed by that update
    struct Seconds {
        double reference = 0, forward = 0, backward = 0, optimiser = 0;
    } seconds; ///< what the parts of the step took, on the clock
};

/// The model in training: its weights or its adapter, the reference beside it, and the optimiser.
///
/// With LoRA the reference is the same weights with the adapter off; full fine-tuning with beta > 0 keeps one frozen
/// copy. Thread: one at a time. Throws Cancelled, c10::Error and, among ranks, RankFailure.
class Policy {
public:
    /// Takes the loaded model over. Fails as LoraSet::create.
    [[nodiscard]] static Result<std::unique_ptr<Policy>> create(const LoadedModel& model, const RunSpec& spec);

    [[nodiscard]] const std::shared_ptr<Decoder>& decoder() const { return m_decoder; }
    void setStopCheck(std::function<bool()> stopRequested);
    /// From now on update() is the ranks' common one: each is given the same groups and computes its share of them. Borrowed.
    void setRanks(Ranks* ranks) { m_ranks = ranks; }

    /// num_iterations updates on the step's groups (one for the other objectives; a preference's group is a chosen and a rejected
    /// completion). Gradients of micro-batches of at most micro_batch_tokens positions
    /// are summed, so that the result is the whole step's; what prompts begin with alike goes through the model once. A stop in between
    /// leaves the policy as it was before.
    [[nodiscard]] UpdateResult update(
        const std::vector<UpdateGroup>& groups, double learningRate, Objective objective = Objective::policyGradient);

    /// Log-probabilities of each completion's tokens after the prompt, as an update computes them (no gradient), under `weights` (of
    /// trainableWeights(); empty: as they stand).
    [[nodiscard]] std::vector<std::vector<float>> drawnLogProbs(const UpdateGroup& group, const NamedTensors& weights);
    /// A copy of what is trained, to compute with later.
    [[nodiscard]] NamedTensors trainableWeights() const;

    /// Writes the adapter alone as a PEFT folder. Without an adapter: internal.
    [[nodiscard]] Status saveAdapter(const std::filesystem::path& folder) const;
    /// Writes the adapter as a PEFT folder or the weights as a Hugging Face folder, and optimizer.safetensors.
    [[nodiscard]] Status save(const std::filesystem::path& folder, const std::vector<std::filesystem::path>& extraFiles) const;
    [[nodiscard]] Status load(const std::filesystem::path& folder, std::int64_t optimiserSteps);
    [[nodiscard]] std::int64_t optimiserSteps() const { return m_optimiser->steps(); }
    /// The file that save() puts the weights into.
    [[nodiscard]] const char* weightsFile() const { return m_adapter ? "adapter_model.safetensors" : "model.safetensors"; }

private:
    Policy(std::shared_ptr<Decoder> decoder, RunSpec spec);

    /// log p of each part's completions [G, S], 0 at padding, after what `before` holds; entropy, if asked for, of the
    /// chunk's real tokens.
    [[nodiscard]] std::vector<at::Tensor> chunkLogProbs(
        const Decoder& decoder, const UpdateChunk& chunk, const Prefix& before, at::Tensor* entropy) const;
    /// Fills in what the loss needs beside the policy's own log p: the reference's, and the older policy's.
    void prepare(std::vector<UpdateBatch>& batches, Objective objective);
    /// One of the parts' tensors [G, S], under a decoder as it stands.
    void fillLogProbs(const Decoder& decoder, std::vector<UpdateBatch>& batches, at::Tensor GroupTokens::*place) const;
    struct Progress;
    [[nodiscard]] UpdateResult iterate(
        std::vector<UpdateBatch>& batches, double learningRate, Objective objective, Progress progress, bool first);
    void learnBatch(UpdateBatch& batch, Objective objective, Progress& progress);
    /// The part's loss, differentiable; its part of the figures is added to the progress.
    [[nodiscard]] at::Tensor lossOf(const GroupTokens& tokens, Objective objective, Progress& progress) const;
    [[nodiscard]] NamedTensors trainable() const;
    [[nodiscard]] at::Device device() const;

    std::shared_ptr<Decoder> m_decoder;
    std::shared_ptr<Decoder> m_reference; ///< full fine-tuning with beta > 0 or DPO only
    std::shared_ptr<LoraSet> m_adapter;
    std::unique_ptr<AdamW> m_optimiser;
    RunSpec m_spec;
    Ranks* m_ranks = nullptr;
};

} // namespace precedent::core
