#include <algorithm>

#include "core/text/bpe_model.h"
#include "core/text/json_fields.h"
#include "core/text/tokenizer_parts.h"
#include "core/text/tokenizer_tables.h"
#include "core/text/unicode.h"
#include "core/text/unigram_model.h"
#include "core/text/wordpiece_model.h"
#include "precedent/base/files.h"

namespace precedent::text {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 30;
/// Ids that a file may leave out below its highest.
constexpr std::size_t kLargestGap = std::size_t{1} << 18;

Status readBpe(const nlohmann::json& model, TokenizerTables& tables, TokenizerParts& parts)
{
    if (tables.tokenIds.empty())
        return Error(ErrorCode::corrupt, "model: there is no vocabulary.");
    if (const nlohmann::json& dropout = fieldOrNull(model, "dropout"); dropout.is_number() && dropout.get<double>() > 0)
        return unsupportedEntry("model", "a \"dropout\" above 0");
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
        if (!stringField(model, key).empty())
            return unsupportedEntry("model", std::string("a \"") + key + "\"");
    }
    BpeOptions options;
    if (const std::string unknown = stringField(model, "unk_token"); !unknown.empty())
        options.unknownToken = unknown;
    options.fuseUnknown = boolField(model, "fuse_unk", false);
    options.byteFallback = boolField(model, "byte_fallback", false);
    options.ignoreMerges = boolField(model, "ignore_merges", false);
    Result<std::unique_ptr<const TokenModel>> made = BpeModel::make(std::move(tables.tokenIds), tables.merges, options);
    if (!made)
        return made.error().in("model");
    parts.model = std::move(*made);
    return {};
}

Status readUnigram(const nlohmann::json& model, TokenizerTables& tables, TokenizerParts& parts)
{
    if (tables.scored.empty())
        return Error(ErrorCode::corrupt, "model: there is no vocabulary.");
    if (tables.scored.size() > static_cast<std::size_t>(kHighestId))
        return Error(ErrorCode::corrupt, "model: there are " + std::to_string(tables.scored.size()) + " tokens, more than ids.");
    UnigramModel::Options options;
    options.byteFallback = boolField(model, "byte_fallback", false);
    if (const nlohmann::json& unknown = fieldOrNull(model, "unk_id"); !unknown.is_null()) {
        if (!unknown.is_number_unsigned() || unknown.get<std::size_t>() >= tables.scored.size()) {
            return Error(ErrorCode::corrupt,
                "model: \"unk_id\" is " + unknown.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) +
                    ", which is none of the " + std::to_string(tables.scored.size()) + " tokens.");
        }
        options.unknownId = unknown.get<int>();
    }
    TokenIds tokenIds;
    std::vector<UnigramModel::Token> tokens;
    tokenIds.reserve(tables.scored.size());
    tokens.reserve(tables.scored.size());
    for (auto& [text, score] : tables.scored) {
        tokenIds.insert_or_assign(std::move(text), static_cast<int>(tokens.size()));
        tokens.push_back({score, true});
    }
    parts.model = std::make_unique<const UnigramModel>(std::move(tokenIds), std::move(tokens), options);
    return {};
}

Status readWordPiece(const nlohmann::json& model, TokenizerTables& tables, TokenizerParts& parts)
{
    if (tables.tokenIds.empty())
        return Error(ErrorCode::corrupt, "model: there is no vocabulary.");
    WordPieceModel::Options options;
    options.prefix = stringField(model, "continuing_subword_prefix", options.prefix);
    if (const std::size_t longest = countField(model, "max_input_chars_per_word"); longest > 0)
        options.longestWord = longest;
    const std::string unknown = stringField(model, "unk_token", "[UNK]");
    const auto found = tables.tokenIds.find(unknown);
    if (found == tables.tokenIds.end())
        return Error(ErrorCode::corrupt, "model: the unknown token \"" + toValidUtf8(unknown) + "\" is not in the vocabulary.");
    options.unknownId = found->second;
    parts.model = std::make_unique<const WordPieceModel>(std::move(tables.tokenIds), std::move(options));
    return {};
}

