#include "precedent/formats/gguf.h"

#include <algorithm>
#include <numeric>

#include "core/formats/gguf_cursor.h"
#include "core/formats/gguf_numbers.h"
#include "core/formats/mapped_file.h"

namespace precedent::formats {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kOldestVersion = 2;
constexpr std::size_t kLeastKeyBytes = 8 + 1 + 4 + 1; // length, one letter, type, one byte of value
constexpr std::size_t kLeastTensorBytes = 8 + 1 + 4 + 8 + 4 + 8; // length, one letter, rank, one extent, type, offset
constexpr std::uint64_t kMostCount = 1U << 24; // keys or tensors
constexpr std::uint64_t kMostElements = std::uint64_t{1} << 60;
constexpr std::uint64_t kMostAlignment = 1U << 16;

Status readHeader(GgufCursor& cursor, std::uint32_t& version)
{
    if (cursor.bytes().substr(0, kGgufMagic.size()) != kGgufMagic)
        return Error(ErrorCode::corrupt, cursor.what() + ": it does not begin with the letters GGUF.",
            "It is no GGUF file, or it is damaged: fetch it again.");
    std::uint32_t magic = 0;
    PRECEDENT_TRY(cursor.read(magic));
    PRECEDENT_TRY(cursor.read(version));
    if (version != 0 && (version & 0xFFFFU) == 0)
        return Error(ErrorCode::unsupported, cursor.what() + ": it was written big-endian, which this program does not read.",
            "Fetch the little-endian file, or convert it with the gguf package's gguf-convert-endian.");
    if (version > kGgufVersion)
        return Error(ErrorCode::tooNew,
            cursor.what() + ": it is a GGUF file of version " + std::to_string(version) + "; versions " + std::to_string(kOldestVersion) +
                " and " + std::to_string(kGgufVersion) + " can be read.",
            "Fetch an older file of the model, or a newer version of this program.");
    if (version < kOldestVersion)
        return Error(ErrorCode::unsupported,
            cursor.what() + ": it is a GGUF file of version " + std::to_string(version) + "; versions " + std::to_string(kOldestVersion) +
                " and " + std::to_string(kGgufVersion) + " can be read.",
            "Fetch a newer file of the model.");
    return {};
}

Status checkCount(const GgufCursor& cursor, const char* noun, std::uint64_t count, std::size_t leastBytes)
{
    if (count > cursor.left() / leastBytes || count > kMostCount)
        return cursor.corrupt(std::to_string(count) + " " + noun + " are claimed, more than the " + std::to_string(cursor.left()) +
            " bytes that follow can hold.");
    return {};
}

/// Where a tensor's bytes are said to be, after the start of the data.
struct Place {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

Status readShape(GgufCursor& cursor, std::vector<std::int64_t>& shape, std::uint64_t& elements)
{
    std::uint32_t rank = 0;
    PRECEDENT_TRY(cursor.read(rank));
    if (rank < 1 || rank > kGgufMostRank)
        return cursor.corrupt("it has " + std::to_string(rank) + " dimensions; 1 to " + std::to_string(kGgufMostRank) + " are allowed.");
    shape.resize(rank);
    elements = 1;
    for (std::uint32_t i = 0; i < rank; ++i) {
        std::uint64_t extent = 0;
        PRECEDENT_TRY(cursor.read(extent));
        if (extent == 0 || extent > kMostElements / elements)
            return cursor.corrupt("dimension " + std::to_string(i) + " is " + std::to_string(extent) +
                "; expected 1 or more, and at most 2^60 elements in all.");
        elements *= extent;
        shape[rank - 1 - i] = static_cast<std::int64_t>(extent);
    }
    return {};
}

Status readTensorInfo(GgufCursor& cursor, std::uint64_t index, TensorView& tensor, Place& place)
{
    cursor.setPart("tensor " + std::to_string(index));
    std::string_view name;
    PRECEDENT_TRY(cursor.readName(name));
    cursor.setPart("tensor " + shownName(name));
    tensor.name = name;
    std::uint64_t elements = 0;
    PRECEDENT_TRY(readShape(cursor, tensor.shape, elements));
    std::uint32_t number = 0;
    PRECEDENT_TRY(cursor.read(number));
    const auto dtype = dtypeFromGgufNumber(number);
    if (!dtype)
        return Error(ErrorCode::unsupported,
            cursor.what() + ": tensor " + shownName(name) + " has type " + std::to_string(number) + ", which this program does not know.",
            "Choose a file of another quantisation, such as Q8_0 or Q4_K_M.");
    tensor.dtype = *dtype;
    if (tensor.rowLength() % blockElements(*dtype) != 0)
        return cursor.corrupt("its rows have " + std::to_string(tensor.rowLength()) + " elements, which are no whole blocks of " +
            std::to_string(blockElements(*dtype)) + " as " + toString(*dtype) + " needs.");
    place.size = elements / static_cast<std::uint64_t>(blockElements(*dtype)) * blockBytes(*dtype); // 2^63 at most
    return cursor.read(place.offset);
}

Error damaged(const std::string& what, const std::string& message)
{
    return {ErrorCode::corrupt, what + ": " + message, "The file is damaged or was not written whole: fetch or write it again."};
}

Status placeBytes(TensorView& tensor, const Place& place, std::string_view data, std::uint64_t alignment, const std::string& what)
{
    if (place.offset % alignment != 0)
        return damaged(what,
            "tensor " + shownName(tensor.name) + " is at offset " + std::to_string(place.offset) +
                ", which is no multiple of the alignment, " + std::to_string(alignment) + ".");
    if (place.size > data.size() || place.offset > data.size() - place.size)
        return damaged(what,
            "tensor " + shownName(tensor.name) + " has " + std::to_string(place.size) + " bytes at offset " + std::to_string(place.offset) +
                ", which end outside the " + std::to_string(data.size()) + " bytes of data.");
    tensor.bytes = data.substr(static_cast<std::size_t>(place.offset), static_cast<std::size_t>(place.size));
    return {};
}

/// Places of items in the order of their names. Empty, and `twice` is set, if two have the same.
template <typename NameOf>
std::vector<std::uint32_t> sortedByName(std::size_t count, const NameOf& nameOf, std::string_view& twice)
{
    std::vector<std::uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return nameOf(a) < nameOf(b); });
    const auto same =
        std::adjacent_find(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return nameOf(a) == nameOf(b); });
    if (same == order.end())
        return order;
    twice = nameOf(*same);
    return {};
}

