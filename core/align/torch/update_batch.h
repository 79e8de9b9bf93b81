#pragma once

#include <vector>

#include "core/align/torch/grpo_loss.h"
#include "core/model/decoder.h"
#include "precedent/core/run_spec.h"

namespace precedent::core {

/// One prompt's completions with their advantages, ready for the update.
struct UpdateGroup {
    std::vector<int> prompt;
    std::vector<std::vector<int>> completions; ///< each ends with its stop id where it has one
    std::vector<double> advantages;
    /// log p of each completion's tokens under the policy that drew them, where that is not the one that is updated; else empty.
    std::vector<std::vector<float>> drawnLogProbs{};
};

/// What an update makes better: rewards by their advantages (GRPO and its kin), the likelihood of the completions, or of
/// the first of two against the second (DPO).
enum class Objective { policyGradient, supervised, preference };

/// Some completions of one group.
struct UpdatePart {
    PackedGroup ids; ///< the prompt without the trunk
    GroupTokens tokens; ///< [G, S] each; logProbs, oldLogProbs and reference come later
};

/// What goes through the model together.
struct UpdateChunk {
    std::vector<UpdatePart> parts;
    at::Tensor rows; ///< [N] int64: the places of real tokens among the parts' G * S, in their order
    at::Tensor targets; ///< [N] int64

    [[nodiscard]] std::vector<PackedGroup> groups() const;
};

/// Groups whose prompts begin alike: the common beginning, the trunk, goes through the model once for all of them.
struct UpdateBatch {
    at::Tensor trunk; ///< [P] int64; undefined: none
    std::vector<UpdateChunk> chunks;
};

/// Which of a step's groups a process computes: those whose place leaves `rank` when divided by `size`.
struct GroupShare {
    int rank = 0;
    int size = 1;
    [[nodiscard]] bool has(std::size_t group) const { return group % static_cast<std::size_t>(size) == static_cast<std::size_t>(rank); }
};

/// Divides a step's groups. A chunk has at most micro_batch_tokens positions, padding not counted, its trunk's among them as far as they
/// leave half of that to the rest, but at least one completion (a preference's pair stays together). Every token's weight is its share of
/// the whole step's loss, also where only the groups of a share are wanted: the gradients of all shares then add up to the step's.
[[nodiscard]] std::vector<UpdateBatch> updateBatches(
    const std::vector<UpdateGroup>& groups, const RunSpec& spec, Objective objective, at::Device device, GroupShare share = {});

} // namespace precedent::core
