#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/core/run_spec.h"
#include "precedent/workspace/model_source.h"

namespace precedent::workspace {

/// What an exported model says of its making, as a JSON object: the program's version; for a run's checkpoint also the run,
/// its step, its spec, and the hashes of the casebase's snapshot and of what the run froze. casebase may be null where the
/// model is no run's. Fails with notFound for a run that the casebase does not have.
[[nodiscard]] Result<std::string> exportProvenance(
    const ModelSource& source, const casebase::Casebase* casebase, const std::string& programVersion);

/// Where the file lies that tells it: in a folder, or beside the GGUF file.
[[nodiscard]] std::filesystem::path provenanceFile(const std::filesystem::path& exported);

/// What an export of this program was made of, as the file beside it says.
struct ExportOrigin {
    std::string model; ///< as it was named there
    std::optional<core::RunSpec> spec; ///< of the run whose checkpoint it was
    std::filesystem::path base; ///< the weights below the adapter or, without one, those that were exported
    std::filesystem::path adapter; ///< a PEFT folder, or empty
};

/// Empty where no such file lies there, or one that this program cannot read: whoever has the model can change or remove it.
[[nodiscard]] std::optional<ExportOrigin> exportOrigin(const std::filesystem::path& exported);

} // namespace precedent::workspace