template <typename NameOf>
std::optional<std::uint32_t> findByName(const std::vector<std::uint32_t>& order, const NameOf& nameOf, std::string_view name)
{
    const auto found =
        std::lower_bound(order.begin(), order.end(), name, [&](std::uint32_t a, std::string_view wanted) { return nameOf(a) < wanted; });
    if (found == order.end() || nameOf(*found) != name)
        return std::nullopt;
    return *found;
}

} // namespace

Result<std::shared_ptr<const GgufFile>> GgufFile::open(const fs::path& path)
{
    auto mapping = MappedFile::open(path);
    if (!mapping.ok())
        return mapping.error();
    std::shared_ptr<GgufFile> file(new GgufFile);
    file->m_mapping = std::make_shared<const MappedFile>(*std::move(mapping));
    PRECEDENT_TRY(file->read(file->m_mapping->bytes(), path.string()));
    return std::shared_ptr<const GgufFile>(std::move(file));
}

Result<std::shared_ptr<const GgufFile>> GgufFile::parse(std::string_view bytes, const std::string& what)
{
    std::shared_ptr<GgufFile> file(new GgufFile);
    PRECEDENT_TRY(file->read(bytes, what));
    return std::shared_ptr<const GgufFile>(std::move(file));
}

Status GgufFile::read(std::string_view bytes, const std::string& what)
{
    GgufCursor cursor(bytes, what);
    PRECEDENT_TRY(readHeader(cursor, m_version));
    std::uint64_t tensorCount = 0;
    std::uint64_t keyCount = 0;
    PRECEDENT_TRY(cursor.read(tensorCount));
    PRECEDENT_TRY(cursor.read(keyCount));
    PRECEDENT_TRY(checkCount(cursor, "keys", keyCount, kLeastKeyBytes));
    PRECEDENT_TRY(checkCount(cursor, "tensors", tensorCount, kLeastTensorBytes));
    PRECEDENT_TRY(readMetadata(cursor, keyCount));
    return readTensors(cursor, tensorCount);
}

