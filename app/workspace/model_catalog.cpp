#include "precedent/workspace/model_catalog.h"

#include <algorithm>

#include <unistd.h>

#include "app/workspace/digest_cache.h"
#include "precedent/align/prompt_encoder.h"
#include "precedent/architecture/stored_model.h"
#include "precedent/base/digest.h"
#include "precedent/base/files.h"
#include "precedent/workspace/export_provenance.h"
#include "precedent/workspace/model_registry.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestSmallFile = 128U << 20; ///< tokenizers reach 35 MB

void setProblem(ModelCard& card, const Error& error)
{
    if (!card.problem.empty())
        return; // the first one is the one to mend first
    card.problem = error.message();
    card.problemHint = error.hint();
}

void setWeights(ModelCard& card, const core::StoredModel& stored)
{
    card.dtype = stored.dtype;
    card.weightFiles = stored.files;
    for (const fs::path& file : card.weightFiles) {
        std::error_code ec;
        const auto bytes = fs::file_size(file, ec);
        card.weightBytes += ec ? 0 : static_cast<std::int64_t>(bytes);
    }
    card.sha256 = knownModelDigest(card.weightFiles);
}

/// What else lies in a model's folder is the same weights for other programs.
bool isWanted(const fs::directory_entry& entry, const ModelCard& card)
{
    std::error_code ec;
    if (!entry.is_regular_file(ec) || ec)
        return false;
    const auto& weights = card.weightFiles;
    return std::find(weights.begin(), weights.end(), entry.path()) != weights.end() || (entry.file_size(ec) <= kLargestSmallFile && !ec);
}

/// The files to copy: weights, configuration, tokenizer and licence of a card's folder, or its one GGUF file.
Result<std::vector<fs::path>> filesToCopy(const ModelCard& card)
{
    std::error_code ec;
    if (!core::ggufFileOf(card.folder).empty()) {
        std::vector<fs::path> files = card.weightFiles;
        if (const fs::path provenance = provenanceFile(card.folder); fs::is_regular_file(provenance, ec))
            files.push_back(provenance);
        return files;
    }
    std::vector<fs::path> files;
    for (fs::directory_iterator entry(card.folder, ec), end; !ec && entry != end; entry.increment(ec)) {
        if (isWanted(*entry, card))
            files.push_back(entry->path());
    }
    if (ec)
        return errnoError(ec.value(), "read", card.folder.string());
    return files;
}

/// Copies a card's files, under a temporary name until all are there.
Status copyModel(const ModelCard& card, const fs::path& to)
{
    const fs::path fresh = to.string() + ".tmp-" + std::to_string(::getpid());
    const auto fail = [&](const std::error_code& ec) {
        std::error_code ignored;
        fs::remove_all(fresh, ignored);
        return errnoError(ec.value(), "copy the model to", to.string());
    };
    std::error_code ec;
    const Result<std::vector<fs::path>> files = filesToCopy(card);
    if (!files)
        return files.error();
    fs::remove_all(fresh, ec);
    if (!fs::create_directories(fresh, ec))
        return fail(ec);
    for (const fs::path& file : files.value()) {
        const fs::path copied = fresh / file.filename();
        if (!fs::copy_file(file, copied, ec)) // what a link names, not the link
            return fail(ec);
        if (!syncPath(copied))
            return fail(std::make_error_code(std::errc::io_error));
    }
    if (!ec)
        fs::rename(fresh, to, ec);
    return ec ? Status(fail(ec)) : syncPath(to.parent_path());
}

