#pragma once

#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/core/engine.h"

namespace precedent::workspace {

/// A form that the engine writes models in.
struct ExportForm {
    core::ExportFormat format;
    std::string name; ///< on the command line
    std::vector<std::string>
        types; ///< that its weights can have; the engine's choice where none is named comes first, but see ExportRequest
    bool adapterAlone; ///< needs an adapter and leaves its base out
    bool isFolder; ///< what is written, else one file
};

/// All of them, merged models first.
[[nodiscard]] const std::vector<ExportForm>& exportForms();
[[nodiscard]] const ExportForm& exportForm(core::ExportFormat format);

/// An export as a user orders it.
struct ExportOrder {
    std::string model; ///< as resolveModel() takes it
    std::string adapter; ///< a PEFT folder instead of the model's own, or empty
    core::ExportFormat format = core::ExportFormat::huggingFace;
    std::string type; ///< empty: the engine's choice
    std::string destination; ///< a folder or file that is not there yet
    std::string baseName; ///< see core::ExportRequest
};

/// What to ask of the engine, with the model found and its provenance told. casebase may be null where the model is no run's.
/// Fails as resolveModel() and exportProvenance() do.
[[nodiscard]] Result<core::ExportRequest> exportRequest(
    const ExportOrder& order, const casebase::Casebase* casebase, const std::string& programVersion);

/// Whether an export may be written there, in the engine's words where it may not.
[[nodiscard]] Status checkExportPlace(const std::string& destination);

} // namespace precedent::workspace