Status readModel(const nlohmann::json& json, TokenizerTables& tables, TokenizerParts& parts)
{
    const nlohmann::json& model = fieldOrNull(json, "model");
    if (!model.is_object())
        return Error(ErrorCode::corrupt, "there is no \"model\".");
    // Files from before the field have BPE, as a rule; a list of scored tokens says otherwise.
    const std::string type = stringField(model, "type", tables.scored.empty() ? "BPE" : "Unigram");
    if (type == "BPE")
        return readBpe(model, tables, parts);
    if (type == "Unigram")
        return readUnigram(model, tables, parts);
    if (type == "WordPiece")
        return readWordPiece(model, tables, parts);
    return unsupportedEntry("model", "the type \"" + type + "\"");
}

Result<AddedToken> readAddedToken(const nlohmann::json& json, std::size_t number)
{
    const nlohmann::json& id = json.is_object() ? fieldOrNull(json, "id") : json;
    if (!json.is_object() || !id.is_number_integer() || id.get<std::int64_t>() < 0 || id.get<std::int64_t>() > kHighestId ||
        !fieldOrNull(json, "content").is_string()) {
        return Error(ErrorCode::corrupt,
            "added_tokens: entry " + std::to_string(number) + " has no content with a whole id from 0 to " + std::to_string(kHighestId) +
                ".");
    }
    AddedToken token;
    token.id = id.get<int>();
    token.content = stringField(json, "content");
    token.singleWord = boolField(json, "single_word", false);
    token.leftStrip = boolField(json, "lstrip", false);
    token.rightStrip = boolField(json, "rstrip", false);
    token.special = boolField(json, "special", false);
    token.normalized = boolField(json, "normalized", !token.special);
    return token;
}

/// Makes room for `id`, unless it is so far beyond the other tokens that the file must be wrong.
Status makeEntry(std::int64_t id, std::size_t tokens, const std::string& text, TokenizerParts& parts)
{
    const auto index = static_cast<std::size_t>(id);
    if (index > tokens + kLargestGap) {
        return Error(ErrorCode::corrupt,
            "the token \"" + toValidUtf8(text) + "\" has the id " + std::to_string(id) + ", far beyond the " + std::to_string(tokens) +
                " tokens that there are.");
    }
    if (parts.entries.size() <= index)
        parts.entries.resize(index + 1);
    return {};
}

Error sharedId(std::size_t id, const std::string& one, const std::string& other)
{
    return {ErrorCode::corrupt,
        "the tokens \"" + toValidUtf8(one) + "\" and \"" + toValidUtf8(other) + "\" both have the id " + std::to_string(id) + ".",
        "The file is damaged or was put together from two tokenizers."};
}

Status readAddedTokens(const nlohmann::json& json, TokenizerParts& parts)
{
    const nlohmann::json& list = fieldOrNull(json, "added_tokens");
    if (list.is_null())
        return {};
    if (!list.is_array())
        return Error(ErrorCode::corrupt, "\"added_tokens\" is not a list.");
    const std::size_t tokens = parts.entries.size() + list.size();
    std::size_t number = 0;
    for (const nlohmann::json& item : list) {
        Result<AddedToken> read = readAddedToken(item, ++number);
        PRECEDENT_TRY(read);
        const AddedToken& token = *read;
        PRECEDENT_TRY(makeEntry(token.id, tokens, token.content, parts));
        TokenizerParts::Entry& entry = parts.entries[static_cast<std::size_t>(token.id)];
        if (entry.exists && entry.text != token.content)
            return sharedId(static_cast<std::size_t>(token.id), entry.text, token.content);
        entry = {token.content, true, token.special, false};
        parts.addedIds.insert_or_assign(token.content, token.id);
        // A special token written out in a text is always that token, whatever a normalizer would put before it.
        if (token.normalized && !token.special)
            parts.normalizedTokens.add(token, parts.normalizer.apply(token.content));
        else
            parts.rawTokens.add(token, token.content);
    }
    parts.rawTokens.finish();
    parts.normalizedTokens.finish();
    return {};
}

