#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/base/result.h"

namespace precedent::text {

/// The Jinja text that a starter model's tokenizer_config.json carries as `chat_template`; forModel() knows it by
/// equality, and other programs render it to what builtIn("starter") renders.
[[nodiscard]] std::string_view starterChatTemplateJinja();

/// How a conversation is written as one text for a model. Value type.
class ChatTemplate {
public:
    /// The template of a Hugging Face model folder, from tokenizer_config.json (or chat_template.jinja). A model with
    /// no template, or one that this program does not know, gets "plain" and a note that says so.
    /// Fails with notFound for a missing folder, corrupt for an unreadable tokenizer_config.json.
    [[nodiscard]] static Result<ChatTemplate> forModel(const std::filesystem::path& folder);

    /// "starter" or "plain"; any other name gives "plain" with a note.
    ///   starter: <|system|>TEXT<|end|><|user|>TEXT<|end|><|assistant|>TEXT<|end|>
    ///   plain:   TEXT\n\nUser: TEXT\nAssistant: TEXT\n
    [[nodiscard]] static ChatTemplate builtIn(std::string_view name);

    [[nodiscard]] std::string name() const;
    /// Why this template was chosen where that needs saying; else empty. A whole sentence.
    [[nodiscard]] std::string note() const;

    /// The conversation as text, without the beginning-of-text token. `generationPrompt` opens the next assistant turn.
    /// Turns of an unknown role are written as user turns.
    [[nodiscard]] std::string render(const std::vector<Message>& messages, bool generationPrompt) const;

    /// Texts that end an answer: tokens ("<|end|>") or, for plain, a line that opens the next turn.
    [[nodiscard]] std::vector<std::string> stopTokens() const;

private:
    enum class Kind { starter, plain };
    ChatTemplate(Kind kind, std::string note);
    Kind m_kind;
    std::string m_note;
};

} // namespace precedent::text
