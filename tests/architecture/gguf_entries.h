#pragma once

#include <vector>

#include "precedent/formats/gguf.h"

/// A file's metadata as it can be written again, of the types that the fixtures have.
inline std::vector<precedent::formats::GgufEntry> entriesOf(const precedent::formats::GgufFile& file)
{
    using namespace precedent::formats;
    std::vector<GgufEntry> entries;
    for (const std::string_view key : file.keys()) {
        const GgufValue& value = *file.value(key);
        GgufEntry entry{std::string(key), {}};
        if (const auto strings = value.strings())
            entry.value = std::vector<std::string>(strings->begin(), strings->end());
        else if (value.type() == GgufType::array && value.itemType() == GgufType::f32)
            entry.value = *value.floats();
        else if (value.type() == GgufType::array) {
            const auto integers = *value.integers();
            entry.value = std::vector<std::int32_t>(integers.begin(), integers.end());
        } else if (const auto text = value.string())
            entry.value = std::string(*text);
        else if (const auto yes = value.boolean())
            entry.value = *yes;
        else if (value.type() == GgufType::f32)
            entry.value = static_cast<float>(*value.number());
        else
            entry.value = static_cast<std::uint32_t>(*value.integer());
        entries.push_back(std::move(entry));
    }
    return entries;
}
