#pragma once

#include <filesystem>
#include <vector>

#include "precedent/casebase/run_store.h"
#include "precedent/workspace/model_choices.h"

namespace precedent::workspace {

/// A checkpoint of the casebase whose folder is there.
struct FoundCheckpoint {
    ModelChoice choice;
    casebase::Run run;
    casebase::Checkpoint checkpoint;
    std::filesystem::path folder;
};

/// Newest run and step first. What cannot be read is left out.
[[nodiscard]] std::vector<FoundCheckpoint> foundCheckpoints(const casebase::Casebase& casebase);

} // namespace precedent::workspace