Status GgufFile::readMetadata(GgufCursor& cursor, std::uint64_t count)
{
    m_keys.resize(static_cast<std::size_t>(count));
    m_values.resize(m_keys.size());
    for (std::size_t i = 0; i < m_keys.size(); ++i) {
        cursor.setPart("key " + std::to_string(i));
        PRECEDENT_TRY(cursor.readName(m_keys[i]));
        cursor.setPart("key " + shownName(m_keys[i]));
        PRECEDENT_TRY(cursor.readValue(m_values[i]));
    }
    std::string_view twice;
    m_sortedKeys = sortedByName(
        m_keys.size(), [&](std::uint32_t i) { return m_keys[i]; }, twice);
    if (!twice.empty())
        return damaged(cursor.what(), "it has the key " + shownName(twice) + " twice.");
    if (const GgufValue* stated = value("general.alignment"); stated != nullptr) {
        const auto alignment = stated->integer().value_or(0);
        if (stated->type() != GgufType::u32 || alignment <= 0 || alignment > static_cast<std::int64_t>(kMostAlignment) ||
            (alignment & (alignment - 1)) != 0)
            return cursor.corrupt("\"general.alignment\" is " + std::to_string(alignment) + " of type " + toString(stated->type()) +
                "; expected a uint32 that is a power of two, at most " + std::to_string(kMostAlignment) + ".");
        m_alignment = static_cast<std::uint64_t>(alignment);
    }
    return {};
}

Status GgufFile::readTensors(GgufCursor& cursor, std::uint64_t count)
{
    PRECEDENT_TRY(checkCount(cursor, "tensors", count, kLeastTensorBytes));
    m_tensors.resize(static_cast<std::size_t>(count));
    std::vector<Place> places(m_tensors.size());
    for (std::size_t i = 0; i < m_tensors.size(); ++i)
        PRECEDENT_TRY(readTensorInfo(cursor, i, m_tensors[i], places[i]));

    // A file without tensors may end without the padding.
    const std::size_t begin = (cursor.position() + m_alignment - 1) / m_alignment * m_alignment;
    const std::string_view data = cursor.bytes().substr(std::min(begin, cursor.bytes().size()));
    for (std::size_t i = 0; i < m_tensors.size(); ++i)
        PRECEDENT_TRY(placeBytes(m_tensors[i], places[i], data, m_alignment, cursor.what()));
    std::stable_sort(
        m_tensors.begin(), m_tensors.end(), [](const TensorView& a, const TensorView& b) { return a.bytes.data() < b.bytes.data(); });
    for (std::size_t i = 1; i < m_tensors.size(); ++i) {
        const TensorView& before = m_tensors[i - 1];
        if (m_tensors[i].bytes.data() < before.bytes.data() + before.bytes.size())
            return damaged(
                cursor.what(), "tensor " + shownName(m_tensors[i].name) + " overlaps tensor " + shownName(before.name) + " in the file.");
    }
    std::string_view twice;
    m_sortedNames = sortedByName(
        m_tensors.size(), [&](std::uint32_t i) -> std::string_view { return m_tensors[i].name; }, twice);
    if (!twice.empty())
        return damaged(cursor.what(), "it has the tensor " + shownName(twice) + " twice.");
    return {};
}

const GgufValue* GgufFile::value(std::string_view key) const
{
    const auto place = findByName(
        m_sortedKeys, [&](std::uint32_t i) { return m_keys[i]; }, key);
    return place ? &m_values[*place] : nullptr;
}

void GgufFile::release(const TensorView& tensor) const
{
    if (m_mapping)
        m_mapping->release(tensor.bytes);
}

const TensorView* GgufFile::find(std::string_view name) const
{
    const auto place = findByName(
        m_sortedNames, [&](std::uint32_t i) -> std::string_view { return m_tensors[i].name; }, name);
    return place ? &m_tensors[*place] : nullptr;
}

} // namespace precedent::formats
