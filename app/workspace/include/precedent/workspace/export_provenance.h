#pragma once

#include <string>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/workspace/model_source.h"

namespace precedent::workspace {

/// What an exported model says of its making, as a JSON object: the program's version; for a run's checkpoint also the run,
/// its step, its spec, and the hashes of the casebase's snapshot and of what the run froze. casebase may be null where the
/// model is no run's. Fails with notFound for a run that the casebase does not have.
[[nodiscard]] Result<std::string> exportProvenance(
    const ModelSource& source, const casebase::Casebase* casebase, const std::string& programVersion);

} // namespace precedent::workspace
