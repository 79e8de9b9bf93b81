#include "core/text/template_files.h"

#include "precedent/base/files.h"
#include "precedent/base/json.h"

namespace precedent::text {
namespace {

constexpr std::size_t kLargestConfig = std::size_t{64} << 20;

/// The template's Jinja text; empty if the configuration has none. A list of named templates gives "default", or its
/// only one.
std::string jinjaOf(const Json& config)
{
    const auto entry = config.find("chat_template");
    if (entry == config.end())
        return {};
    if (entry->is_string())
        return entry->get<std::string>();
    if (!entry->is_array())
        return {};
    for (const Json& named : *entry) {
        const bool isTemplate = named.is_object() && named.contains("template") && named["template"].is_string();
        if (isTemplate && (named.value("name", Json()) == "default" || entry->size() == 1))
            return named["template"].get<std::string>();
    }
    return {};
}

/// "bos_token": "<s>", or {"content": "<s>"}, and its like.
void addTokens(const Json& settings, SpecialTokens& tokens)
{
    for (const auto& [name, value] : settings.items()) {
        const Json& text = value.is_object() && value.contains("content") ? value["content"] : value;
        if (name.ends_with("_token") && text.is_string())
            tokens.emplace(name, text.get<std::string>());
    }
}

/// A file's JSON object; null where there is no such file.
Result<Json> readObject(const std::filesystem::path& path)
{
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored))
        return Json();
    const Result<std::string> bytes = readFile(path, kLargestConfig);
    PRECEDENT_TRY(bytes);
    Result<Json> json = parseJson(*bytes, path.string());
    PRECEDENT_TRY(json);
    if (!json->is_object())
        return Error(ErrorCode::corrupt, path.string() + " is not a JSON object.");
    return json;
}

} // namespace

Result<TemplateFiles> readTemplateFiles(const std::filesystem::path& folder)
{
    TemplateFiles files;
    const Result<Json> config = readObject(folder / "tokenizer_config.json");
    PRECEDENT_TRY(config);
    addTokens(*config, files.tokens);
    if (const Result<Json> map = readObject(folder / "special_tokens_map.json"); map.ok())
        addTokens(*map, files.tokens); // fills what the configuration leaves open
    std::error_code ignored;
    if (std::filesystem::exists(folder / "chat_template.jinja", ignored)) {
        Result<std::string> source = readFile(folder / "chat_template.jinja", kLargestConfig);
        PRECEDENT_TRY(source);
        files.source = std::move(*source);
        return files;
    }
    files.source = jinjaOf(*config);
    if (files.source.empty()) {
        const Result<Json> processor = readObject(folder / "chat_template.json");
        PRECEDENT_TRY(processor);
        files.source = jinjaOf(*processor);
    }
    return files;
}

} // namespace precedent::text
