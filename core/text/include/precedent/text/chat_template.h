#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/base/result.h"

namespace precedent::text {

/// The Jinja text that a starter model's tokenizer_config.json carries as `chat_template`; forModel() knows it by
/// equality, and other programs render it to what builtIn("starter") renders.
[[nodiscard]] std::string_view starterChatTemplateJinja();

/// ChatTemplate::builtIn(name) as Jinja, by which other programs write what that writes. `beginning`: the model's tokenizer begins a text
/// with its beginning-of-text token, which those programs leave to the template. fromJinja() gives builtIn("plain") for either form of
/// that, whose end of an answer no Jinja tells. Empty for a name that is none.
[[nodiscard]] std::string chatTemplateJinja(std::string_view name, bool beginning);

/// `jinja` with a chain's opening delimiter written behind the assistant's opened turn, for programs that ask a model that was trained to
/// go on from there; not where they set enable_thinking to false. fromJinja() gives builtIn("starter") and builtIn("plain") for theirs with
/// it, which leave it to the caller.
[[nodiscard]] std::string withChainOpened(const std::string& jinja, std::string_view delimiter);

/// What a model folder's files say of its chat template; both empty where they say nothing.
struct ChatTemplateSource {
    std::string jinja;
    std::string builtIn; ///< the name of the built-in template that stands in place of Jinja
};
/// Fails with corrupt for an unreadable tokenizer_config.json.
[[nodiscard]] Result<ChatTemplateSource> chatTemplateSource(const std::filesystem::path& folder);

struct RenderOptions {
    bool generationPrompt = false; ///< open the next assistant turn
    /// The variable enable_thinking, which templates of models with chains read. None: it is not defined, and the
    /// template does what its authors chose.
    std::optional<bool> thinking = std::nullopt;
    /// What a template takes for today, as YYYY-MM-DD: strftime_now tells it, and the variable date_string is it as
    /// "26 Jul 2024". Empty: the machine's clock, and no such variable, as in transformers.
    std::string date = {};
};

/// The day of prompts that must not change from one day to the next (training, evaluations, Inspect). It is the one
/// that Llama 3's templates fall back to.
inline constexpr std::string_view kLastingDate = "2024-07-26";

/// Special tokens by the names that templates use ("bos_token", "eos_token"), as text.
using SpecialTokens = std::map<std::string, std::string>;

/// How a conversation is written as one text for a model. Immutable, cheap to copy; every method from any thread.
class ChatTemplate {
public:
    /// The template of a Hugging Face model folder: chat_template.jinja, tokenizer_config.json (one text, or a list of
    /// named ones, of which "default" is taken), or chat_template.json. A file chat_template.jinja that holds nothing but the
    /// name of a built-in template chooses that. A model with no template gets "plain" and a note that says so; of one
    /// that cannot be read the note says why, and render() fails.
    /// Fails with notFound for a missing folder, corrupt for an unreadable tokenizer_config.json.
    [[nodiscard]] static Result<ChatTemplate> forModel(const std::filesystem::path& folder);

    /// Another template for the model of a folder, whose special tokens it is given. `source` is Jinja, or a built-in
    /// template's name. Fails as fromJinja() and forModel() do.
    [[nodiscard]] static Result<ChatTemplate> forModel(const std::filesystem::path& folder, const std::string& source);

    /// A template's Jinja text (of a GGUF file's metadata, say). Fails with corrupt or unsupported, naming the line.
    [[nodiscard]] static Result<ChatTemplate> fromJinja(std::string_view jinja, const SpecialTokens& tokens = {});

    /// As forModel(), of a template and special tokens that were read already: `source` is Jinja, a built-in template's name, or
    /// empty. `model` is what notes and messages name.
    [[nodiscard]] static ChatTemplate ofModel(const std::string& source, const SpecialTokens& tokens, const std::filesystem::path& model);

    /// `source` is Jinja, or a built-in template's name. Fails as fromJinja().
    [[nodiscard]] static Result<ChatTemplate> fromSource(const std::string& source, const SpecialTokens& tokens);

    /// One of builtInNames(); any other name gives "plain" with a note. These never fail to render.
    ///   starter: <|system|>TEXT<|end|><|user|>TEXT<|end|><|assistant|>TEXT<|end|>
    ///   plain:   TEXT\n\nUser: TEXT\nAssistant: TEXT\n
    ///   chatml, llama3, gemma, mistral (also "inst"): what these families of models were trained on
    [[nodiscard]] static ChatTemplate builtIn(std::string_view name);
    [[nodiscard]] static std::vector<std::string> builtInNames();

    /// A built-in template's name; "jinja" for a model's own.
    [[nodiscard]] std::string name() const;
    /// Why this template was chosen, or what it does to a conversation, where that needs saying; else empty. Whole sentences.
    [[nodiscard]] std::string note() const;

    /// The conversation as text. Built-in templates leave the beginning-of-text token to the tokenizer; a model's own
    /// writes it if it wants one (see writesSpecialTokens()). The built-in ones write turns of an unknown role as user
    /// turns. Where a template takes no system turn, its text goes before the first user's, and note() says so.
    /// Fails with invalidArgument for a conversation that the template refuses (its words are in the message) or a date
    /// that is none, and with unsupported, failedPrecondition or corrupt for a template that cannot be run.
    [[nodiscard]] Result<std::string> render(const std::vector<Message>& messages, const RenderOptions& options = {}) const;

    /// Whether rendered text holds every special token that is meant to be there, so that encoding must add none: true
    /// for a model's own template, as in transformers' apply_chat_template.
    [[nodiscard]] bool writesSpecialTokens() const;

    /// Texts that end an answer: tokens ("<|end|>") or, for plain, a line that opens the next turn. Of a model's own
    /// template: what it writes after an assistant's turn, and the end-of-text token.
    [[nodiscard]] const std::vector<std::string>& stopTokens() const;

private:
    struct State;
    explicit ChatTemplate(std::shared_ptr<const State> state);
    static ChatTemplate withNote(const ChatTemplate& chat, std::string note);
    std::shared_ptr<const State> m_state;
};

} // namespace precedent::text
