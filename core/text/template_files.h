#pragma once

#include <filesystem>
#include <string>

#include "precedent/base/result.h"
#include "precedent/text/chat_template.h"

namespace precedent::text {

/// What a model folder says of its chat template.
struct TemplateFiles {
    std::string source; ///< Jinja; empty where the folder has none
    SpecialTokens tokens;
};
/// Reads chat_template.jinja, tokenizer_config.json, special_tokens_map.json and chat_template.json.
/// Fails with corrupt for a tokenizer_config.json that is no JSON object.
[[nodiscard]] Result<TemplateFiles> readTemplateFiles(const std::filesystem::path& folder);

} // namespace precedent::text
