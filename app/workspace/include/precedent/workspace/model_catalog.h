#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/workspace/model_source.h"

/// What the models at hand are, read without LibTorch. Every function from any thread; each reads files.
namespace precedent::workspace {

struct ModelCard {
    std::string name; ///< as resolveModel() takes it
    std::filesystem::path folder; ///< or GGUF file
    ModelOrigin origin = ModelOrigin::starter;
    std::string architecture; ///< in config.json's words: "llama"
    std::int64_t parameters = 0; ///< tied embeddings are counted once
    int vocabulary = 0;
    int contextLength = 0; ///< positions
    int layers = 0;
    int hiddenSize = 0;
    std::string dtype; ///< of the stored weights: "BF16", "Q4_K_M"; "mixed" if they differ
    std::int64_t weightBytes = 0; ///< of the weights' files
    std::vector<std::filesystem::path> weightFiles; ///< what modelDigest() reads
    std::string sha256; ///< as the engine names the weights; empty until modelDigest() was asked
    std::string licence; ///< as the model states it; may be empty
    std::string templateName; ///< "starter", "plain"
    std::string templateNote; ///< why that one, where it needs saying
    /// Why the core cannot load it; empty if it can. What is known beside that is filled in all the same.
    std::string problem;
    std::string problemHint;

    [[nodiscard]] bool loads() const { return problem.empty(); }
};

/// What a model is: config.json, the headers of its weights, tokenizer and template, checked as the engine checks them.
/// What does not fit is the card's problem. sha256 is filled in where it is known already (knownModelDigest()).
[[nodiscard]] ModelCard readModelCard(const ModelPlace& place);

/// SHA-256 of the weights as ModelInfo::sha256 gives it, where a digest of these files, with their size and time of
/// change, was kept in the user's cache folder; else empty.
[[nodiscard]] std::string knownModelDigest(const std::vector<std::filesystem::path>& weightFiles);

/// `read` of `total` bytes were read; answering false ends it.
using DigestProgress = std::function<bool(std::int64_t read, std::int64_t total)>;

/// The same, read from the files where it is not known, and then kept. Fails with cancelled, or as the file system does.
[[nodiscard]] Result<std::string> modelDigest(const std::vector<std::filesystem::path>& weightFiles, const DigestProgress& progress = {});

struct AddModelOptions {
    std::string name; ///< empty: made from the folder's
    bool copy = false; ///< into a folder in the models folder, instead of adding it where it is
    bool dryRun = false; ///< checks everything and writes nothing
};

/// Adds a model folder or GGUF file to the list (or copies it into the models folder), once it is sure that the core can load it.
/// Fails with unsupported, corrupt or notFound (why the core cannot load it), or as ModelRegistry::add() does. Nothing is
/// left behind on failure.
[[nodiscard]] Result<ModelCard> addModel(const std::filesystem::path& source, const AddModelOptions& options = {});

} // namespace precedent::workspace
