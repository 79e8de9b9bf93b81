#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/formats/tensor.h"

/// The GGUF format, versions 2 and 3, little-endian: a magic word, key-value metadata, tensor infos, then the tensors' bytes at
/// aligned offsets. (github.com/ggml-org/ggml, docs/gguf.md.)
namespace precedent::formats {

class GgufCursor;
class MappedFile;

/// The numbers are the format's.
enum class GgufType : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

/// "uint32", "array", as the format's text calls them.
[[nodiscard]] const char* toString(GgufType type);

/// One metadata value, read where it lies in the file, which was checked when it was opened. Valid as long as the file object.
/// Every reader answers nothing where the value is of another kind.
class GgufValue {
public:
    [[nodiscard]] GgufType type() const { return m_type; }
    /// Of an array.
    [[nodiscard]] GgufType itemType() const { return m_itemType; }
    [[nodiscard]] std::size_t itemCount() const { return m_itemCount; }

    /// Of any integer type; nothing above 2^63 - 1.
    [[nodiscard]] std::optional<std::int64_t> integer() const;
    /// Of any integer or float type.
    [[nodiscard]] std::optional<double> number() const;
    [[nodiscard]] std::optional<bool> boolean() const;
    [[nodiscard]] std::optional<std::string_view> string() const;

    /// Arrays of strings: views into the file, 16 bytes each.
    [[nodiscard]] std::optional<std::vector<std::string_view>> strings() const;
    /// Arrays of any integer type or of booleans; nothing if one is above 2^63 - 1.
    [[nodiscard]] std::optional<std::vector<std::int64_t>> integers() const;
    /// Arrays of any integer or float type, each rounded to float.
    [[nodiscard]] std::optional<std::vector<float>> floats() const;
    /// Arrays of arrays.
    [[nodiscard]] std::optional<std::vector<GgufValue>> arrays() const;

private:
    friend class GgufCursor;
    GgufType m_type = GgufType::u8;
    GgufType m_itemType = GgufType::u8;
    std::size_t m_itemCount = 0;
    std::string_view m_bytes; // the value, or the items, without lengths and types before them
};

/// A read-only mapping of one file, checked in full when it is opened: magic, version, counts against the file's size,
/// every string and array of the metadata, names given twice, shapes (overflow and whole blocks too), types, offsets in
/// range, aligned, without overlaps. Its own memory is a few dozen bytes for each key and tensor. Immutable, so any
/// thread may read.
class GgufFile {
public:
    /// Fails with notFound, permissionDenied, io, corrupt, tooNew (a later version) or unsupported (version 1, big-endian,
    /// a tensor type that is not known even by name), saying where in the file.
    [[nodiscard]] static Result<std::shared_ptr<const GgufFile>> open(const std::filesystem::path& path);

    /// The same over bytes in memory, which must outlive the object. `what` names them in messages.
    [[nodiscard]] static Result<std::shared_ptr<const GgufFile>> parse(std::string_view bytes, const std::string& what);

    GgufFile(const GgufFile&) = delete;
    GgufFile& operator=(const GgufFile&) = delete;

    [[nodiscard]] std::uint32_t version() const { return m_version; }
    /// Bytes between multiples of which tensors begin.
    [[nodiscard]] std::uint64_t alignment() const { return m_alignment; }

    /// nullptr if the metadata has no such key.
    [[nodiscard]] const GgufValue* value(std::string_view key) const;
    /// In the order of the file.
    [[nodiscard]] const std::vector<std::string_view>& keys() const { return m_keys; }

    /// In the order of their bytes in the file. Shapes are row-major: GGUF's first dimension, a row's length, is the last.
    [[nodiscard]] const std::vector<TensorView>& tensors() const { return m_tensors; }
    /// nullptr if there is none of that name.
    [[nodiscard]] const TensorView* find(std::string_view name) const;
    /// Takes one of tensors(), whose values were copied, out of memory until it is read again. Of use where the file is mapped.
    void release(const TensorView& tensor) const;

private:
    GgufFile() = default;
    [[nodiscard]] Status read(std::string_view bytes, const std::string& what);
    [[nodiscard]] Status readMetadata(GgufCursor& cursor, std::uint64_t count);
    [[nodiscard]] Status readTensors(GgufCursor& cursor, std::uint64_t count);

    std::shared_ptr<const MappedFile> m_mapping; // none where the bytes are the caller's
    std::uint32_t m_version = 0;
    std::uint64_t m_alignment = 32;
    std::vector<std::string_view> m_keys;
    std::vector<GgufValue> m_values; // beside m_keys
    std::vector<std::uint32_t> m_sortedKeys; // places in m_keys
    std::vector<TensorView> m_tensors;
    std::vector<std::uint32_t> m_sortedNames; // places in m_tensors
};

/// One metadata value to write, as the type that it has here.
struct GgufEntry {
    std::string key; ///< 1 to 65,535 bytes
    std::variant<bool, std::uint32_t, std::int32_t, std::uint64_t, std::int64_t, float, double, std::string, std::vector<std::string>,
        std::vector<float>, std::vector<std::int32_t>, std::vector<bool>>
        value;
};

/// The metadata of a file whose keys begin so, as writeGguf() takes it: integers of eight and sixteen bits, and arrays of
/// integers other than int32, become the next wider type there. Fails with unsupported for arrays of arrays and of 64 bits.
[[nodiscard]] Result<std::vector<GgufEntry>> ggufEntries(const GgufFile& file, std::string_view prefix);

/// Writes a GGUF file of version 3, keys and tensors in the order given, as temp + fsync + rename; on failure what was there
/// stays. Tensors' bytes are in their type already. Fails with invalidArgument (a key or tensor twice, a type that GGUF does
/// not have, a shape of no or more than four extents, bytes that do not fit), diskFull, permissionDenied or io, or as a tensor's
/// make(). Tensors' bytes are asked for one after another.
[[nodiscard]] Status streamGguf(
    const std::filesystem::path& path, const std::vector<GgufEntry>& metadata, const std::vector<TensorToWrite>& tensors);
/// The same of tensors in memory.
[[nodiscard]] Status writeGguf(
    const std::filesystem::path& path, const std::vector<GgufEntry>& metadata, const std::vector<TensorView>& tensors);

} // namespace precedent::formats
