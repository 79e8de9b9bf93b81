#include "precedent/formats/safetensors.h"

#include <algorithm>
#include <set>

#include "core/formats/mapped_file.h"
#include "precedent/base/json.h"

namespace precedent::formats {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000; // the reference implementation's limit
constexpr int kMaxDepth = 3; // object of objects of arrays
constexpr std::size_t kMaxRank = 16;

Error corrupt(const std::string& what, const std::string& message)
{
    return {ErrorCode::corrupt, what + ": " + message, "The file is damaged or was not written whole: fetch or write it again."};
}

std::uint64_t readLittleEndian(std::string_view bytes)
{
    std::uint64_t value = 0;
    for (std::size_t i = kLengthBytes; i-- > 0;)
        value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}

/// JSON that refuses what nlohmann's parser would accept in silence: a key twice in one object, and depth.
Result<Json> parseHeader(std::string_view text, const std::string& what)
{
    std::vector<std::set<std::string>> keys;
    std::string duplicate;
    bool tooDeep = false;
    const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
        using Event = Json::parse_event_t;
        if (event == Event::object_start || event == Event::array_start) {
            tooDeep = tooDeep || depth >= kMaxDepth;
            if (event == Event::object_start)
                keys.emplace_back();
        } else if (event == Event::key && !keys.empty()) {
            if (!keys.back().insert(parsed.get<std::string>()).second && duplicate.empty())
                duplicate = parsed.get<std::string>();
        } else if (event == Event::object_end && !keys.empty()) {
            keys.pop_back();
        }
        return !tooDeep;
    };
    Json header = Json::parse(text, watch, /*allow_exceptions=*/false);
    if (!duplicate.empty())
        return corrupt(what, "the header names \"" + duplicate + "\" twice.");
    if (tooDeep || header.is_discarded() || !header.is_object())
        return corrupt(what, "the header is not a flat JSON object of tensors.");
    return header;
}

/// Reads a JSON array of non-negative integers.
std::optional<std::vector<std::int64_t>> readIntegers(const Json& json, std::size_t most)
{
    if (!json.is_array() || json.size() > most)
        return std::nullopt;
    std::vector<std::int64_t> values;
    for (const Json& item : json) {
        if (!item.is_number_unsigned() || item.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
            return std::nullopt;
        values.push_back(static_cast<std::int64_t>(item.get<std::uint64_t>()));
    }
    return values;
}

/// Bytes of a tensor of that shape; nothing if that overflows.
std::optional<std::int64_t> byteCount(const std::vector<std::int64_t>& shape, DType dtype)
{
    auto total = static_cast<std::int64_t>(blockBytes(dtype));
    for (const std::int64_t extent : shape) {
        if (__builtin_mul_overflow(total, extent, &total))
            return std::nullopt;
    }
    return total;
}

Result<TensorView> readTensor(const std::string& name, const Json& entry, std::string_view data, const std::string& what)
{
    const std::string where = "tensor \"" + name + "\"";
    if (!entry.is_object() || !entry.contains("dtype") || !entry.contains("shape") || !entry.contains("data_offsets") ||
        !entry["dtype"].is_string())
        return corrupt(what, where + " lacks dtype, shape or data_offsets.");
    const auto dtype = dtypeFromString(entry["dtype"].get<std::string>());
    if (!dtype)
        return Error(ErrorCode::unsupported,
            what + ": " + where + " has dtype \"" + entry["dtype"].get<std::string>() + "\", which this program does not know.",
            "Save the model as float32, float16 or bfloat16.");
    const auto shape = readIntegers(entry["shape"], kMaxRank);
    const auto offsets = readIntegers(entry["data_offsets"], 2);
    if (!shape || !offsets || offsets->size() != 2)
        return corrupt(what, where + " has a shape or data_offsets that are not lists of whole numbers.");
    const std::int64_t begin = (*offsets)[0];
    const std::int64_t end = (*offsets)[1];
    if (begin > end || end > static_cast<std::int64_t>(data.size()))
        return corrupt(what,
            where + " has data_offsets [" + std::to_string(begin) + ", " + std::to_string(end) + "] outside the " +
                std::to_string(data.size()) + " bytes of data.");
    const auto expected = byteCount(*shape, *dtype);
    if (!expected || *expected != end - begin)
        return corrupt(what,
            where + " has " + std::to_string(end - begin) + " bytes, but its shape and dtype need " +
                (expected ? std::to_string(*expected) : std::string("more than fit")) + ".");
    return TensorView{name, *dtype, *shape, data.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin))};
}

} // namespace

