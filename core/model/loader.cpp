#include "core/model/loader.h"

#include <cerrno>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <ATen/ATen.h>

#include "core/model/weights_io.h"
#include "precedent/base/digest.h"
#include "precedent/base/files.h"
#include "precedent/formats/safetensors.h"

namespace precedent::core {
namespace {

namespace fs = std::filesystem;

/// A model whose weights are still to be read.
std::shared_ptr<Decoder> emptyDecoder(const DecoderConfig& config)
{
    const DecoderFamily& family = *findDecoderFamily(config.family); // the config was validated
    NamedTensors tensors;
    for (const DecoderFamily::Weight& weight : family.weights(config))
        tensors.emplace_back(weight.name, at::empty(weight.shape, at::kFloat));
    auto decoder = family.build(config, std::move(tensors));
    decoder->setTrainable(true);
    return decoder;
}

/// Every weight of the family, read into a model made for the config.
Status readWeights(const formats::SafetensorsSet& stored, const Decoder& decoder, const fs::path& folder)
{
    for (const auto& [name, tensor] : decoder.parameters()) {
        const formats::TensorView* view = stored.find(name);
        // Files of tied models may keep the one matrix under the head's name only.
        if (view == nullptr && name == "model.embed_tokens.weight" && decoder.config().tieEmbeddings)
            view = stored.find("lm_head.weight");
        PRECEDENT_TRY(readWeight(view, name, tensor, folder.string()));
    }
    return {};
}

std::string dtypeOf(const formats::SafetensorsSet& stored, const Decoder& decoder)
{
    std::string dtype;
    for (const auto& entry : decoder.parameters()) {
        const formats::TensorView* view = stored.find(entry.first);
        if (view == nullptr)
            continue;
        const std::string one = formats::toString(view->dtype);
        if (!dtype.empty() && dtype != one)
            return "mixed";
        dtype = one;
    }
    return dtype;
}

Result<std::string> digestOf(const std::vector<fs::path>& paths)
{
    if (paths.size() == 1)
        return sha256File(paths.front());
    Sha256 all;
    for (const fs::path& path : paths) {
        auto one = sha256File(path);
        if (!one.ok())
            return one;
        all.addField(*one);
    }
    return all.hex();
}

Result<LoadedModel> load(const fs::path& folder, bool requireTokenizer)
{
    std::error_code ec;
    if (!fs::is_directory(folder, ec))
        return Error(ErrorCode::notFound, "There is no model folder " + folder.string() + ".",
            "Give the folder that holds config.json and model.safetensors.");
    auto config = readDecoderConfig(folder);
    if (!config.ok())
        return config.error();
    if (requireTokenizer && !fs::exists(folder / "tokenizer.json", ec))
        return Error(ErrorCode::notFound, folder.string() + " has no tokenizer.json.",
            "Fetch the model with its tokenizer in the tokenizers format.");
    auto stored = formats::SafetensorsSet::open(folder);
    if (!stored.ok())
        return stored.error();
    const std::shared_ptr<Decoder> decoder = emptyDecoder(*config);
    PRECEDENT_TRY(readWeights(*stored, *decoder, folder));
    auto digest = digestOf(stored->paths());
    if (!digest.ok())
        return digest.error();
    return LoadedModel{*config, decoder, *digest, dtypeOf(*stored, *decoder), folder};
}

Status copyFileAtomically(const fs::path& from, const fs::path& to)
{
    std::error_code ec;
    if (fs::equivalent(from, to, ec))
        return {};
    auto bytes = readFile(from);
    if (!bytes.ok())
        return bytes.error();
    return writeFileAtomically(to, *bytes);
}

/// Puts `fresh` in `place`'s stead at once; what was there ends under the name `fresh`.
Status exchange(const fs::path& fresh, const fs::path& place)
{
    std::error_code ec;
    const bool replaces = fs::exists(place, ec);
    if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, place.c_str(), replaces ? RENAME_EXCHANGE : RENAME_NOREPLACE) == 0)
        return {};
    if (errno != EINVAL && errno != ENOSYS)
        return errnoError(errno, "replace", place.string());
    // A file system without exchange: two renames, with the old folder safe under another name between them.
    const fs::path old = place.string() + ".old-" + std::to_string(::getpid());
    if (replaces && ::rename(place.c_str(), old.c_str()) != 0)
        return errnoError(errno, "replace", place.string());
    if (::rename(fresh.c_str(), place.c_str()) != 0) {
        const int e = errno;
        if (replaces && ::rename(old.c_str(), place.c_str()) != 0)
            return Error(ErrorCode::io, "Could not put " + place.string() + " back; it is kept as " + old.string() + ".");
        return errnoError(e, "replace", place.string());
    }
    if (replaces && ::rename(old.c_str(), fresh.c_str()) != 0)
        return errnoError(errno, "rename", old.string());
    return {};
}

} // namespace

Result<LoadedModel> loadModel(const fs::path& folder, bool requireTokenizer)
{
    try {
        return load(folder, requireTokenizer);
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::outOfMemory, "There is not enough memory to load " + folder.string() + ".",
            "Close other programs or choose a smaller model.");
    } catch (const c10::Error& error) {
        const std::string text = error.what_without_backtrace();
        const bool memory = text.find("alloc") != std::string::npos;
        return Error(memory ? ErrorCode::outOfMemory : ErrorCode::internal, "Loading " + folder.string() + " failed: " + text);
    }
}

Status writeModelFiles(const fs::path& folder, const Decoder& decoder, StoredType type, const std::vector<fs::path>& extraFiles)
{
    const bool bf16 = type == StoredType::bf16;
    DecoderConfig config = decoder.config();
    config.dtype = bf16 ? "bfloat16" : "float32";
    PRECEDENT_TRY(writeWeights(folder / "model.safetensors", decoder.parameters(), bf16 ? formats::DType::bf16 : formats::DType::f32));
    for (const fs::path& file : extraFiles)
        PRECEDENT_TRY(copyFileAtomically(file, folder / file.filename()));
    return writeFileAtomically(folder / "config.json", dumpJson(config.toJson(), 2) + "\n");
}

Status saveModel(const fs::path& folder, const Decoder& decoder, StoredType type, const std::vector<fs::path>& extraFiles)
{
    fs::path place = folder.lexically_normal();
    if (place.filename().empty())
        place = place.parent_path(); // a trailing slash
    const fs::path parent = place.parent_path().empty() ? fs::path(".") : place.parent_path();
    const fs::path fresh = place.string() + ".tmp-" + std::to_string(::getpid());
    std::error_code ec;
    fs::create_directories(parent, ec);
    fs::remove_all(fresh, ec);
    if (!fs::create_directory(fresh, ec))
        return errnoError(ec.value(), "create", fresh.string());
    Status written = writeModelFiles(fresh, decoder, type, extraFiles);
    if (written.ok())
        written = exchange(fresh, place);
    fs::remove_all(fresh, ec); // what was replaced, or what could not be finished
    if (!written.ok())
        return written;
    return syncPath(parent);
}

Result<std::string> weightsSha256(const fs::path& folder)
{
    auto stored = formats::SafetensorsSet::open(folder);
    if (!stored.ok())
        return stored.error();
    return digestOf(stored->paths());
}

} // namespace precedent::core
