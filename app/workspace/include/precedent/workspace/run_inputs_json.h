#pragma once

#include <string>

#include "precedent/base/json.h"
#include "precedent/base/result.h"
#include "precedent/core/run_inputs.h"

/// What a run froze, as it is stored with the run and read back for a resume.
namespace precedent::workspace {

[[nodiscard]] Json toJson(const core::RunInputs& inputs);

/// The opposite. Fails with corrupt, naming the part that is missing or of the wrong kind.
[[nodiscard]] Result<core::RunInputs> runInputsFromJson(const Json& json);

/// SHA-256 over codes, cases, prompts (with what may be retrieved for each), templates and given examples, in order. Paths, the spec
/// and the run's id are not part of it: two runs on the same frozen content have the same hash.
[[nodiscard]] std::string contentHash(const core::RunInputs& inputs);

[[nodiscard]] Json messagesToJson(const std::vector<Message>& messages);

} // namespace precedent::workspace