Result<std::shared_ptr<const SafetensorsFile>> SafetensorsFile::open(const fs::path& path)
{
    auto mapping = MappedFile::open(path);
    if (!mapping.ok())
        return mapping.error();
    std::shared_ptr<SafetensorsFile> file(new SafetensorsFile);
    file->m_mapping = std::make_shared<const MappedFile>(*std::move(mapping));
    PRECEDENT_TRY(file->read(file->m_mapping->bytes(), path.string()));
    return std::shared_ptr<const SafetensorsFile>(std::move(file));
}

Result<std::shared_ptr<const SafetensorsFile>> SafetensorsFile::parse(std::string_view bytes, const std::string& what)
{
    std::shared_ptr<SafetensorsFile> file(new SafetensorsFile);
    PRECEDENT_TRY(file->read(bytes, what));
    return std::shared_ptr<const SafetensorsFile>(std::move(file));
}

Status SafetensorsFile::read(std::string_view bytes, const std::string& what)
{
    if (bytes.size() < kLengthBytes)
        return corrupt(what, "it has " + std::to_string(bytes.size()) + " bytes, too few for a safetensors header.");
    const std::uint64_t headerBytes = readLittleEndian(bytes);
    if (headerBytes > kMaxHeaderBytes)
        return corrupt(what,
            "its header claims " + std::to_string(headerBytes) + " bytes; at most " + std::to_string(kMaxHeaderBytes) + " are allowed.");
    if (headerBytes > bytes.size() - kLengthBytes)
        return corrupt(what,
            "its header claims " + std::to_string(headerBytes) + " bytes, but only " + std::to_string(bytes.size() - kLengthBytes) +
                " follow.");
    const std::string_view data = bytes.substr(kLengthBytes + headerBytes);
    auto header = parseHeader(bytes.substr(kLengthBytes, headerBytes), what);
    if (!header.ok())
        return header.error();

    for (const auto& [name, entry] : header->items()) {
        if (name == "__metadata__") {
            if (!entry.is_object())
                return corrupt(what, "__metadata__ is not a map of strings.");
            for (const auto& [key, value] : entry.items()) {
                if (!value.is_string())
                    return corrupt(what, "__metadata__ is not a map of strings.");
                m_metadata[key] = value.get<std::string>();
            }
            continue;
        }
        auto tensor = readTensor(name, entry, data, what);
        if (!tensor.ok())
            return tensor.error();
        m_tensors.push_back(*std::move(tensor));
    }

    const auto place = [](const TensorView& t) { return std::pair(t.bytes.data(), t.bytes.size()); };
    std::stable_sort(m_tensors.begin(), m_tensors.end(), [&](const TensorView& a, const TensorView& b) { return place(a) < place(b); });
    const char* cursor = data.data();
    for (std::size_t i = 0; i < m_tensors.size(); ++i) {
        const TensorView& tensor = m_tensors[i];
        if (tensor.bytes.data() != cursor)
            return corrupt(what,
                "tensor \"" + tensor.name + "\" " +
                    (tensor.bytes.data() < cursor ? "overlaps the one before it." : "follows a gap in the data."));
        cursor += tensor.bytes.size();
        m_byName.emplace(tensor.name, i);
    }
    if (cursor != data.data() + data.size())
        return corrupt(what, std::to_string(data.data() + data.size() - cursor) + " bytes at its end belong to no tensor.");
    return {};
}

