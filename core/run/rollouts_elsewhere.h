#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <stop_token>

#include "core/align/torch/policy.h"
#include "precedent/core/rollout_source.h"

namespace precedent::core {

/// A run's completions where a server draws them: hands it the adapter every rollout_publish_steps steps, takes token ids back,
/// refuses what is no completion or was drawn by weights that are too old, and computes here what the weights that drew them say of
/// the tokens, since a server's arithmetic is another. Keeps the adapters of the versions that may still come. Thread: one at a time.
class RolloutsElsewhere {
public:
    RolloutsElsewhere(std::shared_ptr<RolloutSource> source, const RunSpec& spec, std::filesystem::path outputFolder, int vocabulary);

    /// Completions whose log-probabilities (at the spec's temperature) are those of the version that drew them. `done` is the last whole
    /// step: what the policy's weights are behind. Fails with failedPrecondition for completions that are too old, corrupt for what no
    /// model of this vocabulary draws, or as the source does. Throws Cancelled.
    [[nodiscard]] Result<GenerationResult> draw(const GenerationRequest& request, int done, Policy& policy, const std::stop_token& stop);

    [[nodiscard]] int version() const { return m_version; } ///< that drew last

private:
    [[nodiscard]] Status publish(int done, const Policy& policy);
    [[nodiscard]] Status check(const GenerationRequest& request, const DrawnElsewhere& drawn, int done) const;
    /// Forgets the versions that are too old to draw for the step behind `done`.
    void forgetOld(int done);

    const std::shared_ptr<RolloutSource> m_source;
    const int m_publishSteps, m_maxStaleness;
    const std::filesystem::path m_folder; ///< of the adapters that the server reads
    const int m_vocabulary;
    std::map<int, NamedTensors> m_versions; ///< those that the server has
    int m_version = 0;
};

} // namespace precedent::core
