// Any bytes are read or refused; what is read can be walked to its last byte.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "precedent/formats/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace precedent::formats;
    const auto file = SafetensorsFile::parse({reinterpret_cast<const char*>(data), size}, "input");
    if (!file.ok())
        return 0;
    std::size_t total = 0;
    for (const TensorView& tensor : (*file)->tensors()) {
        total += tensor.bytes.size();
        if (static_cast<std::size_t>(tensor.elements()) * blockBytes(tensor.dtype) != tensor.bytes.size() ||
            (*file)->find(tensor.name) == nullptr)
            std::abort();
        std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
        (void)widenToFloat(tensor, values.data());
    }
    if (total > size)
        std::abort();
    return 0;
}
