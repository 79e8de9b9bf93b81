// Any bytes are read or refused; what is read can be walked to its last byte, and rows are those of the whole.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "precedent/formats/safetensors.h"

namespace {

using namespace precedent::formats;

void readTensor(const TensorView& tensor)
{
    const auto n = static_cast<std::size_t>(tensor.elements());
    if (n * blockBytes(tensor.dtype) != tensor.bytes.size())
        std::abort();
    std::vector<float> whole(n), row(static_cast<std::size_t>(tensor.rowLength()));
    std::vector<std::uint16_t> rounded(row.size()), direct(row.size());
    if (widenToFloat(tensor, whole.data()) != canWiden(tensor.dtype))
        std::abort();
    if (!canWiden(tensor.dtype) || n == 0)
        return;
    const std::int64_t last = tensor.rows() - 1;
    if (!widenRowsToFloat(tensor, last, 1, row.data()) || widenRowsToFloat(tensor, last, 2, row.data()) ||
        !widenRowsToBf16(tensor, last, 1, direct.data()))
        std::abort();
    if (std::memcmp(row.data(), whole.data() + n - row.size(), row.size() * sizeof(float)) != 0)
        std::abort();
    roundToBf16(row.data(), tensor.rowLength(), rounded.data());
    if (rounded != direct)
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto file = SafetensorsFile::parse({reinterpret_cast<const char*>(data), size}, "input");
    if (!file.ok())
        return 0;
    std::size_t total = 0;
    for (const TensorView& tensor : (*file)->tensors()) {
        total += tensor.bytes.size();
        if ((*file)->find(tensor.name) == nullptr)
            std::abort();
        readTensor(tensor);
    }
    for (const auto& [alias, target] : (*file)->metadata()) {
        if ((*file)->find(target) != nullptr && (*file)->find(alias) == nullptr)
            std::abort();
    }
    if (total > size)
        std::abort();
    return 0;
}
