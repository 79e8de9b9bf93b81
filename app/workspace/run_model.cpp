#include "precedent/workspace/run_model.h"

#include "precedent/workspace/run_folders.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

} // namespace

Result<fs::path> modelFolderOf(const casebase::Casebase& /*casebase*/, const core::RunInputs& frozen, const fs::path& runNow)
{
    std::error_code ec;
    const fs::path along = movedAlong(frozen.modelFolder, frozen.outputFolder, runNow);
    for (const fs::path& place : {along, fs::path(frozen.modelFolder)}) {
        if (fs::exists(place, ec))
            return place;
    }
    return Error(
        ErrorCode::notFound, "The model that run " + frozen.runId + " began from is gone: " + frozen.modelFolder + ".", "Put it back.");
}

} // namespace precedent::workspace
