#include "precedent/text/chat_template.h"

#include <algorithm>
#include <ctime>

#include "core/text/builtin_templates.h"
#include "core/text/jinja/template.h"
#include "core/text/template_files.h"

namespace precedent::text {
namespace {

// What the probes below look for; no template writes it on its own.
constexpr std::string_view kProbe = "precedent-probe-text";

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

Result<std::tm> readDate(const std::string& date)
{
    std::tm day{};
    const char* end = strptime(date.c_str(), "%Y-%m-%d", &day);
    std::tm normal = day;
    normal.tm_isdst = -1;
    // mktime moves the 31st of February on; it also finds the day of the week, which strptime need not.
    if (end == nullptr || *end != '\0' || date.size() != 10 || std::mktime(&normal) == -1 || normal.tm_mday != day.tm_mday)
        return Error(ErrorCode::invalidArgument, "\"" + date + "\" is no date.", "Write it as YYYY-MM-DD, such as 2024-07-26.");
    return normal;
}

std::string dateString(const std::tm& day)
{
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::string number = std::to_string(day.tm_mday);
    return (number.size() < 2 ? "0" : "") + number + " " + kMonths[day.tm_mon] + " " + std::to_string(day.tm_year + 1900);
}

/// The system turn's text at the head of the first user turn; a system turn without one after it becomes that.
std::vector<Message> withoutSystemTurn(const std::vector<Message>& messages)
{
    if (messages.empty() || messages.front().role != "system")
        return messages;
    std::vector<Message> folded(messages.begin() + 1, messages.end());
    if (folded.empty() || folded.front().role != "user")
        folded.insert(folded.begin(), Message{"user", messages.front().content});
    else
        folded.front().content = messages.front().content + "\n\n" + folded.front().content;
    return folded;
}

std::string_view trimmed(std::string_view text)
{
    const std::size_t from = text.find_first_not_of(" \t\r\n");
    return from == std::string_view::npos ? std::string_view() : text.substr(from, text.find_last_not_of(" \t\r\n") + 1 - from);
}

bool isBuiltInName(const std::string& source)
{
    const std::vector<std::string> names = ChatTemplate::builtInNames();
    return std::find(names.begin(), names.end(), trimmed(source)) != names.end();
}

/// What withChainOpened() writes, around the delimiter.
constexpr std::string_view kOpened = "{%- if add_generation_prompt and (enable_thinking is not defined or enable_thinking) %}{{- '";
constexpr std::string_view kOpenedEnd = "' }}{%- endif %}";

std::string_view withoutChainOpened(std::string_view jinja)
{
    const std::size_t at = jinja.rfind(kOpened);
    return at != std::string_view::npos && jinja.ends_with(kOpenedEnd) ? jinja.substr(0, at) : jinja;
}

} // namespace

std::string withChainOpened(const std::string& jinja, std::string_view delimiter)
{
    std::string text;
    for (const char c : delimiter) {
        if (c == '\\' || c == '\'')
            text += '\\';
        text += c == '\n' ? std::string("\\n") : std::string(1, c);
    }
    return jinja + std::string(kOpened) + text + std::string(kOpenedEnd);
}

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

struct ChatTemplate::State {
    enum class Kind { starter, plain, jinja, unreadable };
    Kind kind = Kind::plain;
    std::string name;
    std::string note;
    std::optional<jinja::Template> jinja;
    SpecialTokens tokens;
    std::vector<std::string> stops;
    bool isModels = false; ///< the model's own, not one of the built-in
    bool foldsSystem = false; ///< its template takes no system turn
    std::optional<Error> problem; ///< why it cannot be read

