#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "core/align/torch/adamw.h"
#include "core/model/decoder.h"
#include "core/model/loader.h"
#include "core/model/lora.h"
#include "precedent/base/result.h"
#include "precedent/core/run_spec.h"

namespace precedent::core {

/// One prompt's completions with their advantages, ready for the update.
struct UpdateGroup {
    std::vector<int> prompt;
    std::vector<std::vector<int>> completions; ///< each ends with its stop id where it has one
    std::vector<double> advantages;
};

/// What an update makes better: rewards by their advantages (GRPO and its kin), the likelihood of the completions, or of
/// the first of two against the second (DPO).
enum class Objective { policyGradient, supervised, preference };

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
};

/// The model in training: its weights or its adapter, the reference beside it, and the optimiser.
///
/// With LoRA the reference is the same weights with the adapter off; full fine-tuning with beta > 0 keeps one frozen
/// copy. Thread: one at a time. Throws Cancelled and c10::Error.
class Policy {
public:
    /// Takes the loaded model over. Fails as LoraSet::create.
    [[nodiscard]] static Result<std::unique_ptr<Policy>> create(const LoadedModel& model, const RunSpec& spec);

    [[nodiscard]] const std::shared_ptr<Decoder>& decoder() const { return m_decoder; }
    void setStopCheck(std::function<bool()> stopRequested);

    /// num_iterations updates on the step's groups (one for the other objectives; a preference's group is a chosen and a rejected
    /// completion). Gradients of micro-batches of at most micro_batch_tokens positions
    /// are summed, so that the result is the whole step's. A stop in between leaves the policy as it was before.
    [[nodiscard]] UpdateResult update(
        const std::vector<UpdateGroup>& groups, double learningRate, Objective objective = Objective::policyGradient);

    /// Log-probabilities [G, S] of padded completions after a prompt, under the policy as it stands (no gradient).
    [[nodiscard]] at::Tensor logProbs(const UpdateGroup& group);

    /// Writes the adapter as a PEFT folder or the weights as a Hugging Face folder, and optimizer.safetensors.
    [[nodiscard]] Status save(const std::filesystem::path& folder, const std::vector<std::filesystem::path>& extraFiles) const;
    [[nodiscard]] Status load(const std::filesystem::path& folder, std::int64_t optimiserSteps);
    [[nodiscard]] std::int64_t optimiserSteps() const { return m_optimiser->steps(); }
    /// The file that save() puts the weights into.
    [[nodiscard]] const char* weightsFile() const { return m_adapter ? "adapter_model.safetensors" : "model.safetensors"; }

private:
    struct Chunk; // some completions of one group, padded
    Policy(std::shared_ptr<Decoder> decoder, RunSpec spec);

    [[nodiscard]] std::vector<Chunk> chunksOf(const std::vector<UpdateGroup>& groups, Objective objective) const;
    [[nodiscard]] at::Tensor chunkLogProbs(Decoder& decoder, const Chunk& chunk, at::Tensor* entropy) const;
    void prepare(std::vector<Chunk>& chunks, Objective objective);
    [[nodiscard]] UpdateResult iterate(std::vector<Chunk>& chunks, double learningRate, Objective objective);
    /// The chunk's loss, differentiable; its part of the figures is added to `result` and `sums`.
    struct Sums;
    [[nodiscard]] at::Tensor lossOf(const Chunk& chunk, double share, Objective objective, UpdateResult& result, Sums& sums) const;
    [[nodiscard]] NamedTensors trainable() const;

    std::shared_ptr<Decoder> m_decoder;
    std::shared_ptr<Decoder> m_reference; ///< full fine-tuning with beta > 0 or DPO only
    std::shared_ptr<LoraSet> m_adapter;
    std::unique_ptr<AdamW> m_optimiser;
    RunSpec m_spec;
};

} // namespace precedent::core
