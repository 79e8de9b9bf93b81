// Any bytes are read or refused; what is read can be walked to its last value, and rows are the same in both types.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "core/architecture/gguf_model.h"
#include "precedent/formats/gguf.h"

namespace {

using namespace precedent::formats;

constexpr std::int64_t kMostElements = 1 << 16;

void walk(const GgufValue& value, int depth)
{
    (void)value.integer();
    (void)value.number();
    (void)value.boolean();
    std::size_t touched = 0;
    if (const auto text = value.string())
        touched += static_cast<std::size_t>(std::count(text->begin(), text->end(), 'x'));
    if (const auto texts = value.strings()) {
        for (const std::string_view text : *texts)
            touched += static_cast<std::size_t>(std::count(text.begin(), text.end(), 'x'));
        if (texts->size() != value.itemCount())
            std::abort();
    }
    (void)value.integers();
    (void)value.floats();
    if (const auto inner = value.arrays(); inner && depth < 8) {
        for (const GgufValue& one : *inner)
            walk(one, depth + 1);
    }
    if (touched == ~std::size_t{0})
        std::abort();
}

void readRows(const TensorView& tensor)
{
    if (tensor.rowLength() > kMostElements)
        return;
    const auto length = static_cast<std::size_t>(tensor.rowLength());
    std::vector<float> row(length);
    std::vector<std::uint16_t> rounded(length), direct(length);
    for (const std::int64_t at : {std::int64_t{0}, tensor.rows() - 1}) {
        if (widenRowsToFloat(tensor, at, 1, row.data()) != canWiden(tensor.dtype) ||
            widenRowsToBf16(tensor, at, 1, direct.data()) != canWiden(tensor.dtype))
            std::abort();
        roundToBf16(row.data(), tensor.rowLength(), rounded.data());
        if (canWiden(tensor.dtype) && rounded != direct)
            std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto file = GgufFile::parse({reinterpret_cast<const char*>(data), size}, "input");
    if (!file.ok())
        return 0;
    for (const std::string_view key : (*file)->keys()) {
        const GgufValue* value = (*file)->value(key);
        if (value == nullptr)
            std::abort();
        walk(*value, 0);
    }
    std::size_t total = 0;
    for (const TensorView& tensor : (*file)->tensors()) {
        total += tensor.bytes.size();
        if ((*file)->find(tensor.name) == nullptr)
            std::abort();
        readRows(tensor);
    }
    if (total > size)
        std::abort();
    if (const auto config = precedent::core::ggufConfig(**file, "input"); config.ok() && !validate(*config).ok())
        std::abort();
    return 0;
}
