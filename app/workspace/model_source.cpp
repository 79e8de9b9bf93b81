#include "precedent/workspace/model_source.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "precedent/architecture/model_text.h"
#include "precedent/architecture/stored_model.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"
#include "precedent/casebase/run_store.h"
#include "precedent/workspace/model_registry.h"
#include "precedent/workspace/run_folders.h"
#include "precedent/workspace/run_inputs_json.h"
#include "precedent/workspace/run_model.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRunPrefix = "run:";
constexpr const char* kGguf = ".gguf";

Result<casebase::Checkpoint> checkpointOf(const casebase::Casebase& casebase, const std::string& run, const std::string& step)
{
    const Result<std::vector<casebase::Checkpoint>> all = casebase.runs().checkpoints(run);
    if (!all)
        return all.error();
    if (all->empty())
        return Error(
            ErrorCode::notFound, "Run " + run + " has no checkpoint yet.", "Let it reach one (save_steps), or stop it, which writes one.");
    if (step.empty())
        return all->back();
    std::string steps;
    for (const casebase::Checkpoint& checkpoint : *all) {
        if (std::to_string(checkpoint.step) == step)
            return checkpoint;
        steps += (steps.empty() ? "" : ", ") + std::to_string(checkpoint.step);
    }
    return Error(
        ErrorCode::notFound, "Run " + run + " has no checkpoint of step " + step + ".", "There are checkpoints of steps " + steps + ".");
}

Result<ModelSource> resolveRun(const std::string& name, const casebase::Casebase* casebase)
{
    if (casebase == nullptr)
        return Error(ErrorCode::invalidArgument, "The model " + name + " is a run's, and no casebase is named.",
            "Name the casebase that holds the run (--casebase).");
    const std::string reference = name.substr(kRunPrefix.size());
    const std::size_t at = reference.rfind('@');
    const std::string step = at == std::string::npos ? "" : reference.substr(at + 1);
    const Result<casebase::Run> run = casebase->runs().find(reference.substr(0, at));
    if (!run)
        return run.error();
    const std::string id = run.value().id;
    const Result<casebase::Checkpoint> checkpoint = checkpointOf(*casebase, id, step);
    if (!checkpoint)
        return checkpoint.error();
    const fs::path folder = folderFromStored(casebase->path(), checkpoint.value().folder);
    std::error_code ec;
    if (!fs::is_directory(folder, ec))
        return Error(ErrorCode::notFound, "The checkpoint folder " + folder.string() + " is gone.",
            "Name another checkpoint (run:" + id + "@STEP), or put the folder back.");
    ModelSource source{name, folder, {}, id, checkpoint.value().step};
    if (!fs::exists(folder / "adapter_config.json", ec))
        return source;
    // An adapter is nothing without the model that it was trained on.
    Result<std::string> inputs = casebase->runs().inputs(id, "inputs");
    if (!inputs)
        return inputs.error();
    Result<Json> json = parseJson(*inputs, "the run's frozen inputs");
    if (!json)
        return json.error();
    const Result<core::RunInputs> frozen = runInputsFromJson(*json);
    if (!frozen)
        return frozen.error();
    Result<fs::path> model = modelFolderOf(*casebase, frozen.value(), folder.parent_path());
    if (!model)
        return model.error();
    source.folder = *std::move(model);
    source.adapter = folder.string();
    return source;
}

} // namespace

ModelPlaces modelPlaces()
{
    ModelPlaces all;
    if (const Result<fs::path> starter = starterFolder(); starter)
        all.places.push_back({"starter", starter.value(), ModelOrigin::starter});
    std::set<std::string> named{"starter"};
    if (const Result<std::vector<RegisteredModel>> added = ModelRegistry().list(); added) {
        for (const RegisteredModel& model : added.value()) {
            named.insert(model.name);
            all.places.push_back({model.name, model.folder, ModelOrigin::added});
        }
    } else {
        all.registry = added.error();
    }
    std::vector<ModelPlace> inFolder;
    std::error_code ec;
    for (fs::directory_iterator entry(userModelsFolder(), ec), end; !ec && entry != end; entry.increment(ec)) {
        const bool isFile = entry->path().extension() == kGguf;
        const std::string name = (isFile ? entry->path().stem() : entry->path().filename()).string();
        if (isModelPlace(entry->path()) && named.insert(name).second)
            inFolder.push_back({name, entry->path(), ModelOrigin::modelsFolder});
    }
    std::sort(inFolder.begin(), inFolder.end(), [](const ModelPlace& a, const ModelPlace& b) { return a.name < b.name; });
    std::move(inFolder.begin(), inFolder.end(), std::back_inserter(all.places));
    return all;
}

