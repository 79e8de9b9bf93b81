#include <filesystem>
#include <memory>

#include "app/cli/command.h"
#include "app/cli/loaded_model.h"
#include "precedent/base/files.h"

namespace precedent::cli {
namespace {

constexpr std::size_t kLargestMessages = std::size_t{64} << 20;
constexpr std::size_t kLargestTemplate = std::size_t{1} << 20;

Error notMessages(const std::string& file, const std::string& what)
{
    return {ErrorCode::invalidArgument, file + ": " + what + ".",
        R"(Give a list such as [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}].)"};
}

Result<Message> messageOf(const Json& entry, const std::string& file, const std::string& name)
{
    if (!entry.is_object())
        return notMessages(file, name + " is no object");
    for (const char* key : {"role", "content"}) {
        if (!entry.contains(key))
            return notMessages(file, name + " has no \"" + key + "\"");
        if (!entry[key].is_string())
            return notMessages(file, "the \"" + std::string(key) + "\" of " + name + " is no text");
    }
    for (const auto& [key, value] : entry.items()) {
        if (key != "role" && key != "content")
            return notMessages(file, name + " has a \"" + key + "\", and only role and content are rendered here");
    }
    if (entry["role"].get_ref<const std::string&>().empty())
        return notMessages(file, "the \"role\" of " + name + " is empty");
    return Message{entry["role"].get<std::string>(), entry["content"].get<std::string>()};
}

/// A list of messages, or an object that has one under "messages".
Result<std::vector<Message>> readMessages(const std::string& file)
{
    const Result<std::string> bytes = readFile(file, kLargestMessages);
    if (!bytes)
        return bytes.error();
    const Result<Json> json = parseJson(*bytes, file);
    if (!json)
        return json.error();
    const Json* list = &*json;
    if (json->is_object()) {
        if (!json->contains("messages"))
            return notMessages(file, "the object has no \"messages\"");
        list = &(*json)["messages"];
    }
    if (!list->is_array())
        return notMessages(file, "the messages are no list");
    std::vector<Message> messages;
    for (const Json& entry : *list) {
        const Result<Message> message = messageOf(entry, file, "message " + std::to_string(messages.size() + 1));
        if (!message)
            return message.error();
        messages.push_back(*message);
    }
    return messages;
}

/// A file's Jinja text, or a built-in template's name as it is.
Result<std::string> templateSource(const std::string& fileOrName)
{
    std::error_code ignored;
    if (std::filesystem::exists(fileOrName, ignored))
        return readFile(fileOrName, kLargestTemplate);
    std::string known;
    for (const std::string& name : text::ChatTemplate::builtInNames()) {
        if (name == fileOrName)
            return name;
        known += (known.empty() ? "" : ", ") + name;
    }
    return Error(
        ErrorCode::notFound, "There is no template file at " + fileOrName + ".", "Name a file, or a built-in template: " + known + ".");
}

struct RenderCommand {
    std::string model;
    std::string casebase;
    std::string messages;
    std::string templateFile;
    std::string thinking;
    std::string date;
    bool generationPrompt = false;
};

Result<Outcome> render(const RenderCommand& command, const Context& context)
{
    const Result<std::vector<Message>> messages = readMessages(command.messages);
    if (!messages)
        return messages.error();
    const Result<workspace::ModelSource> source = sourceOf(command.model, command.casebase);
    if (!source)
        return source.error();
    const Result<std::string> jinja = command.templateFile.empty() ? std::string() : templateSource(command.templateFile);
    if (!jinja)
        return jinja.error();
    const Result<align::PromptEncoder> encoder =
        command.templateFile.empty() ? align::PromptEncoder::load(source->folder) : align::PromptEncoder::load(source->folder, *jinja);
    if (!encoder)
        return encoder.error();
    const text::ChatTemplate& chat = encoder->chatTemplate();
    text::RenderOptions options{command.generationPrompt, std::nullopt, command.date};
    if (!command.thinking.empty())
        options.thinking = command.thinking == "on";
    const Result<std::string> text = chat.render(*messages, options);
    if (!text)
        return text.error();
    if (!chat.note().empty())
        context.note(chat.note());
    return Outcome{{{"text", *text}, {"ids", encoder->encode(*text)}}, *text + "\n"};
}

} // namespace

void addRenderCommand(CLI::App& group, Commands& commands)
{
    auto options = std::make_shared<RenderCommand>();
    CLI::App* command = addCommand(group, "render", "A conversation as the model's chat template writes it, and its ids",
        "model render starter --messages talk.json --generation-prompt");
    command->add_option("MODEL", options->model, "A folder, starter, or run:RUN[@STEP]")->required();
    command->add_option("--messages", options->messages, "A JSON list of {\"role\", \"content\"}")->required()->type_name("FILE.json");
    command->add_option("--template", options->templateFile, "Another template: a file of Jinja, or a built-in one's name")
        ->type_name("FILE");
    command->add_flag("--generation-prompt", options->generationPrompt, "Open the assistant's next turn");
    command->add_option("--thinking", options->thinking, "What templates are told as enable_thinking")->check(CLI::IsMember({"on", "off"}));
    command->add_option("--date", options->date, "What templates take for today; without it, today")->type_name("YYYY-MM-DD");
    command->add_option("--casebase", options->casebase, "The casebase of the run")->type_name("CASEBASE");
    commands.on(command, [options](Context& context) { return render(*options, context); });
}

} // namespace precedent::cli