const TensorView* SafetensorsFile::find(std::string_view name) const
{
    auto found = m_byName.find(name);
    if (found == m_byName.end()) {
        const auto alias = m_metadata.find(std::string(name));
        if (alias != m_metadata.end())
            found = m_byName.find(alias->second);
    }
    return found == m_byName.end() ? nullptr : &m_tensors[found->second];
}

void SafetensorsFile::release(const TensorView& tensor) const
{
    if (m_mapping)
        m_mapping->release(tensor.bytes);
}

Result<SafetensorsSet> SafetensorsSet::open(const fs::path& folder)
{
    std::error_code ec;
    const fs::path index = folder / "model.safetensors.index.json";
    const fs::path single = folder / "model.safetensors";
    if (!fs::exists(single, ec) && fs::exists(index, ec))
        return openIndexed(folder, index);
    auto file = SafetensorsFile::open(single);
    if (!file.ok())
        return file.error();
    SafetensorsSet set;
    set.m_paths = {single};
    for (const TensorView& tensor : (*file)->tensors())
        set.m_byName.emplace(tensor.name, &tensor);
    for (const auto& [alias, target] : (*file)->metadata()) {
        if (const TensorView* tensor = (*file)->find(target); tensor != nullptr)
            set.m_byName.emplace(alias, tensor);
    }
    set.m_files = {*std::move(file)};
    return set;
}

Result<SafetensorsSet> SafetensorsSet::openIndexed(const fs::path& folder, const fs::path& index)
{
    const std::string what = index.string();
    const auto mapping = MappedFile::open(index);
    if (!mapping.ok())
        return mapping.error();
    const std::string_view text = mapping->bytes();
    if (text.size() > kMaxHeaderBytes)
        return corrupt(what, "it has " + std::to_string(text.size()) + " bytes, more than an index can need.");
    auto json = parseHeader(text, what);
    if (!json.ok())
        return json.error();
    if (!json->contains("weight_map") || !(*json)["weight_map"].is_object())
        return corrupt(what, "it has no weight_map.");
    std::map<std::string, std::vector<std::string>> namesByFile;
    for (const auto& [name, fileName] : (*json)["weight_map"].items()) {
        if (!fileName.is_string())
            return corrupt(what, "the file of tensor \"" + name + "\" is not a string.");
        const std::string shard = fileName.get<std::string>();
        if (shard.empty() || shard == "." || shard == ".." || shard.find('/') != std::string::npos || shard.find('\0') != std::string::npos)
            return corrupt(what, "tensor \"" + name + "\" names a file outside the folder: \"" + shard + "\".");
        namesByFile[shard].push_back(name);
    }
    SafetensorsSet set;
    for (const auto& [shard, names] : namesByFile) {
        auto file = SafetensorsFile::open(folder / shard);
        if (!file.ok())
            return file.error();
        for (const std::string& name : names) {
            const TensorView* tensor = (*file)->find(name);
            if (tensor == nullptr)
                return corrupt(what, "it places tensor \"" + name + "\" in " + shard + ", which does not have it.");
            set.m_byName.emplace(name, tensor);
        }
        set.m_paths.push_back(folder / shard);
        set.m_files.push_back(*std::move(file));
    }
    return set;
}

const TensorView* SafetensorsSet::find(std::string_view name) const
{
    const auto found = m_byName.find(name);
    return found == m_byName.end() ? nullptr : found->second;
}

void SafetensorsSet::release(const TensorView& tensor) const
{
    for (const auto& file : m_files)
        file->release(tensor);
}

std::vector<std::string> SafetensorsSet::names() const
{
    std::vector<std::string> names;
    for (const auto& entry : m_byName)
        names.push_back(entry.first);
    return names;
}

} // namespace precedent::formats