    [[nodiscard]] Result<std::string> renderJinja(const std::vector<Message>& messages, const RenderOptions& options) const;
    void findStops();
    void findWhetherSystemTurnsFit();
    static std::shared_ptr<State> ofJinja(jinja::Template parsed, std::string templateName, const SpecialTokens& specialTokens);
};

Result<std::string> ChatTemplate::State::renderJinja(const std::vector<Message>& messages, const RenderOptions& options) const
{
    Json variables = Json::object();
    for (const auto& [token, text] : tokens)
        variables[token] = text;
    variables["messages"] = Json::array();
    for (const Message& message : foldsSystem ? withoutSystemTurn(messages) : messages)
        variables["messages"].push_back({{"role", message.role}, {"content", message.content}});
    // As transformers passes them: templates ask `if tools`, and some `tools is defined`.
    variables["tools"] = nullptr;
    variables["documents"] = nullptr;
    variables["add_generation_prompt"] = options.generationPrompt;
    if (options.thinking)
        variables["enable_thinking"] = *options.thinking;
    std::optional<std::tm> day;
    if (!options.date.empty()) {
        const Result<std::tm> read = readDate(options.date);
        PRECEDENT_TRY(read);
        day = *read;
        variables["date_string"] = dateString(*day);
    }
    return jinja->render(variables, day);
}

// An answer is over where the model writes what its template puts behind an assistant's turn: that was the end of every
// answer in its training. It is found by rendering one, as no file says it. The end-of-text token stops it too; further
// tokens of generation_config.json are ids, which whoever knows the tokenizer adds.
void ChatTemplate::State::findStops()
{
    if (const auto eos = tokens.find("eos_token"); eos != tokens.end() && !eos->second.empty())
        stops.push_back(eos->second);
    const Result<std::string> text =
        renderJinja({{"user", "a"}, {"assistant", std::string(kProbe)}}, {false, std::nullopt, std::string(kLastingDate)});
    const std::size_t at = text.ok() ? text->rfind(kProbe) : std::string::npos;
    if (at == std::string::npos)
        return;
    std::string_view end = trimmed(std::string_view(*text).substr(at + kProbe.size()));
    // The first token, or the first line where it looks like none ("<|im_end|>" and "</s>" end with a bracket).
    const std::size_t length = end.starts_with('<') ? end.find('>') : end.find('\n');
    if (length != std::string_view::npos)
        end = end.substr(0, end.starts_with('<') ? length + 1 : length);
    if (!end.empty() && std::find(stops.begin(), stops.end(), end) == stops.end())
        stops.emplace_back(end);
}

void ChatTemplate::State::findWhetherSystemTurnsFit()
{
    const RenderOptions options{true, std::nullopt, std::string(kLastingDate)};
    const Message user{"user", "a"};
    const Result<std::string> with = renderJinja({{"system", std::string(kProbe)}, user}, options);
    if (!renderJinja({user}, options).ok() || (with.ok() && with->find(kProbe) != std::string::npos))
        return;
    foldsSystem = true;
    note = "The model's chat template takes no system turn; its text goes before the first request.";
}

std::shared_ptr<ChatTemplate::State> ChatTemplate::State::ofJinja(
    jinja::Template parsed, std::string templateName, const SpecialTokens& specialTokens)
{
    auto state = std::make_shared<State>();
    state->kind = Kind::jinja;
    state->name = std::move(templateName);
    state->jinja = std::move(parsed);
    state->tokens = specialTokens;
    state->isModels = state->name == "jinja";
    state->findStops();
    state->findWhetherSystemTurnsFit();
    return state;
}

ChatTemplate::ChatTemplate(std::shared_ptr<const State> state)
    : m_state(std::move(state))
{
}

ChatTemplate ChatTemplate::withNote(const ChatTemplate& chat, std::string note)
{
    auto state = std::make_shared<State>(*chat.m_state);
    state->note = std::move(note);
    return ChatTemplate(std::move(state));
}

std::vector<std::string> ChatTemplate::builtInNames()
{
    std::vector<std::string> names = {"starter", "plain"};
    for (const BuiltInTemplate& known : builtInTemplates())
        names.emplace_back(known.name);
    return names;
}

ChatTemplate ChatTemplate::builtIn(std::string_view name)
{
    for (const BuiltInTemplate& known : builtInTemplates()) {
        if (known.name == name)
            return ChatTemplate(State::ofJinja(jinja::Template::parse(known.jinja).value(), std::string(name), {}));
    }
    auto state = std::make_shared<State>();
    const bool starter = name == "starter";
    state->kind = starter ? State::Kind::starter : State::Kind::plain;
    state->name = starter ? "starter" : "plain";
    state->stops = {starter ? "<|end|>" : "\nUser:"};
    if (!starter && name != "plain")
        state->note = "There is no built-in chat template \"" + std::string(name) + "\"; plain turns are used.";
    return ChatTemplate(std::move(state));
}

Result<ChatTemplate> ChatTemplate::fromJinja(std::string_view jinja, const SpecialTokens& tokens)
{
    const std::string_view turns = withoutChainOpened(jinja);
    if (turns == starterChatTemplateJinja())
        return builtIn("starter");
    if (turns == chatTemplateJinja("plain", false) || turns == chatTemplateJinja("plain", true))
        return builtIn("plain");
    Result<jinja::Template> parsed = jinja::Template::parse(jinja);
    PRECEDENT_TRY(parsed);
    return ChatTemplate(State::ofJinja(std::move(*parsed), "jinja", tokens));
}

Result<ChatTemplate> ChatTemplate::fromSource(const std::string& source, const SpecialTokens& tokens)
{
    return isBuiltInName(source) ? builtIn(trimmed(source)) : fromJinja(source, tokens);
}

std::string chatTemplateJinja(std::string_view name, bool beginning)
{
    std::string_view jinja;
    if (name == "starter")
        return std::string(starterChatTemplateJinja());
    if (name == "plain")
        jinja = plainJinja();
    for (const BuiltInTemplate& known : builtInTemplates()) {
        if (known.name == name)
            jinja = known.jinja;
    }
    return (beginning && !jinja.empty() ? "{{- bos_token }}" : "") + std::string(jinja);
}

Result<ChatTemplateSource> chatTemplateSource(const std::filesystem::path& folder)
{
    Result<TemplateFiles> files = readTemplateFiles(folder);
    PRECEDENT_TRY(files);
    if (isBuiltInName(files->source))
        return ChatTemplateSource{{}, std::string(trimmed(files->source))};
    return ChatTemplateSource{std::move(files->source), {}};
}

Result<ChatTemplate> ChatTemplate::forModel(const std::filesystem::path& folder, const std::string& source)
{
    const Result<TemplateFiles> files = readTemplateFiles(folder);
    PRECEDENT_TRY(files);
    return fromSource(source, files->tokens);
}

Result<ChatTemplate> ChatTemplate::forModel(const std::filesystem::path& folder)
{
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored)) {
        return Error(ErrorCode::notFound, "There is no model folder at " + folder.string() + ".",
            "Give the folder that holds config.json, model.safetensors and tokenizer.json.");
    }
    const Result<TemplateFiles> files = readTemplateFiles(folder);
    PRECEDENT_TRY(files);
    return ofModel(files->source, files->tokens, folder);
}