Status fillEntries(TokenizerParts& parts)
{
    const TokenIds& tokenIds = parts.model->tokenIds();
    for (const auto& [text, id] : tokenIds) {
        PRECEDENT_TRY(makeEntry(id, tokenIds.size(), text, parts));
        TokenizerParts::Entry& entry = parts.entries[static_cast<std::size_t>(id)];
        if (entry.exists)
            return sharedId(static_cast<std::size_t>(id), entry.text, text);
        entry = {text, true, false, false};
    }
    return {};
}

/// Appends the ids of a template's special token.
Status addTemplateToken(const nlohmann::json& postProcessor, const std::string& name, std::vector<int>& ids)
{
    const nlohmann::json& tokens = fieldOrNull(postProcessor, "special_tokens");
    const nlohmann::json& token = tokens.is_object() ? fieldOrNull(tokens, name.c_str()) : tokens;
    const nlohmann::json& list = token.is_object() ? fieldOrNull(token, "ids") : token;
    if (!list.is_array())
        return Error(ErrorCode::corrupt, "post_processor: the template's token \"" + name + "\" has no ids.");
    for (const nlohmann::json& id : list) {
        if (!id.is_number_integer() || id.get<std::int64_t>() < 0 || id.get<std::int64_t>() > kHighestId)
            return Error(ErrorCode::corrupt, "post_processor: the template's token \"" + name + "\" has an id that is none.");
        ids.push_back(id.get<int>());
    }
    return {};
}

Status readTemplate(const nlohmann::json& postProcessor, TokenizerParts& parts)
{
    const nlohmann::json& single = fieldOrNull(postProcessor, "single");
    if (!single.is_array())
        return unsupportedEntry("post_processor", "a TemplateProcessing without a \"single\" list");
    std::vector<int>* side = &parts.before;
    for (const nlohmann::json& item : single) {
        if (item.is_object() && item.contains("Sequence")) {
            if (side == &parts.after)
                return unsupportedEntry("post_processor", "a template that holds the text twice");
            side = &parts.after;
            continue;
        }
        const nlohmann::json& special = item.is_object() ? fieldOrNull(item, "SpecialToken") : item;
        if (!special.is_object())
            return unsupportedEntry("post_processor", "a template item of this form");
        PRECEDENT_TRY(addTemplateToken(postProcessor, stringField(special, "id"), *side));
    }
    return {};
}

/// BERT's and RoBERTa's own form of a template: ["[CLS]", 101] before the text and ["[SEP]", 102] behind it.
Status readSeparators(const nlohmann::json& postProcessor, TokenizerParts& parts)
{
    for (const auto& [key, ids] : {std::pair{"cls", &parts.before}, std::pair{"sep", &parts.after}}) {
        const nlohmann::json& token = fieldOrNull(postProcessor, key);
        const bool isPair = token.is_array() && token.size() == 2 && token[1].is_number_integer();
        if (!isPair || token[1].get<std::int64_t>() < 0 || token[1].get<std::int64_t>() > kHighestId)
            return Error(ErrorCode::corrupt, std::string("post_processor: \"") + key + "\" is no token with its id.");
        ids->push_back(token[1].get<int>());
    }
    return {};
}

Status readPostProcessor(const nlohmann::json& json, TokenizerParts& parts)
{
    const std::string where = "post_processor";
    return forEachPart(json, "processors", where, [&](const nlohmann::json& part, const std::string& type) -> Status {
        if (type == "ByteLevel") // only moves offsets
            return {};
        if (type == "TemplateProcessing")
            return readTemplate(part, parts);
        if (type == "BertProcessing" || type == "RobertaProcessing")
            return readSeparators(part, parts);
        return unsupportedEntry(where, "the type \"" + type + "\"");
    });
}

void readSettingsBeside(const std::filesystem::path& folder, TokenizerParts& parts)
{
    for (const char* name : {"tokenizer_config.json", "special_tokens_map.json", "config.json"}) {
        const nlohmann::json settings = readSettings(folder / name);
        if (settings.is_null())
            continue;
        if (!parts.bosId)
            parts.bosId = tokenSetting(settings, "bos_token", parts);
        if (!parts.eosId)
            parts.eosId = tokenSetting(settings, "eos_token", parts);
    }
}

