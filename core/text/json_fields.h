#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "precedent/base/result.h"

namespace precedent::text {

/// Sequences nested deeper than this in a tokenizer.json are refused rather than followed.
constexpr int kDeepestSequence = 16;

/// Fields of a JSON object that other programs wrote: a missing, null or wrongly typed field gives the fallback.
[[nodiscard]] inline bool boolField(const nlohmann::json& json, const char* key, bool fallback)
{
    const auto found = json.find(key);
    return found != json.end() && found->is_boolean() ? found->get<bool>() : fallback;
}

[[nodiscard]] inline const nlohmann::json& fieldOrNull(const nlohmann::json& json, const char* key)
{
    static const nlohmann::json kNull;
    const auto found = json.find(key);
    return found == json.end() ? kNull : *found;
}

[[nodiscard]] inline std::string stringField(const nlohmann::json& json, const char* key, const std::string& fallback = {})
{
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : fallback;
}

[[nodiscard]] inline std::size_t countField(const nlohmann::json& json, const char* key)
{
    const auto found = json.find(key);
    return found != json.end() && found->is_number_unsigned() ? found->get<std::size_t>() : 0;
}

[[nodiscard]] inline Error unsupportedEntry(const std::string& where, const std::string& what)
{
    return {ErrorCode::unsupported, where + ": " + what + " is not supported.",
        "Byte-level BPE, BPE with byte fallback, unigram and WordPiece are; convert the tokenizer or use another model."};
}

/// Calls `visit(part, its type)` for an entry of a tokenizer.json, or for each part of a "Sequence", whose list is
/// under `listKey`, however deep. Null is no entry. Fails with unsupported, or as `visit` first does.
template <typename Visit>
[[nodiscard]] Status forEachPart(
    const nlohmann::json& json, const char* listKey, const std::string& where, const Visit& visit, int depth = 0)
{
    if (json.is_null())
        return {};
    if (!json.is_object() || depth > kDeepestSequence)
        return unsupportedEntry(where, "an entry of this form");
    const std::string type = stringField(json, "type");
    if (type != "Sequence")
        return visit(json, type);
    const auto parts = json.find(listKey);
    if (parts == json.end() || !parts->is_array())
        return unsupportedEntry(where, std::string("a Sequence without \"") + listKey + "\"");
    for (const nlohmann::json& part : *parts)
        PRECEDENT_TRY(forEachPart(part, listKey, where, visit, depth + 1));
    return {};
}

} // namespace precedent::text
