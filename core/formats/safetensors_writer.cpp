#include <set>

#include "core/formats/pending_file.h"
#include "precedent/base/json.h"
#include "precedent/formats/safetensors.h"

namespace precedent::formats {
namespace {

namespace fs = std::filesystem;

std::string lengthBytes(std::uint64_t length)
{
    std::string bytes;
    for (int i = 0; i < 8; ++i)
        bytes += static_cast<char>(length >> (8 * i) & 0xFFU);
    return bytes;
}

} // namespace

Status streamSafetensors(
    const fs::path& path, const std::vector<TensorToWrite>& tensors, const std::map<std::string, std::string>& metadata)
{
    Json header = Json::object();
    if (!metadata.empty())
        header["__metadata__"] = metadata;
    std::set<std::string> names;
    std::uint64_t offset = 0;
    for (const TensorToWrite& tensor : tensors) {
        if (tensor.name == "__metadata__" || !names.insert(tensor.name).second)
            return Error(ErrorCode::invalidArgument, "Two tensors would be written as \"" + tensor.name + "\" in " + path.string() + ".");
        const auto size = tensor.size();
        if (!size)
            return Error(ErrorCode::invalidArgument, "Tensor \"" + tensor.name + "\" has a shape that no file can hold.");
        header[tensor.name] = {{"dtype", toString(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {offset, offset + *size}}};
        offset += *size;
    }
    std::string text = dumpJson(header);
    text.append((8 - text.size() % 8) % 8, ' '); // the data begins on a multiple of 8

    PendingFile file(path);
    PRECEDENT_TRY(file.write(lengthBytes(text.size())));
    PRECEDENT_TRY(file.write(text));
    for (const TensorToWrite& tensor : tensors)
        PRECEDENT_TRY(file.write(tensor));
    return file.commit();
}

Status writeSafetensors(const fs::path& path, const std::vector<TensorView>& tensors, const std::map<std::string, std::string>& metadata)
{
    return streamSafetensors(path, toWrite(tensors), metadata);
}

} // namespace precedent::formats
