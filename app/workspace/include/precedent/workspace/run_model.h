#pragma once

#include <filesystem>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/core/run_inputs.h"

namespace precedent::workspace {

/// Where the model is that a run began from. Where the run froze it; where the run's folder is `runNow` by now, along with that (a run
/// may have begun from another one's checkpoint); where nothing is left there, where the name in its settings leads, if the weights there
/// have the digest of the run's manifest (a program that was installed anew has its starter elsewhere). Reads weights only for a
/// digest that is not known. Fails with notFound, saying what is gone.
[[nodiscard]] Result<std::filesystem::path> modelFolderOf(
    const casebase::Casebase& casebase, const core::RunInputs& frozen, const std::filesystem::path& runNow);

} // namespace precedent::workspace
