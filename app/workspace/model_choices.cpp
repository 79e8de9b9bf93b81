#include "precedent/workspace/model_choices.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "app/workspace/found_checkpoints.h"
#include "precedent/casebase/run_store.h"
#include "precedent/workspace/model_source.h"
#include "precedent/workspace/run_folders.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

/// Two runs of one name are told apart by their ids.
std::string titleOf(const casebase::Run& run, const std::map<std::string, int>& uses)
{
    if (run.name.empty())
        return run.id;
    return uses.at(run.name) > 1 ? run.name + ", " + run.id : run.name;
}

} // namespace

std::vector<FoundCheckpoint> foundCheckpoints(const casebase::Casebase& casebase)
{
    std::vector<FoundCheckpoint> all;
    const Result<std::vector<casebase::Run>> runs = casebase.runs().all();
    if (!runs)
        return all;
    std::map<std::string, int> uses;
    for (const casebase::Run& run : runs.value())
        ++uses[run.name];
    for (const casebase::Run& run : runs.value()) {
        Result<std::vector<casebase::Checkpoint>> checkpoints = casebase.runs().checkpoints(run.id);
        if (!checkpoints)
            continue;
        std::reverse(checkpoints->begin(), checkpoints->end());
        for (const casebase::Checkpoint& checkpoint : checkpoints.value()) {
            const fs::path folder = folderFromStored(casebase.path(), checkpoint.folder);
            std::error_code ec;
            if (!fs::is_directory(folder, ec))
                continue;
            const std::string step = std::to_string(checkpoint.step);
            const ModelChoice choice{
                "run:" + run.id + "@" + step, titleOf(run, uses) + " step " + step, run.model, run.id, run.name, checkpoint.step};
            all.push_back({choice, run, checkpoint, folder});
        }
    }
    return all;
}

std::vector<ModelChoice> baseModelChoices()
{
    std::vector<ModelChoice> choices;
    for (const ModelPlace& place : modelPlaces().places) {
        if (isModelPlace(place.folder))
            choices.push_back({place.name, place.name, {}, {}, {}, 0});
    }
    return choices;
}

std::vector<ModelChoice> modelChoices(const casebase::Casebase* casebase)
{
    std::vector<ModelChoice> choices = baseModelChoices();
    if (casebase != nullptr) {
        for (const FoundCheckpoint& found : foundCheckpoints(*casebase))
            choices.push_back(found.choice);
    }
    return choices;
}

} // namespace precedent::workspace
