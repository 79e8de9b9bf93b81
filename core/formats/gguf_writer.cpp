#include <set>
#include <type_traits>

#include "core/formats/gguf_cursor.h"
#include "core/formats/gguf_numbers.h"
#include "core/formats/pending_file.h"
#include "precedent/formats/gguf.h"

namespace precedent::formats {
namespace {

namespace fs = std::filesystem;

/// The parts of the file before its data, in memory: names and lists, a few megabytes at most.
class Header {
public:
    template <typename T>
    void put(T value)
    {
        static_assert(std::is_arithmetic_v<T>);
        m_bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    void put(bool value) { m_bytes += value ? '\1' : '\0'; }
    void put(std::string_view text)
    {
        put(static_cast<std::uint64_t>(text.size()));
        m_bytes += text;
    }
    void put(const std::string& text) { put(std::string_view(text)); }
    void put(GgufType type) { put(static_cast<std::uint32_t>(type)); }
    void pad() { m_bytes.append((kGgufAlignment - m_bytes.size() % kGgufAlignment) % kGgufAlignment, '\0'); }
    void putRaw(std::string_view bytes) { m_bytes += bytes; }

    [[nodiscard]] const std::string& bytes() const { return m_bytes; }

private:
    std::string m_bytes;
};

template <typename T>
constexpr GgufType typeOf()
{
    if constexpr (std::is_same_v<T, bool>)
        return GgufType::boolean;
    else if constexpr (std::is_same_v<T, std::uint32_t>)
        return GgufType::u32;
    else if constexpr (std::is_same_v<T, std::int32_t>)
        return GgufType::i32;
    else if constexpr (std::is_same_v<T, std::uint64_t>)
        return GgufType::u64;
    else if constexpr (std::is_same_v<T, std::int64_t>)
        return GgufType::i64;
    else if constexpr (std::is_same_v<T, float>)
        return GgufType::f32;
    else if constexpr (std::is_same_v<T, double>)
        return GgufType::f64;
    else
        return GgufType::string;
}

template <typename T>
void putValue(Header& header, const T& value)
{
    header.put(typeOf<T>());
    header.put(value);
}

template <typename T>
void putValue(Header& header, const std::vector<T>& values)
{
    header.put(GgufType::array);
    header.put(typeOf<T>());
    header.put(static_cast<std::uint64_t>(values.size()));
    for (std::size_t i = 0; i < values.size(); ++i)
        header.put(static_cast<const T&>(values[i]));
}

Status checkName(std::set<std::string_view>& names, const std::string& name, const char* noun, const fs::path& path)
{
    if (name.empty() || name.size() > kMostNameBytes)
        return Error(ErrorCode::invalidArgument,
            std::string("A ") + noun + " of " + path.string() + " would have a name of " + std::to_string(name.size()) + " bytes; 1 to " +
                std::to_string(kMostNameBytes) + " are allowed.");
    if (!names.insert(name).second)
        return Error(ErrorCode::invalidArgument, path.string() + " would have the " + noun + " " + shownName(name) + " twice.");
    return {};
}

Status checkTensor(const TensorToWrite& tensor, const fs::path& path)
{
    const std::string who = "Tensor " + shownName(tensor.name) + " of " + path.string();
    if (!ggufNumber(tensor.dtype))
        return Error(ErrorCode::invalidArgument, who + " is " + toString(tensor.dtype) + ", which GGUF files do not have.");
    if (tensor.shape.empty() || tensor.shape.size() > kGgufMostRank || tensor.size().value_or(0) == 0)
        return Error(ErrorCode::invalidArgument, who + " has a shape that GGUF files cannot hold in this type.");
    return {};
}

std::uint64_t padded(std::uint64_t size) { return (size + kGgufAlignment - 1) / kGgufAlignment * kGgufAlignment; }

} // namespace

Status streamGguf(const fs::path& path, const std::vector<GgufEntry>& metadata, const std::vector<TensorToWrite>& tensors)
{
    Header header;
    header.putRaw(kGgufMagic);
    header.put(kGgufVersion);
    header.put(static_cast<std::uint64_t>(tensors.size()));
    header.put(static_cast<std::uint64_t>(metadata.size()));
    std::set<std::string_view> names;
    for (const GgufEntry& entry : metadata) {
        PRECEDENT_TRY(checkName(names, entry.key, "key", path));
        header.put(entry.key);
        std::visit([&](const auto& value) { putValue(header, value); }, entry.value);
    }
    names.clear();
    std::uint64_t offset = 0;
    for (const TensorToWrite& tensor : tensors) {
        PRECEDENT_TRY(checkName(names, tensor.name, "tensor", path));
        PRECEDENT_TRY(checkTensor(tensor, path));
        header.put(tensor.name);
        header.put(static_cast<std::uint32_t>(tensor.shape.size()));
        for (std::size_t i = tensor.shape.size(); i-- > 0;)
            header.put(static_cast<std::uint64_t>(tensor.shape[i]));
        header.put(*ggufNumber(tensor.dtype));
        header.put(offset);
        offset += padded(*tensor.size());
    }
    header.pad();

    PendingFile file(path);
    PRECEDENT_TRY(file.write(header.bytes()));
    const std::string zeros(kGgufAlignment, '\0');
    for (const TensorToWrite& tensor : tensors) {
        PRECEDENT_TRY(file.write(tensor));
        PRECEDENT_TRY(file.write(std::string_view(zeros).substr(0, padded(*tensor.size()) - *tensor.size())));
    }
    return file.commit();
}

Status writeGguf(const fs::path& path, const std::vector<GgufEntry>& metadata, const std::vector<TensorView>& tensors)
{
    return streamGguf(path, metadata, toWrite(tensors));
}

} // namespace precedent::formats
