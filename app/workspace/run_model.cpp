#include "precedent/workspace/run_model.h"

#include "precedent/architecture/stored_model.h"
#include "precedent/workspace/model_catalog.h"
#include "precedent/workspace/model_registry.h"
#include "precedent/workspace/model_source.h"
#include "precedent/workspace/run_folders.h"
#include "precedent/workspace/run_manifest.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

/// Whether these are the weights that the manifest of a run names.
bool areWeightsOf(const fs::path& run, const fs::path& model)
{
    const Result<Json> manifest = readManifest(run);
    const std::string said = manifest ? modelDigestOf(*manifest) : std::string();
    const Result<std::vector<fs::path>> files = core::weightFilesOf(model);
    if (said.empty() || !files)
        return false;
    const Result<std::string> digest = modelDigest(files.value());
    return digest.ok() && digest.value() == said;
}

} // namespace

Result<fs::path> modelFolderOf(const casebase::Casebase& casebase, const core::RunInputs& frozen, const fs::path& runNow)
{
    std::error_code ec;
    const fs::path along = movedAlong(frozen.modelFolder, frozen.outputFolder, runNow);
    for (const fs::path& place : {along, fs::path(frozen.modelFolder)}) {
        if (fs::exists(place, ec))
            return place;
    }
    const std::string& name = frozen.spec.model;
    const Result<ModelSource> named = resolveModel(name, &casebase);
    if (named && named->adapter.empty() && areWeightsOf(runNow, named->folder))
        return named->folder;
    return Error(ErrorCode::notFound, "The model that run " + frozen.runId + " began from is gone: " + frozen.modelFolder + ".",
        checkModelName(name) ? "Put it back, or add it under the name " + name + " where it is now." : "Put it back.");
}

} // namespace precedent::workspace
