#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "precedent/base/result.h"

/// The safetensors format: eight bytes of header length, a JSON header, then the tensors' bytes, little-endian and
/// row-major, without gaps. (github.com/huggingface/safetensors, "Format".)
namespace precedent::formats {

enum class DType { f64, f32, f16, bf16, f8e4m3, f8e5m2, i64, i32, i16, i8, u64, u32, u16, u8, boolean };

/// The format's spelling ("BF16").
[[nodiscard]] const char* toString(DType dtype);
[[nodiscard]] std::optional<DType> dtypeFromString(std::string_view text);
/// Bytes of one element.
[[nodiscard]] std::size_t sizeOf(DType dtype);

/// A tensor inside a mapped file. `bytes` lives as long as the file object and may be unaligned.
struct TensorView {
    std::string name;
    DType dtype = DType::f32;
    std::vector<std::int64_t> shape;
    std::string_view bytes;

    [[nodiscard]] std::int64_t elements() const;
};

/// A read-only mapping of one file, checked in full when it is opened: header length, JSON, duplicate names, dtypes,
/// shapes (overflow too), offsets in range, no overlaps, no gaps. Immutable, so any thread may read.
class SafetensorsFile {
public:
    /// Fails with notFound, permissionDenied, io, corrupt or unsupported (a dtype we do not know), naming the tensor.
    [[nodiscard]] static Result<std::shared_ptr<const SafetensorsFile>> open(const std::filesystem::path& path);

    /// The same over bytes in memory, which must outlive the object. `what` names them in messages.
    [[nodiscard]] static Result<std::shared_ptr<const SafetensorsFile>> parse(std::string_view bytes, const std::string& what);

    ~SafetensorsFile();
    SafetensorsFile(const SafetensorsFile&) = delete;
    SafetensorsFile& operator=(const SafetensorsFile&) = delete;

    /// In order of their place in the file.
    [[nodiscard]] const std::vector<TensorView>& tensors() const { return m_tensors; }
    [[nodiscard]] const std::map<std::string, std::string>& metadata() const { return m_metadata; }
    /// Finds a tensor by name, or by an alias that __metadata__ declares ("model.embed_tokens.weight" ->
    /// "lm_head.weight"); nullptr if neither is there.
    [[nodiscard]] const TensorView* find(std::string_view name) const;

private:
    SafetensorsFile() = default;
    [[nodiscard]] Status read(std::string_view bytes, const std::string& what);

    std::string_view m_mapping; // empty where the bytes are the caller's
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
/// invalidArgument (a name twice, bytes that do not fit shape and dtype), diskFull, permissionDenied or io.
[[nodiscard]] Status writeSafetensors(const std::filesystem::path& path, const std::vector<TensorView>& tensors,
    const std::map<std::string, std::string>& metadata = {{"format", "pt"}});

/// Widens F32, F16, BF16 or F64 bytes to float. out has elements() places. False for any other dtype.
[[nodiscard]] bool widenToFloat(const TensorView& tensor, float* out);

/// Rounds to nearest even, as hardware does; NaN stays NaN. Returns two bytes an element.
[[nodiscard]] std::string narrowToBf16(const float* values, std::int64_t count);

} // namespace precedent::formats
