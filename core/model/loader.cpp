#include "core/model/loader.h"

#include <cerrno>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <ATen/ATen.h>

#include "core/model/weights_io.h"
#include "precedent/architecture/architecture.h"
#include "precedent/architecture/model_text.h"
#include "precedent/architecture/stored_model.h"
#include "precedent/base/digest.h"
#include "precedent/base/files.h"
#include "precedent/formats/safetensors.h"

namespace precedent::core {
namespace {

namespace fs = std::filesystem;

/// Every weight of the model, matrices in bfloat16 or all in float32.
Result<NamedTensors> readWeights(const StoredModel& stored, const Placement& placement, const fs::path& folder)
{
    const bool bf16 = holdsBf16(placement.dtype, stored.dtype == "F32", stored.config.parameterCount());
    NamedTensors tensors;
    for (const DecoderWeight& weight : decoderWeights(stored.config)) { // the config was validated
        at::Tensor tensor = at::empty(weight.shape, bf16 && weight.shape.size() == 2 ? at::kBFloat16 : at::kFloat);
        PRECEDENT_TRY(readWeight(stored, weight.name, tensor, folder.string()));
        tensors.emplace_back(weight.name, placement.device.is_cpu() ? tensor : tensor.to(placement.device));
    }
    return tensors;
}

Result<std::string> digestOf(const std::vector<fs::path>& paths)
{
    std::vector<std::string> digests;
    for (const fs::path& path : paths) {
        auto one = sha256File(path);
        if (!one.ok())
            return one;
        digests.push_back(*std::move(one));
    }
    return weightsDigest(digests);
}

Result<LoadedModel> load(const fs::path& folder, bool requireTokenizer, const Placement& placement)
{
    auto stored = openStoredModel(folder, requireTokenizer);
    if (!stored.ok())
        return stored.error();
    auto tensors = readWeights(*stored, placement, folder);
    if (!tensors.ok())
        return tensors.error();
    const std::shared_ptr<Decoder> decoder = Decoder::over(stored->config, std::move(*tensors));
    decoder->setTrainable(true);
    auto digest = digestOf(stored->files);
    if (!digest.ok())
        return digest.error();
    return LoadedModel{stored->config, decoder, *digest, stored->dtype, folder};
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

Result<LoadedModel> loadModel(const fs::path& folder, bool requireTokenizer, const Placement& placement)
{
    try {
        return load(folder, requireTokenizer, placement);
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::outOfMemory, "There is not enough memory to load " + folder.string() + ".",
            "Close other programs or choose a smaller model.");
    } catch (const c10::Error& error) {
        const std::string text = error.what_without_backtrace();
        const bool memory = text.find("alloc") != std::string::npos;
        return Error(memory ? ErrorCode::outOfMemory : ErrorCode::internal, "Loading " + folder.string() + " failed: " + text);
    }
}

std::vector<fs::path> companionFiles(const fs::path& modelFolder)
{
    if (const fs::path gguf = ggufFileOf(modelFolder); !gguf.empty())
        return {gguf};
    std::vector<fs::path> files;
    std::error_code ec;
    for (const char* name : {kGgufTokenizerFile, "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
             "tokenizer.model", "vocab.json", "merges.txt", "chat_template.jinja", "chat_template.json", "generation_config.json",
             "LICENSE", "LICENSE.txt", "LICENSE.md"}) {
        if (fs::is_regular_file(modelFolder / name, ec))
            files.push_back(modelFolder / name);
    }
    return files;
}

namespace {

Status writeFiles(
    const fs::path& folder, const Decoder& decoder, StoredType type, const std::vector<fs::path>& extraFiles, std::uint64_t mostBytes)
{
    const bool bf16 = type == StoredType::bf16;
    DecoderConfig config = decoder.config();
    config.dtype = bf16 ? "bfloat16" : "float32";
    PRECEDENT_TRY(writeWeightFiles(folder, decoder.parameters(), bf16 ? formats::DType::bf16 : formats::DType::f32, mostBytes));
    for (const fs::path& file : extraFiles) {
        if (file.extension() == ".gguf")
            PRECEDENT_TRY(writeGgufTexts(file, folder));
        else
            PRECEDENT_TRY(copyFileAtomically(file, folder / file.filename()));
    }
    return writeFileAtomically(folder / "config.json", dumpJson(config.toJson(), 2) + "\n");
}

} // namespace

Status writeModelFiles(const fs::path& folder, const Decoder& decoder, StoredType type, const std::vector<fs::path>& extraFiles)
{
    return writeFiles(folder, decoder, type, extraFiles, std::numeric_limits<std::uint64_t>::max());
}

Status saveModel(
    const fs::path& folder, const Decoder& decoder, StoredType type, const std::vector<fs::path>& extraFiles, std::uint64_t mostBytes)
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
    Status written = writeFiles(fresh, decoder, type, extraFiles, mostBytes);
    if (written.ok())
        written = exchange(fresh, place);
    fs::remove_all(fresh, ec); // what was replaced, or what could not be finished
    if (!written.ok())
        return written;
    return syncPath(parent);
}

Result<std::string> weightsSha256(const fs::path& folder)
{
    const auto files = weightFilesOf(folder);
    if (!files.ok())
        return files.error();
    return digestOf(*files);
}

} // namespace precedent::core
