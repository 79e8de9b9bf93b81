#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/base/result.h"
#include "precedent/core/run_inputs.h"
#include "precedent/text/chain_parser.h"
#include "precedent/text/chat_template.h"
#include "precedent/text/tokenizer.h"

namespace precedent::align {

/// A model's tokenizer and chat template: how messages become ids and ids an answer. Needs no LibTorch.
/// Immutable; every method from any thread.
class PromptEncoder {
public:
    /// Of a Hugging Face folder or a GGUF file. Reads generation_config.json too, for the ids that end a text. Fails as
    /// core::loadTokenizer() and core::loadChatTemplate() do.
    [[nodiscard]] static Result<PromptEncoder> load(const std::filesystem::path& modelFolder);
    /// With another chat template: Jinja, or a built-in one's name.
    [[nodiscard]] static Result<PromptEncoder> load(const std::filesystem::path& modelFolder, const std::string& templateSource);

    /// `moreStopIds` end an answer beside those that template and tokenizer name.
    PromptEncoder(
        std::shared_ptr<const text::Tokenizer> tokenizer, text::ChatTemplate chatTemplate, const std::vector<int>& moreStopIds = {});

    /// The text that the model is given: messages in its chat template (thinking on, of the day kLastingDate), the next
    /// turn opened, and the chain's opening delimiter where the templates put it into the prompt and the chat template
    /// has not. Fails as ChatTemplate::render() does.
    [[nodiscard]] Result<std::string> render(const std::vector<Message>& messages, const core::ContextTemplates& templates) const;
    /// Ids of rendered text. The tokenizer adds its beginning-of-text token unless the chat template writes it.
    [[nodiscard]] std::vector<int> encode(const std::string& rendered) const;

    /// The templates as they hold for this model: where its chat template opens the chain, openInPrompt is true.
    [[nodiscard]] core::ContextTemplates fitted(core::ContextTemplates templates) const;

    /// Ids that end an answer: the template's stop tokens that are tokens, the end-of-text token, and those that
    /// generation_config.json names.
    [[nodiscard]] const std::vector<int>& stopIds() const { return m_stopIds; }
    /// The text of a completion. A stop text that is no token ends it (the plain template's next turn).
    [[nodiscard]] std::string completionText(const std::vector<int>& ids) const;
    /// Whether completionText() ended at such a stop text, so that the answer is whole although no stop id came.
    [[nodiscard]] bool endsAtStopText(const std::vector<int>& ids) const;
    [[nodiscard]] text::ParsedCompletion parse(const std::string& completion, const core::ContextTemplates& templates) const;

    [[nodiscard]] const text::Tokenizer& tokenizer() const { return *m_tokenizer; }
    [[nodiscard]] std::shared_ptr<const text::Tokenizer> sharedTokenizer() const { return m_tokenizer; }
    [[nodiscard]] const text::ChatTemplate& chatTemplate() const { return m_template; }

private:
    [[nodiscard]] static Result<PromptEncoder> load(const std::filesystem::path& modelFolder, Result<text::ChatTemplate> chatTemplate);
    void addStopId(int id);

    std::shared_ptr<const text::Tokenizer> m_tokenizer;
    text::ChatTemplate m_template;
    std::vector<int> m_stopIds;
    std::vector<std::string> m_stopTexts; ///< those that are no single token
    std::string m_opened; ///< a rendered request with the next turn opened; empty where it cannot be rendered
};

} // namespace precedent::align
