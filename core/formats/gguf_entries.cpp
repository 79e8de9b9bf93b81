#include <limits>

#include "precedent/formats/gguf.h"

namespace precedent::formats {
namespace {

Error cannotCopy(std::string_view key, GgufType type)
{
    return {ErrorCode::unsupported,
        "The metadata \"" + std::string(key) + "\" is of the type " + toString(type) + ", which is not copied to another file."};
}

Result<GgufEntry> arrayEntry(std::string_view key, const GgufValue& value)
{
    GgufEntry entry{std::string(key), {}};
    switch (value.itemType()) {
    case GgufType::string: {
        const auto views = *value.strings();
        entry.value = std::vector<std::string>(views.begin(), views.end());
        return entry;
    }
    case GgufType::f32:
        entry.value = *value.floats();
        return entry;
    case GgufType::boolean: {
        std::vector<bool> flags;
        const auto numbers = *value.integers();
        for (const std::int64_t flag : numbers)
            flags.push_back(flag != 0);
        entry.value = std::move(flags);
        return entry;
    }
    case GgufType::i8:
    case GgufType::u8:
    case GgufType::i16:
    case GgufType::u16:
    case GgufType::i32:
    case GgufType::u32: {
        std::vector<std::int32_t> numbers;
        const auto wide = *value.integers();
        for (const std::int64_t number : wide) {
            if (number > std::numeric_limits<std::int32_t>::max())
                return cannotCopy(key, value.itemType());
            numbers.push_back(static_cast<std::int32_t>(number));
        }
        entry.value = std::move(numbers);
        return entry;
    }
    default:
        return cannotCopy(key, value.itemType());
    }
}

Result<GgufEntry> entryOf(std::string_view key, const GgufValue& value)
{
    GgufEntry entry{std::string(key), {}};
    switch (value.type()) {
    case GgufType::array:
        return arrayEntry(key, value);
    case GgufType::string:
        entry.value = std::string(*value.string());
        return entry;
    case GgufType::boolean:
        entry.value = *value.boolean();
        return entry;
    case GgufType::f32:
        entry.value = static_cast<float>(*value.number());
        return entry;
    case GgufType::f64:
        entry.value = *value.number();
        return entry;
    case GgufType::u8:
    case GgufType::u16:
    case GgufType::u32:
        entry.value = static_cast<std::uint32_t>(*value.integer());
        return entry;
    case GgufType::i8:
    case GgufType::i16:
    case GgufType::i32:
        entry.value = static_cast<std::int32_t>(*value.integer());
        return entry;
    case GgufType::i64:
        entry.value = *value.integer();
        return entry;
    case GgufType::u64:
        if (!value.integer())
            return cannotCopy(key, value.type());
        entry.value = static_cast<std::uint64_t>(*value.integer());
        return entry;
    }
    return cannotCopy(key, value.type());
}

} // namespace

Result<std::vector<GgufEntry>> ggufEntries(const GgufFile& file, std::string_view prefix)
{
    std::vector<GgufEntry> entries;
    for (const std::string_view key : file.keys()) {
        if (!key.starts_with(prefix))
            continue;
        auto entry = entryOf(key, *file.value(key));
        if (!entry.ok())
            return entry.error();
        entries.push_back(*std::move(entry));
    }
    return entries;
}

} // namespace precedent::formats
