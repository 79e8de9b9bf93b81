#include "precedent/align/prompt_encoder.h"

#include <algorithm>

#include "precedent/align/context.h"

namespace precedent::align {

Result<PromptEncoder> PromptEncoder::load(const std::filesystem::path& modelFolder)
{
    Result<std::shared_ptr<const text::Tokenizer>> tokenizer = text::Tokenizer::load(modelFolder);
    if (!tokenizer)
        return tokenizer.error();
    Result<text::ChatTemplate> chatTemplate = text::ChatTemplate::forModel(modelFolder);
    if (!chatTemplate)
        return chatTemplate.error();
    return PromptEncoder(std::move(*tokenizer), std::move(*chatTemplate));
}

PromptEncoder::PromptEncoder(std::shared_ptr<const text::Tokenizer> tokenizer, text::ChatTemplate chatTemplate)
    : m_tokenizer(std::move(tokenizer))
    , m_template(std::move(chatTemplate))
{
    for (const std::string& stop : m_template.stopTokens()) {
        if (const std::optional<int> id = m_tokenizer->idOf(stop))
            m_stopIds.push_back(*id);
        else
            m_stopTexts.push_back(stop);
    }
    const std::optional<int> end = m_tokenizer->eosId();
    if (end && std::find(m_stopIds.begin(), m_stopIds.end(), *end) == m_stopIds.end())
        m_stopIds.push_back(*end);
}

std::string PromptEncoder::render(const std::vector<Message>& messages, const core::ContextTemplates& templates) const
{
    return withChainOpening(m_template.render(messages, true), templates);
}

std::vector<int> PromptEncoder::encode(const std::string& rendered) const { return m_tokenizer->encode(rendered); }

std::string PromptEncoder::completionText(const std::vector<int>& ids) const
{
    std::vector<int> answer = ids;
    if (!answer.empty() && std::find(m_stopIds.begin(), m_stopIds.end(), answer.back()) != m_stopIds.end())
        answer.pop_back();
    std::string completion = m_tokenizer->decode(answer);
    for (const std::string& stop : m_stopTexts) {
        if (const std::size_t at = completion.find(stop); at != std::string::npos)
            completion.resize(at);
    }
    return completion;
}

bool PromptEncoder::endsAtStopText(const std::vector<int>& ids) const
{
    if (m_stopTexts.empty())
        return false;
    const std::string completion = m_tokenizer->decode(ids);
    return std::any_of(
        m_stopTexts.begin(), m_stopTexts.end(), [&](const std::string& stop) { return completion.find(stop) != std::string::npos; });
}

text::ParsedCompletion PromptEncoder::parse(const std::string& completion, const core::ContextTemplates& templates) const
{
    return text::parseCompletion(completion, {templates.chainOpen, templates.chainClose, templates.openInPrompt}, m_template.stopTokens());
}

} // namespace precedent::align
