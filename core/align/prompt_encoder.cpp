#include "precedent/align/prompt_encoder.h"

#include <algorithm>

#include "precedent/align/context.h"
#include "precedent/architecture/model_text.h"
#include "precedent/architecture/stored_model.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"

namespace precedent::align {
namespace {

text::RenderOptions renderOptions() { return {true, true, std::string(text::kLastingDate)}; }

/// generation_config.json's "eos_token_id": a number or a list. Chat models name their end-of-turn token there. Of a GGUF file
/// the ids that its metadata and vocabulary give.
std::vector<int> generationStopIds(const std::filesystem::path& modelFolder, int vocabularySize)
{
    if (!core::ggufFileOf(modelFolder).empty()) {
        const Result<core::DecoderConfig> config = core::readDecoderConfig(modelFolder);
        return config ? config->eosIds : std::vector<int>();
    }
    const std::filesystem::path path = modelFolder / "generation_config.json";
    const Result<std::string> bytes = readFile(path, std::size_t{1} << 20);
    const Result<Json> json = bytes ? parseJson(*bytes, path.string()) : Result<Json>(bytes.error());
    if (!json || !json->is_object() || !json->contains("eos_token_id"))
        return {};
    const Json& entry = (*json)["eos_token_id"];
    std::vector<int> ids;
    for (const Json& id : entry.is_array() ? entry : Json::array({entry})) {
        if (id.is_number_integer() && id.get<std::int64_t>() >= 0 && id.get<std::int64_t>() < vocabularySize)
            ids.push_back(id.get<int>());
    }
    return ids;
}

} // namespace

Result<PromptEncoder> PromptEncoder::load(const std::filesystem::path& modelFolder)
{
    return load(modelFolder, core::loadChatTemplate(modelFolder));
}

Result<PromptEncoder> PromptEncoder::load(const std::filesystem::path& modelFolder, const std::string& templateSource)
{
    return load(modelFolder, core::loadChatTemplate(modelFolder, templateSource));
}

Result<PromptEncoder> PromptEncoder::load(const std::filesystem::path& modelFolder, Result<text::ChatTemplate> chatTemplate)
{
    Result<std::shared_ptr<const text::Tokenizer>> tokenizer = core::loadTokenizer(modelFolder);
    if (!tokenizer)
        return tokenizer.error();
    if (!chatTemplate)
        return chatTemplate.error();
    const std::vector<int> moreStopIds = generationStopIds(modelFolder, (*tokenizer)->vocabularySize());
    return PromptEncoder(std::move(*tokenizer), std::move(*chatTemplate), moreStopIds);
}

PromptEncoder::PromptEncoder(
    std::shared_ptr<const text::Tokenizer> tokenizer, text::ChatTemplate chatTemplate, const std::vector<int>& moreStopIds)
    : m_tokenizer(std::move(tokenizer))
    , m_template(std::move(chatTemplate))
{
    for (const std::string& stop : m_template.stopTokens()) {
        if (const std::optional<int> id = m_tokenizer->idOf(stop))
            addStopId(*id);
        else
            m_stopTexts.push_back(stop);
    }
    if (const std::optional<int> end = m_tokenizer->eosId())
        addStopId(*end);
    for (const int id : moreStopIds)
        addStopId(id);
    if (Result<std::string> opened = m_template.render({{"user", "a"}}, renderOptions()))
        m_opened = std::move(*opened);
}

void PromptEncoder::addStopId(int id)
{
    if (std::find(m_stopIds.begin(), m_stopIds.end(), id) == m_stopIds.end())
        m_stopIds.push_back(id);
}

Result<std::string> PromptEncoder::render(const std::vector<Message>& messages, const core::ContextTemplates& templates) const
{
    Result<std::string> rendered = m_template.render(messages, renderOptions());
    if (!rendered)
        return rendered.error();
    return withChainOpening(std::move(*rendered), templates);
}

std::vector<int> PromptEncoder::encode(const std::string& rendered) const
{
    const std::optional<int> begin = m_tokenizer->bosId();
    const bool begun = begin && rendered.starts_with(m_tokenizer->tokenText(*begin));
    return m_tokenizer->encode(rendered, !begun && !m_template.writesSpecialTokens());
}

core::ContextTemplates PromptEncoder::fitted(core::ContextTemplates templates) const
{
    templates.openInPrompt = templates.openInPrompt || opensChain(m_opened, templates);
    return templates;
}

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
    const bool openInPrompt = fitted(templates).openInPrompt;
    return text::parseCompletion(completion, {templates.chainOpen, templates.chainClose, openInPrompt}, m_template.stopTokens());
}

} // namespace precedent::align
