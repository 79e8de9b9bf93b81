#include "precedent/architecture/model_text.h"

#include "core/architecture/gguf_vocabulary.h"
#include "precedent/text/vocabulary.h"
#include "precedent/text/vocabulary_writing.h"

namespace precedent::core {
namespace {

using formats::GgufEntry;

namespace fs = std::filesystem;

constexpr const char* kPrefix = "tokenizer.ggml.";

void addId(std::vector<GgufEntry>& entries, const char* key, std::optional<std::int64_t> id)
{
    if (id)
        entries.push_back({std::string(kPrefix) + key, static_cast<std::uint32_t>(*id)});
}

void addFlag(std::vector<GgufEntry>& entries, const char* key, std::optional<bool> flag)
{
    if (flag)
        entries.push_back({std::string(kPrefix) + key, *flag});
}

Result<GgufTexts> textsOfFile(const fs::path& path)
{
    auto file = formats::GgufFile::open(path);
    if (!file.ok())
        return file.error();
    auto entries = formats::ggufEntries(**file, "tokenizer.");
    if (!entries.ok())
        return entries.error().in(path.string());
    GgufTexts texts{*std::move(entries), {}, {}};
    if (const auto vocabulary = ggufVocabulary(**file); vocabulary.ok() && text::stripsAfterTokens(*vocabulary))
        texts.nameNeeded = vocabulary->modelName;
    return texts;
}

Result<GgufTexts> textsOfFolder(const fs::path& folder, int vocabulary)
{
    auto made = text::vocabularyOf(folder, vocabulary);
    if (!made.ok())
        return made.error();
    text::Vocabulary& all = *made;
    std::vector<GgufEntry> entries = {{std::string(kPrefix) + "model", all.model}};
    if (!all.pre.empty())
        entries.push_back({std::string(kPrefix) + "pre", all.pre});
    entries.push_back({std::string(kPrefix) + "tokens", std::move(all.tokens)});
    if (!all.scores.empty())
        entries.push_back({std::string(kPrefix) + "scores", std::move(all.scores)});
    if (!all.types.empty())
        entries.push_back({std::string(kPrefix) + "token_type", std::move(all.types)});
    if (!all.merges.empty())
        entries.push_back({std::string(kPrefix) + "merges", std::move(all.merges)});
    addId(entries, "bos_token_id", all.bosId);
    addId(entries, "eos_token_id", all.eosId);
    addId(entries, "unknown_token_id", all.unknownId);
    addId(entries, "padding_token_id", all.paddingId);
    addFlag(entries, "add_bos_token", all.addBos);
    addFlag(entries, "add_eos_token", all.addEos);
    addFlag(entries, "add_space_prefix", all.addSpacePrefix);
    addFlag(entries, "remove_extra_whitespaces", all.removeExtraWhitespaces);
    if (!all.charactersMap.empty())
        return Error(ErrorCode::unsupported, "The tokenizer of " + folder.string() + " has a table of replacements, which is not written.",
            "Export it as a Hugging Face folder (hf).");
    GgufTexts texts{std::move(entries), all.modelName, {}};
    const auto chat = text::chatTemplateSource(folder);
    if (!chat.ok())
        return chat.error();
    if (chat->jinja.empty() && !chat->builtIn.empty())
        texts.note = "The chat template \"" + chat->builtIn + "\", which the model's folder names, is no text that the file could hold.";
    else if (!chat->jinja.empty())
        texts.tokenizer.push_back({"tokenizer.chat_template", chat->jinja});
    return texts;
}

} // namespace

Result<GgufTexts> ggufTexts(const fs::path& model, int vocabulary)
{
    const fs::path path = ggufTextFile(model);
    return path.empty() ? textsOfFolder(model, vocabulary) : textsOfFile(path);
}

} // namespace precedent::core
