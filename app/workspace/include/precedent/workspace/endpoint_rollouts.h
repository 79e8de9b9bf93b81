#pragma once

#include <memory>
#include <string>

#include "precedent/base/result.h"
#include "precedent/core/rollout_source.h"
#include "precedent/core/run_spec.h"
#include "precedent/workspace/endpoint_judge.h"

namespace precedent::workspace {

/// A server that draws a run's completions: one that takes token ids and gives them back (return_token_ids), and takes adapters while it
/// runs (load_lora_adapter), as vLLM does. `name`: MODEL@URL; MODEL is the run's own model there, which is version 0. Adapters are handed
/// over by folder: the server must see the run's folder under the same path. Versions are named PREFIX-step-N there. The key goes in a
/// header alone. Fails as ChatClient::create().
[[nodiscard]] Result<std::unique_ptr<core::RolloutSource>> endpointRollouts(
    const std::string& name, const std::string& prefix, const EndpointOptions& options);

/// The source that `spec` names for its completions; null where they are drawn here. Fails as endpointRollouts().
[[nodiscard]] Result<std::shared_ptr<core::RolloutSource>> openRolloutSource(const core::RunSpec& spec, const std::string& runId);

} // namespace precedent::workspace