Result<ModelSource> resolveModel(const std::string& name, const casebase::Casebase* casebase)
{
    if (name.rfind(kRunPrefix, 0) == 0)
        return resolveRun(name, casebase);
    if (name == "starter") {
        const Result<fs::path> folder = starterFolder();
        if (!folder)
            return folder.error();
        return ModelSource{name, folder.value(), {}, {}, 0};
    }
    // A name is never a path, so that a damaged list does not stand in the way of a folder.
    const Result<fs::path> added = checkModelName(name) ? ModelRegistry().find(name) : Error(ErrorCode::notFound, name);
    std::error_code ec;
    if (added) {
        if (isModelPlace(added.value()))
            return ModelSource{name, added.value(), {}, {}, 0};
        const bool isFile = added.value().extension() == kGguf;
        return Error(ErrorCode::notFound,
            "The model " + name + " is no longer there: " + added.value().string() + (isFile ? " is gone." : " has no config.json."),
            "Put it back, or add it under the same name where it is now.");
    }
    for (const fs::path& candidate : {fs::path(name), userModelsFolder() / name, userModelsFolder() / (name + kGguf)}) {
        if (!fs::exists(candidate, ec))
            continue;
        PRECEDENT_TRY(checkModelFolder(candidate));
        return ModelSource{name, candidate, {}, {}, 0};
    }
    if (added.error().code() != ErrorCode::notFound)
        return added.error();
    return Error(
        ErrorCode::notFound, "There is no model " + name + ".", "Name a model folder, a .gguf file, `starter`, or run:RUN[@STEP].");
}

Status checkModelFolder(const fs::path& folder)
{
    std::error_code ec;
    const char* const layout = "Name a folder in Hugging Face layout (config.json, model.safetensors, tokenizer.json) or a .gguf file.";
    if (folder.extension() == kGguf && fs::is_regular_file(folder, ec))
        return {};
    if (!fs::is_directory(folder, ec))
        return Error(ErrorCode::notFound, folder.string() + " is no folder and no .gguf file.", layout);
    if (fs::exists(folder / "config.json", ec))
        return {};
    if (const Result<std::vector<fs::path>> files = core::weightFilesOf(folder);
        !files && files.error().code() == ErrorCode::invalidArgument)
        return files.error(); // several .gguf files
    if (core::ggufFileOf(folder).empty())
        return Error(ErrorCode::notFound, folder.string() + " is no model folder: it has no config.json.", layout);
    return {};
}

bool isModelPlace(const fs::path& path) { return checkModelFolder(path).ok(); }

Result<std::shared_ptr<const text::Tokenizer>> tokenizerOf(const fs::path& model) { return core::loadTokenizer(model); }

Result<fs::path> starterFolder()
{
    const Result<fs::path> resources = resourceFolder();
    if (!resources)
        return resources.error();
    const fs::path folder = resources.value() / "starter" / "model";
    std::error_code ec;
    if (fs::exists(folder / "config.json", ec))
        return folder;
    return Error(ErrorCode::notFound, "The starter model is not there: " + folder.string() + " has no config.json.",
        "Install the program again, or make it: precedent-cli pretrain --spec resources/starter/recipe.json --out " + folder.string() +
            ".");
}

Result<int> contextLengthOf(const fs::path& folder)
{
    if (!core::ggufFileOf(folder).empty()) {
        const Result<core::DecoderConfig> config = core::readDecoderConfig(folder);
        return config ? Result<int>(config->contextLength) : config.error();
    }
    const Result<std::string> text = readFile(folder / "config.json");
    if (!text)
        return text.error();
    const Result<Json> config = parseJson(text.value(), (folder / "config.json").string());
    if (!config)
        return config.error();
    const auto found = config.value().find("max_position_embeddings");
    if (found == config.value().end() || !found->is_number_integer() || found->get<std::int64_t>() <= 0)
        return Error(ErrorCode::corrupt, (folder / "config.json").string() + " has no max_position_embeddings that is a positive number.");
    return found->get<int>();
}

std::string licenceOf(const fs::path& folder)
{
    if (const fs::path file = core::ggufFileOf(folder); !file.empty())
        return core::ggufLicence(file);
    if (const Result<std::string> readme = readFile(folder / "README.md", 1U << 20); readme) {
        std::istringstream lines(readme.value());
        for (std::string line; std::getline(lines, line);) {
            if (line.rfind("license:", 0) == 0)
                return line.substr(line.find_first_not_of(" \t", 8) == std::string::npos ? line.size() : line.find_first_not_of(" \t", 8));
        }
    }
    if (const Result<std::string> licence = readFile(folder / "LICENSE", 1U << 20); licence) {
        std::istringstream lines(licence.value());
        for (std::string line; std::getline(lines, line);) {
            const std::size_t start = line.find_first_not_of(" \t\r");
            if (start != std::string::npos)
                return line.substr(start);
        }
    }
    return {};
}

fs::path userModelsFolder() { return userDataFolder() / "models"; }

} // namespace precedent::workspace