Status readParts(std::string_view bytes, TokenizerParts& parts, TokenizerSource& source)
{
    Result<nlohmann::json> read = parseTokenizerJson(bytes, source.tables);
    PRECEDENT_TRY(read);
    source.json = std::move(*read);
    const nlohmann::json& json = source.json;
    PRECEDENT_TRY(readModel(json, source.tables, parts));
    Result<Normalizer> normalizer = Normalizer::fromJson(fieldOrNull(json, "normalizer"));
    PRECEDENT_TRY(normalizer);
    parts.normalizer = std::move(*normalizer);
    Result<PreTokenizer> preTokenizer = PreTokenizer::fromJson(fieldOrNull(json, "pre_tokenizer"));
    PRECEDENT_TRY(preTokenizer);
    parts.preTokenizer = std::move(*preTokenizer);
    Result<TokenDecoder> decoder = TokenDecoder::fromJson(fieldOrNull(json, "decoder"));
    PRECEDENT_TRY(decoder);
    parts.decoder = std::move(*decoder);
    if (const Status filled = fillEntries(parts); !filled)
        return filled.error().in("model");
    PRECEDENT_TRY(readAddedTokens(json, parts));
    return readPostProcessor(fieldOrNull(json, "post_processor"), parts);
}

} // namespace

Result<std::filesystem::path> tokenizerFileOf(const std::filesystem::path& folderOrFile)
{
    std::error_code ignored;
    const bool isFolder = std::filesystem::is_directory(folderOrFile, ignored);
    const std::filesystem::path file = isFolder ? folderOrFile / "tokenizer.json" : folderOrFile;
    if (!std::filesystem::exists(file, ignored)) {
        const std::string folder = isFolder ? folderOrFile.string() : folderOrFile.parent_path().string();
        return Error(ErrorCode::notFound,
            "There is no " + file.filename().string() + " in " + (folder.empty() ? std::string(".") : folder) + ".",
            "Copy the model's tokenizer.json (Hugging Face's fast tokenizer format) into that folder, or give the folder that holds it.");
    }
    return file;
}

nlohmann::json readSettings(const std::filesystem::path& path)
{
    const Result<std::string> bytes = readFile(path, std::size_t{64} << 20);
    if (!bytes)
        return {};
    nlohmann::json json = nlohmann::json::parse(*bytes, nullptr, false);
    return json.is_object() ? json : nlohmann::json();
}

std::optional<int> tokenSetting(const nlohmann::json& settings, const std::string& name, const TokenizerParts& parts)
{
    const nlohmann::json& token = fieldOrNull(settings, name.c_str());
    const std::string text = token.is_object() ? stringField(token, "content")
        : token.is_string()                    ? token.get<std::string>()
                                               : std::string();
    if (!text.empty())
        return parts.idOf(text);
    const nlohmann::json& ids = fieldOrNull(settings, (name + "_id").c_str());
    const nlohmann::json& id = ids.is_array() && !ids.empty() ? ids.front() : ids;
    if (id.is_number_integer() && id.get<std::int64_t>() >= 0 && id.get<std::int64_t>() < static_cast<std::int64_t>(parts.entries.size()))
        return id.get<int>();
    return std::nullopt;
}

Result<std::unique_ptr<TokenizerParts>> readTokenizer(std::string_view bytes)
{
    auto parts = std::make_unique<TokenizerParts>();
    TokenizerSource source;
    PRECEDENT_TRY(readParts(bytes, *parts, source));
    return parts;
}

Result<std::unique_ptr<TokenizerParts>> readTokenizer(const std::filesystem::path& file, TokenizerSource& source)
{
    const Result<std::string> bytes = readFile(file, kLargestFile);
    PRECEDENT_TRY(bytes);
    auto parts = std::make_unique<TokenizerParts>();
    if (const Status read = readParts(*bytes, *parts, source); !read)
        return read.error().in(file.string());
    readSettingsBeside(file.parent_path(), *parts);
    return parts;
}

Result<std::unique_ptr<TokenizerParts>> readTokenizer(const std::filesystem::path& file)
{
    TokenizerSource source;
    return readTokenizer(file, source);
}

} // namespace precedent::text
