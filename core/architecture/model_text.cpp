#include "precedent/architecture/model_text.h"

#include "core/architecture/gguf_vocabulary.h"
#include "precedent/architecture/stored_model.h"
#include "precedent/base/files.h"
#include "precedent/text/vocabulary_writing.h"

namespace precedent::core {
namespace {

namespace fs = std::filesystem;

using GgufPtr = std::shared_ptr<const formats::GgufFile>;

std::string textOf(const formats::GgufFile& file, const char* key)
{
    const formats::GgufValue* value = file.value(key);
    return std::string(value != nullptr ? value->string().value_or("") : "");
}

/// By the names that Hugging Face's templates use.
text::SpecialTokens specialTokens(const formats::GgufFile& file)
{
    text::SpecialTokens tokens;
    const formats::GgufValue* list = file.value("tokenizer.ggml.tokens");
    const auto texts = list != nullptr ? list->strings() : std::nullopt;
    for (const auto& [key, name] : {std::pair{"bos_token_id", "bos_token"}, std::pair{"eos_token_id", "eos_token"},
             std::pair{"unknown_token_id", "unk_token"}, std::pair{"padding_token_id", "pad_token"}}) {
        const formats::GgufValue* value = file.value(std::string("tokenizer.ggml.") + key);
        const auto id = value != nullptr ? value->integer() : std::nullopt;
        if (texts && id && *id >= 0 && static_cast<std::size_t>(*id) < texts->size())
            tokens[name] = (*texts)[static_cast<std::size_t>(*id)];
    }
    return tokens;
}

} // namespace

fs::path ggufTextFile(const fs::path& model)
{
    if (fs::path file = ggufFileOf(model); !file.empty() && file.extension() != ".json")
        return file;
    std::error_code ec;
    if (!fs::exists(model / "tokenizer.json", ec) && fs::exists(model / kGgufTokenizerFile, ec))
        return model / kGgufTokenizerFile;
    return {};
}

Result<std::shared_ptr<const text::Tokenizer>> loadTokenizer(const fs::path& model)
{
    const fs::path path = ggufTextFile(model);
    if (path.empty())
        return text::Tokenizer::load(model);
    const auto file = formats::GgufFile::open(path);
    if (!file.ok())
        return file.error();
    auto vocabulary = ggufVocabulary(**file);
    if (!vocabulary.ok())
        return vocabulary.error().in(path.string());
    auto tokenizer = text::Tokenizer::fromVocabulary(*std::move(vocabulary));
    if (!tokenizer.ok())
        return tokenizer.error().in(path.string());
    return tokenizer;
}

Result<text::ChatTemplate> loadChatTemplate(const fs::path& model)
{
    const fs::path path = ggufTextFile(model);
    if (path.empty())
        return text::ChatTemplate::forModel(model);
    const auto file = formats::GgufFile::open(path);
    if (!file.ok())
        return file.error();
    return text::ChatTemplate::ofModel(textOf(**file, "tokenizer.chat_template"), specialTokens(**file), path);
}

Result<text::ChatTemplate> loadChatTemplate(const fs::path& model, const std::string& source)
{
    const fs::path path = ggufTextFile(model);
    if (path.empty())
        return text::ChatTemplate::forModel(model, source);
    const auto file = formats::GgufFile::open(path);
    if (!file.ok())
        return file.error();
    return text::ChatTemplate::fromSource(source, specialTokens(**file));
}

std::string chatTemplateText(const fs::path& model)
{
    const fs::path path = ggufTextFile(model);
    if (path.empty()) {
        const auto source = text::chatTemplateSource(model);
        return source.ok() ? source->jinja : std::string();
    }
    const auto file = formats::GgufFile::open(path);
    return file.ok() ? textOf(**file, "tokenizer.chat_template") : std::string();
}

std::string ggufLicence(const fs::path& file)
{
    const auto opened = formats::GgufFile::open(file);
    return opened.ok() ? textOf(**opened, "general.license") : std::string();
}

Status writeGgufTexts(const fs::path& file, const fs::path& folder)
{
    const auto source = formats::GgufFile::open(file);
    if (!source.ok())
        return source.error();
    const auto vocabulary = ggufVocabulary(**source);
    if (!vocabulary.ok())
        return vocabulary.error().in(file.string());
    const auto tokenizer = text::tokenizerJson(*vocabulary);
    const auto config = text::tokenizerConfigJson(*vocabulary, textOf(**source, "tokenizer.chat_template"));
    if (tokenizer.ok() && config.ok()) {
        PRECEDENT_TRY(writeFileAtomically(folder / "tokenizer_config.json", *config));
        return writeFileAtomically(folder / "tokenizer.json", *tokenizer);
    }
    auto entries = formats::ggufEntries(**source, "tokenizer.");
    if (!entries.ok())
        return entries.error().in(file.string());
    for (const char* key : {"general.architecture", "general.name"}) {
        if (const std::string text = textOf(**source, key); !text.empty())
            entries->push_back({key, text});
    }
    return formats::writeGguf(folder / kGgufTokenizerFile, *entries, {});
}

} // namespace precedent::core
