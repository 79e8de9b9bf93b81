#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/text/tokenizer.h"

namespace precedent::workspace {

/// Where a model's files are.
struct ModelSource {
    std::string name; ///< as the user named it
    std::filesystem::path folder; ///< in Hugging Face layout, or a GGUF file
    std::string adapter; ///< PEFT folder, or empty
    std::string run; ///< for run:RUN[@STEP]
    int checkpoint = 0; ///< its step, 0 for no checkpoint
};

enum class ModelOrigin {
    starter, ///< ships with the program
    added, ///< a folder or GGUF file that the user added to the list (ModelRegistry)
    modelsFolder, ///< one in userModelsFolder()
    elsewhere, ///< one that has no name of its own
};

/// A model that has a name of its own.
struct ModelPlace {
    std::string name;
    std::filesystem::path folder; ///< or GGUF file; of an added one it may be gone
    ModelOrigin origin = ModelOrigin::starter;
};

/// Every model that has a name: the starter, those that were added, those in the models folder, each by name. A name
/// that two have is listed once, for the one that resolveModel() gives.
struct ModelPlaces {
    std::vector<ModelPlace> places; ///< never of origin elsewhere
    Status registry; ///< why the added ones are missing, where their list cannot be read
};
[[nodiscard]] ModelPlaces modelPlaces();

/// Resolves `starter`, the name of a model that was added, a folder or GGUF file, a name in the models folder (in that order), or
/// `run:RUN[@STEP]` (the last checkpoint without a step) of `casebase`, which may be null where none is at hand. Fails
/// with notFound (naming what was looked for) or invalidArgument.
[[nodiscard]] Result<ModelSource> resolveModel(const std::string& name, const casebase::Casebase* casebase = nullptr);

/// ok for a folder in Hugging Face layout, as far as its config.json tells, and for a GGUF file or a folder of one. Fails with
/// notFound, or invalidArgument for a folder of several GGUF files, in words that say what to name instead.
[[nodiscard]] Status checkModelFolder(const std::filesystem::path& folder);

/// Whether checkModelFolder() would be ok.
[[nodiscard]] bool isModelPlace(const std::filesystem::path& path);

/// The tokenizer of a model. Needs no LibTorch. Fails with notFound, corrupt or unsupported, naming the file.
[[nodiscard]] Result<std::shared_ptr<const text::Tokenizer>> tokenizerOf(const std::filesystem::path& model);

/// resources/starter/model. Fails with notFound where the program came without it.
[[nodiscard]] Result<std::filesystem::path> starterFolder();

/// Positions that a model's config.json or GGUF metadata gives it. Needs no LibTorch. Fails with notFound or corrupt.
[[nodiscard]] Result<int> contextLengthOf(const std::filesystem::path& folder);

/// The licence that a model states: README.md's `license:`, LICENSE's first line, or a GGUF file's general.license; empty if it
/// states none.
[[nodiscard]] std::string licenceOf(const std::filesystem::path& folder);

/// The folder of models that this user has put beside the program: one folder or .gguf file a model. May not exist.
[[nodiscard]] std::filesystem::path userModelsFolder();

} // namespace precedent::workspace
