#include "precedent/text/chat_template.h"

#include "precedent/base/files.h"
#include "precedent/base/json.h"

namespace precedent::text {
namespace {

constexpr std::size_t kLargestConfig = std::size_t{64} << 20;

std::string plainTurn(const Message& message)
{
    if (message.role == "system")
        return message.content + "\n\n";
    if (message.role == "assistant")
        return "Assistant: " + message.content + "\n";
    return "User: " + message.content + "\n";
}

std::string starterTurn(const Message& message)
{
    const bool known = message.role == "system" || message.role == "assistant";
    return "<|" + (known ? message.role : std::string("user")) + "|>" + message.content + "<|end|>";
}

/// The template's Jinja text; empty if the configuration has none. A list of named templates gives "default".
std::string jinjaOf(const Json& config)
{
    const auto entry = config.find("chat_template");
    if (entry == config.end())
        return {};
    if (entry->is_string())
        return entry->get<std::string>();
    if (entry->is_array()) {
        for (const Json& named : *entry) {
            if (named.is_object() && named.value("name", Json()) == "default" && named.contains("template") &&
                named["template"].is_string())
                return named["template"].get<std::string>();
        }
    }
    return {};
}

Result<std::string> readJinja(const std::filesystem::path& folder)
{
    std::error_code ignored;
    if (std::filesystem::exists(folder / "chat_template.jinja", ignored))
        return readFile(folder / "chat_template.jinja", kLargestConfig);
    const std::filesystem::path configPath = folder / "tokenizer_config.json";
    if (!std::filesystem::exists(configPath, ignored))
        return std::string();
    const Result<std::string> bytes = readFile(configPath, kLargestConfig);
    PRECEDENT_TRY(bytes);
    const Result<Json> config = parseJson(*bytes, configPath.string());
    PRECEDENT_TRY(config);
    if (!config->is_object())
        return Error(ErrorCode::corrupt, configPath.string() + " is not a JSON object.");
    return jinjaOf(*config);
}

} // namespace

std::string_view starterChatTemplateJinja()
{
    return "{% for message in messages %}"
           "{% if message['role'] in ['system', 'user', 'assistant'] %}"
           "{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}"
           "{% else %}"
           "{{ '<|user|>' + message['content'] + '<|end|>' }}"
           "{% endif %}"
           "{% endfor %}"
           "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";
}

ChatTemplate::ChatTemplate(Kind kind, std::string note)
    : m_kind(kind)
    , m_note(std::move(note))
{
}

ChatTemplate ChatTemplate::builtIn(std::string_view name)
{
    if (name == "starter")
        return {Kind::starter, {}};
    if (name == "plain")
        return {Kind::plain, {}};
    return {Kind::plain, "There is no built-in chat template \"" + std::string(name) + "\"; plain turns are used."};
}

Result<ChatTemplate> ChatTemplate::forModel(const std::filesystem::path& folder)
{
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored)) {
        return Error(ErrorCode::notFound, "There is no model folder at " + folder.string() + ".",
            "Give the folder that holds config.json, model.safetensors and tokenizer.json.");
    }
    const Result<std::string> jinja = readJinja(folder);
    PRECEDENT_TRY(jinja);
    if (*jinja == starterChatTemplateJinja())
        return builtIn("starter");
    if (jinja->empty())
        return ChatTemplate(Kind::plain, "The model in " + folder.string() + " has no chat template; plain turns are used.");
    return ChatTemplate(Kind::plain,
        "The chat template of the model in " + folder.string() +
            " is not one that this program knows; plain turns are used, so its answers may be worse than they could be.");
}

std::string ChatTemplate::name() const { return m_kind == Kind::starter ? "starter" : "plain"; }

std::string ChatTemplate::note() const { return m_note; }

std::string ChatTemplate::render(const std::vector<Message>& messages, bool generationPrompt) const
{
    std::string text;
    for (const Message& message : messages)
        text += m_kind == Kind::starter ? starterTurn(message) : plainTurn(message);
    if (generationPrompt)
        text += m_kind == Kind::starter ? "<|assistant|>" : "Assistant:";
    return text;
}

std::vector<std::string> ChatTemplate::stopTokens() const
{
    if (m_kind == Kind::starter)
        return {"<|end|>"};
    return {"\nUser:"};
}

} // namespace precedent::text