ChatTemplate ChatTemplate::ofModel(const std::string& source, const SpecialTokens& tokens, const std::filesystem::path& model)
{
    std::error_code ignored;
    const bool isFolder = std::filesystem::is_directory(model, ignored);
    const std::string which = "The model in " + model.string();
    if (trimmed(source).empty())
        return withNote(builtIn("plain"), which + " has no chat template; plain turns are used.");
    Result<ChatTemplate> chat = fromSource(source, tokens);
    if (chat.ok())
        return *chat;
    // The model may still be looked at, and asked without a template: only rendering fails.
    auto state = std::make_shared<State>();
    state->kind = State::Kind::unreadable;
    state->name = "jinja";
    state->isModels = true;
    state->problem =
        Error(chat.error().code(), "The chat template of the model in " + model.string() + " cannot be used: " + chat.error().message(),
            isFolder ? "Write the name of a built-in template (chatml, llama3, gemma, mistral or plain), or a template that works, into " +
                    (model / "chat_template.jinja").string() + "."
                     : std::string("Use another file of the model, or its Hugging Face folder."));
    state->note = state->problem->message();
    if (const auto eos = tokens.find("eos_token"); eos != tokens.end())
        state->stops.push_back(eos->second);
    return ChatTemplate(std::move(state));
}

std::string ChatTemplate::name() const { return m_state->name; }

std::string ChatTemplate::note() const { return m_state->note; }

bool ChatTemplate::writesSpecialTokens() const { return m_state->isModels; }

const std::vector<std::string>& ChatTemplate::stopTokens() const { return m_state->stops; }

Result<std::string> ChatTemplate::render(const std::vector<Message>& messages, const RenderOptions& options) const
{
    if (m_state->problem)
        return *m_state->problem;
    if (m_state->kind == State::Kind::jinja)
        return m_state->renderJinja(messages, options);
    const bool starter = m_state->kind == State::Kind::starter;
    std::string text;
    for (const Message& message : messages)
        text += starter ? starterTurn(message) : plainTurn(message);
    if (options.generationPrompt)
        text += starter ? "<|assistant|>" : "Assistant:";
    return text;
}

} // namespace precedent::text