/// The name to use, free in the list and in the models folder. One that is asked for may be that of a model whose folder is gone, if the
/// new one goes into its place in the list.
Result<std::string> freeName(const std::string& wanted, const fs::path& source, bool intoList)
{
    std::vector<RegisteredModel> taken;
    const ModelPlaces all = modelPlaces();
    PRECEDENT_TRY(all.registry);
    for (const ModelPlace& place : all.places)
        taken.push_back({place.name, place.folder});
    if (wanted.empty())
        return nameForFolder(source, taken);
    PRECEDENT_TRY(checkModelName(wanted));
    std::error_code ec;
    for (const RegisteredModel& model : taken) {
        if (model.name == wanted && (!intoList || fs::exists(model.folder, ec)))
            return Error(ErrorCode::alreadyExists, "There is a model " + wanted + " already: " + model.folder.string() + ".",
                "Give this one another name.");
    }
    return wanted;
}

} // namespace

ModelCard readModelCard(const ModelPlace& place)
{
    ModelCard card;
    card.name = place.name;
    card.folder = place.folder;
    card.origin = place.origin;
    card.licence = licenceOf(place.folder);
    if (const auto config = core::readDecoderConfig(place.folder); config.ok()) {
        card.architecture = config->family;
        card.parameters = config->parameterCount();
        card.vocabulary = config->vocabulary;
        card.contextLength = config->contextLength;
        card.layers = config->layers;
        card.hiddenSize = config->hiddenSize;
    }
    if (const auto stored = core::openStoredModel(place.folder); stored.ok())
        setWeights(card, stored.value());
    else
        setProblem(card, stored.error());
    if (const auto encoder = align::PromptEncoder::load(place.folder); encoder.ok()) {
        card.templateName = encoder.value().chatTemplate().name();
        card.templateNote = encoder.value().chatTemplate().note();
    } else {
        setProblem(card, encoder.error());
    }
    return card;
}

std::string knownModelDigest(const std::vector<fs::path>& weightFiles)
{
    const DigestCache cache;
    std::vector<std::string> digests;
    for (const fs::path& file : weightFiles) {
        digests.push_back(cache.find(file));
        if (digests.back().empty())
            return {};
    }
    return digests.empty() ? std::string() : core::weightsDigest(digests);
}

Result<std::string> modelDigest(const std::vector<fs::path>& weightFiles, const DigestProgress& progress)
{
    DigestCache cache;
    std::int64_t total = 0;
    for (const fs::path& file : weightFiles) {
        std::error_code ec;
        const auto bytes = fs::file_size(file, ec);
        total += ec ? 0 : static_cast<std::int64_t>(bytes);
    }
    std::int64_t before = 0;
    std::vector<std::string> digests;
    for (const fs::path& file : weightFiles) {
        std::error_code ec;
        const std::string stamp = DigestCache::stampOf(file);
        std::string known = cache.find(file);
        if (known.empty()) {
            Result<std::string> digest = sha256File(file, [&](std::int64_t read) { return !progress || progress(before + read, total); });
            if (!digest)
                return digest.error();
            known = *std::move(digest);
            cache.keep(file, stamp, known);
        }
        digests.push_back(known);
        before += static_cast<std::int64_t>(fs::file_size(file, ec));
    }
    return core::weightsDigest(digests);
}

Result<ModelCard> addModel(const fs::path& source, const AddModelOptions& options)
{
    PRECEDENT_TRY(checkModelFolder(source));
    const fs::path folder = fs::absolute(source).lexically_normal();
    if (const auto stored = core::openStoredModel(folder); !stored.ok())
        return stored.error();
    const Result<std::string> name = freeName(options.name, folder, !options.copy);
    if (!name)
        return name.error();
    ModelCard card = readModelCard({name.value(), folder, ModelOrigin::added});
    if (!card.loads())
        return Error(ErrorCode::unsupported, card.problem, card.problemHint);
    if (options.copy) {
        card.origin = ModelOrigin::modelsFolder;
        const fs::path to = userModelsFolder() / name.value();
        if (!options.dryRun) {
            PRECEDENT_TRY(copyModel(card, to));
            card = readModelCard({name.value(), to, ModelOrigin::modelsFolder});
        }
        card.folder = to;
    } else if (!options.dryRun) {
        PRECEDENT_TRY(ModelRegistry().add(name.value(), folder));
    }
    return card;
}

} // namespace precedent::workspace
