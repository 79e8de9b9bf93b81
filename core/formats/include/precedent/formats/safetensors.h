#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/formats/tensor.h"

/// The safetensors format: eight bytes of header length, a JSON header, then the tensors' bytes, little-endian and
/// row-major, without gaps. (github.com/huggingface/safetensors, "Format".)
namespace precedent::formats {

class MappedFile;

/// A read-only mapping of one file, checked in full when it is opened: header length, JSON, duplicate names, dtypes,
/// shapes (overflow too), offsets in range, no overlaps, no gaps. Immutable, so any thread may read.
class SafetensorsFile {
public:
    /// Fails with notFound, permissionDenied, io, corrupt or unsupported (a dtype we do not know), naming the tensor.
    [[nodiscard]] static Result<std::shared_ptr<const SafetensorsFile>> open(const std::filesystem::path& path);

    /// The same over bytes in memory, which must outlive the object. `what` names them in messages.
    [[nodiscard]] static Result<std::shared_ptr<const SafetensorsFile>> parse(std::string_view bytes, const std::string& what);

    ~SafetensorsFile() = default;
    SafetensorsFile(const SafetensorsFile&) = delete;
    SafetensorsFile& operator=(const SafetensorsFile&) = delete;

    /// In order of their place in the file.
    [[nodiscard]] const std::vector<TensorView>& tensors() const { return m_tensors; }
    [[nodiscard]] const std::map<std::string, std::string>& metadata() const { return m_metadata; }
    /// Finds a tensor by name, or by an alias that __metadata__ declares ("model.embed_tokens.weight" ->
    /// "lm_head.weight"); nullptr if neither is there.
    [[nodiscard]] const TensorView* find(std::string_view name) const;
    /// Takes one of tensors(), whose values were copied, out of memory until it is read again. Of use where the file is mapped.
    void release(const TensorView& tensor) const;

private:
    SafetensorsFile() = default;
    [[nodiscard]] Status read(std::string_view bytes, const std::string& what);

    std::shared_ptr<const MappedFile> m_mapping; // none where the bytes are the caller's
    std::vector<TensorView> m_tensors;
    std::map<std::string, std::size_t, std::less<>> m_byName;
    std::map<std::string, std::string> m_metadata;
};

/// The weights of a model folder: model.safetensors, or the shards that model.safetensors.index.json lists.
class SafetensorsSet {
public:
    /// Fails as SafetensorsFile::open; notFound also for a shard that is not there, corrupt for an index that is
    /// malformed, names a file outside the folder, or lists a tensor that its shard does not have.
    [[nodiscard]] static Result<SafetensorsSet> open(const std::filesystem::path& folder);

    [[nodiscard]] const TensorView* find(std::string_view name) const;
    /// As SafetensorsFile::release, of a tensor found here.
    void release(const TensorView& tensor) const;
    [[nodiscard]] std::vector<std::string> names() const;
    /// The files behind the set, in order of their names.
    [[nodiscard]] const std::vector<std::filesystem::path>& paths() const { return m_paths; }

private:
    [[nodiscard]] static Result<SafetensorsSet> openIndexed(const std::filesystem::path& folder, const std::filesystem::path& index);

    std::vector<std::filesystem::path> m_paths;
    std::vector<std::shared_ptr<const SafetensorsFile>> m_files;
    std::map<std::string, const TensorView*, std::less<>> m_byName;
};

/// Writes the tensors in the order given as temp + fsync + rename; on failure what was there stays. Fails with
/// invalidArgument (a name twice, bytes that do not fit shape and dtype), diskFull, permissionDenied or io, or as a tensor's make().
/// Tensors' bytes are asked for one after another.
[[nodiscard]] Status streamSafetensors(const std::filesystem::path& path, const std::vector<TensorToWrite>& tensors,
    const std::map<std::string, std::string>& metadata = {{"format", "pt"}});
/// The same of tensors in memory.
[[nodiscard]] Status writeSafetensors(const std::filesystem::path& path, const std::vector<TensorView>& tensors,
    const std::map<std::string, std::string>& metadata = {{"format", "pt"}});

} // namespace precedent::formats
