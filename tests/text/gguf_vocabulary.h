#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "precedent/formats/gguf.h"
#include "precedent/text/vocabulary.h"

namespace precedent::text::test {

/// What a GGUF file's metadata says of its tokenizer.
inline Vocabulary vocabularyOf(const formats::GgufFile& file)
{
    const auto value = [&](const std::string& name) { return file.value("tokenizer.ggml." + name); };
    const auto text = [](const formats::GgufValue* found) {
        return found == nullptr ? std::string() : std::string(found->string().value_or(""));
    };
    const auto texts = [&](const std::string& name) {
        const auto views = value(name) == nullptr ? std::nullopt : value(name)->strings();
        return views ? std::vector<std::string>(views->begin(), views->end()) : std::vector<std::string>();
    };
    const auto id = [&](const std::string& name) { return value(name) == nullptr ? std::nullopt : value(name)->integer(); };
    const auto flag = [&](const std::string& name) { return value(name) == nullptr ? std::nullopt : value(name)->boolean(); };
    Vocabulary v;
    v.model = text(value("model"));
    v.pre = text(value("pre"));
    v.modelName = text(file.value("general.name"));
    v.tokens = texts("tokens");
    v.merges = texts("merges");
    if (value("scores") != nullptr)
        v.scores = value("scores")->floats().value_or(std::vector<float>());
    if (value("token_type") != nullptr) {
        const auto types = value("token_type")->integers().value_or(std::vector<std::int64_t>());
        std::transform(
            types.begin(), types.end(), std::back_inserter(v.types), [](std::int64_t type) { return static_cast<std::int32_t>(type); });
    }
    v.bosId = id("bos_token_id");
    v.eosId = id("eos_token_id");
    v.unknownId = id("unknown_token_id");
    v.paddingId = id("padding_token_id");
    v.addBos = flag("add_bos_token");
    v.addEos = flag("add_eos_token");
    v.addSpacePrefix = flag("add_space_prefix");
    v.removeExtraWhitespaces = flag("remove_extra_whitespaces");
    return v;
}

} // namespace precedent::text::test
