#include <algorithm>

#include "core/text/json_fields.h"
#include "core/text/tokenizer_parts.h"
#include "precedent/base/files.h"

namespace precedent::text {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 30;
constexpr std::int64_t kHighestId = (std::int64_t{1} << 24) - 1;

/// The large tables of a tokenizer.json, taken out while it is parsed: as JSON values they would cost ten times the
/// memory.
struct RawTables {
    TokenIds vocabulary;
    std::vector<std::pair<std::string, std::string>> merges;
    std::string problem; ///< the first entry that is not as it should be
};

/// Follows the parser and keeps `model.vocab` and `model.merges` for itself.
class TableCollector {
public:
    explicit TableCollector(RawTables& tables)
        : m_tables(tables)
    {
    }

    bool operator()(int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed)
    {
        using Event = nlohmann::json::parse_event_t;
        if (event == Event::key && depth == 1)
            m_section = parsed.get_ref<const std::string&>();
        if (event == Event::key && depth == 2)
            m_table = parsed.get_ref<const std::string&>();
        if (m_section != "model" || depth < 3)
            return true;
        if (m_table == "vocab")
            return takeVocabulary(depth, event, parsed);
        if (m_table == "merges")
            return takeMerge(depth, event, parsed);
        return true;
    }

private:
    bool takeVocabulary(int depth, nlohmann::json::parse_event_t event, const nlohmann::json& parsed)
    {
        using Event = nlohmann::json::parse_event_t;
        if (depth == 3 && event == Event::key) {
            m_token = parsed.get_ref<const std::string&>();
            return false;
        }
        if (depth == 3 && event == Event::value) {
            const bool isId = parsed.is_number_integer() && parsed.get<std::int64_t>() >= 0 && parsed.get<std::int64_t>() <= kHighestId;
            if (isId)
                m_tables.vocabulary.insert_or_assign(std::move(m_token), static_cast<int>(parsed.get<std::int64_t>()));
            else
                report("the id of the token \"" + m_token + "\" is not a whole number from 0 to " + std::to_string(kHighestId));
            m_token.clear();
            return true;
        }
        report("the vocabulary is not an object of ids");
        return true;
    }

    bool takeMerge(int depth, nlohmann::json::parse_event_t event, const nlohmann::json& parsed)
    {
        using Event = nlohmann::json::parse_event_t;
        if (depth == 3 && event == Event::value && parsed.is_string()) {
            const auto& line = parsed.get_ref<const std::string&>();
            const std::size_t space = line.find(' ');
            if (space == std::string::npos || line.find(' ', space + 1) != std::string::npos)
                report("merge " + std::to_string(m_tables.merges.size() + 1) + " is not two tokens with a space between");
            else
                m_tables.merges.emplace_back(line.substr(0, space), line.substr(space + 1));
            return false;
        }
        if (depth == 3 && event == Event::array_start) {
            m_pair.clear();
            return true;
        }
        if (depth == 4 && event == Event::value && parsed.is_string()) {
            m_pair.push_back(parsed.get_ref<const std::string&>());
            return false;
        }
        if (depth == 3 && event == Event::array_end) {
            if (m_pair.size() == 2)
                m_tables.merges.emplace_back(std::move(m_pair[0]), std::move(m_pair[1]));
            else
                report("merge " + std::to_string(m_tables.merges.size() + 1) + " is not a pair of tokens");
            return false;
        }
        report("the merges are not a list of pairs");
        return true;
    }

    void report(std::string problem)
    {
        if (m_tables.problem.empty())
            m_tables.problem = std::move(problem);
    }

    RawTables& m_tables;
    std::string m_section;
    std::string m_table;
    std::string m_token;
    std::vector<std::string> m_pair;
};

Result<nlohmann::json> parseTokenizer(const std::string& bytes, RawTables& tables)
{
    nlohmann::json json;
    try {
        TableCollector collector(tables);
        json = nlohmann::json::parse(
            bytes, [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) { return collector(depth, event, parsed); });
    } catch (const nlohmann::json::parse_error& e) {
        return Error(ErrorCode::corrupt, "this is not valid JSON; parsing stopped at byte " + std::to_string(e.byte) + ".",
            "Check that the file is complete and in UTF-8.");
    }
    if (!json.is_object())
        return Error(ErrorCode::corrupt, "this is not a JSON object, so it is not a tokenizer.json.");
    if (!tables.problem.empty())
        return Error(ErrorCode::corrupt, "model: " + tables.problem + ".", "Check that the file is complete.");
    return json;
}

const nlohmann::json& fieldOrNull(const nlohmann::json& json, const char* key)
{
    static const nlohmann::json kNull;
    const auto found = json.find(key);
    return found == json.end() ? kNull : *found;
}

Status readModel(const nlohmann::json& json, RawTables tables, TokenizerParts& parts)
{
    const nlohmann::json& model = fieldOrNull(json, "model");
    if (!model.is_object())
        return Error(ErrorCode::corrupt, "there is no \"model\".");
    if (const std::string type = stringField(model, "type", "BPE"); type != "BPE")
        return unsupportedEntry("model", "the type \"" + type + "\"");
    if (!model.contains("vocab") || tables.vocabulary.empty())
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
    Result<std::unique_ptr<const BpeModel>> made = BpeModel::make(std::move(tables.vocabulary), tables.merges, options);
    if (!made)
        return made.error().in("model");
    parts.model = std::move(*made);
    return {};
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

Status readAddedTokens(const nlohmann::json& json, TokenizerParts& parts)
{
    const nlohmann::json& list = fieldOrNull(json, "added_tokens");
    if (list.is_null())
        return {};
    if (!list.is_array())
        return Error(ErrorCode::corrupt, "\"added_tokens\" is not a list.");
    std::size_t number = 0;
    for (const nlohmann::json& entry : list) {
        Result<AddedToken> read = readAddedToken(entry, ++number);
        PRECEDENT_TRY(read);
        const AddedToken& token = *read;
        parts.addedIds.insert_or_assign(token.content, token.id);
        if (parts.entries.size() <= static_cast<std::size_t>(token.id))
            parts.entries.resize(static_cast<std::size_t>(token.id) + 1);
        parts.entries[static_cast<std::size_t>(token.id)] = {token.content, true, token.special};
        // A special token written out in a text is always that token, whatever a normalizer would put before it.
        if (token.normalized && !token.special)
            parts.normalizedTokens.add(token, parts.normalizer.apply(token.content));
        else
            parts.rawTokens.add(token, token.content);
    }
    return {};
}

void fillEntries(TokenizerParts& parts)
{
    int highest = -1;
    for (const auto& [text, id] : parts.model->vocabulary())
        highest = std::max(highest, id);
    parts.entries.resize(static_cast<std::size_t>(highest) + 1);
    for (const auto& [text, id] : parts.model->vocabulary())
        parts.entries[static_cast<std::size_t>(id)] = {text, true, false};
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

Status readPostProcessor(const nlohmann::json& json, TokenizerParts& parts)
{
    const std::string where = "post_processor";
    return forEachPart(json, "processors", where, [&](const nlohmann::json& part, const std::string& type) -> Status {
        if (type == "ByteLevel") // only moves offsets
            return {};
        if (type == "TemplateProcessing")
            return readTemplate(part, parts);
        return unsupportedEntry(where, "the type \"" + type + "\"");
    });
}

/// A small JSON file beside the tokenizer; null if there is none or it is not an object.
nlohmann::json readBeside(const std::filesystem::path& path)
{
    const Result<std::string> bytes = readFile(path, std::size_t{64} << 20);
    if (!bytes)
        return {};
    nlohmann::json json = nlohmann::json::parse(*bytes, nullptr, false);
    return json.is_object() ? json : nlohmann::json();
}

/// "bos_token" as a string or as {"content": ...}; "bos_token_id" as a number or a list of them.
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

void readSettingsBeside(const std::filesystem::path& folder, TokenizerParts& parts)
{
    for (const char* name : {"tokenizer_config.json", "special_tokens_map.json", "config.json"}) {
        const nlohmann::json settings = readBeside(folder / name);
        if (settings.is_null())
            continue;
        if (!parts.bosId)
            parts.bosId = tokenSetting(settings, "bos_token", parts);
        if (!parts.eosId)
            parts.eosId = tokenSetting(settings, "eos_token", parts);
    }
}

Status readParts(const std::string& bytes, TokenizerParts& parts)
{
    RawTables tables;
    Result<nlohmann::json> json = parseTokenizer(bytes, tables);
    PRECEDENT_TRY(json);
    PRECEDENT_TRY(readModel(*json, std::move(tables), parts));
    Result<Normalizer> normalizer = Normalizer::fromJson(fieldOrNull(*json, "normalizer"));
    PRECEDENT_TRY(normalizer);
    parts.normalizer = std::move(*normalizer);
    Result<PreTokenizer> preTokenizer = PreTokenizer::fromJson(fieldOrNull(*json, "pre_tokenizer"));
    PRECEDENT_TRY(preTokenizer);
    parts.preTokenizer = std::move(*preTokenizer);
    Result<TokenDecoder> decoder = TokenDecoder::fromJson(fieldOrNull(*json, "decoder"));
    PRECEDENT_TRY(decoder);
    parts.decoder = std::move(*decoder);
    fillEntries(parts);
    PRECEDENT_TRY(readAddedTokens(*json, parts));
    return readPostProcessor(fieldOrNull(*json, "post_processor"), parts);
}

} // namespace

Result<std::unique_ptr<TokenizerParts>> readTokenizer(const std::filesystem::path& file)
{
    const Result<std::string> bytes = readFile(file, kLargestFile);
    PRECEDENT_TRY(bytes);
    auto parts = std::make_unique<TokenizerParts>();
    if (const Status read = readParts(*bytes, *parts); !read)
        return read.error().in(file.string());
    readSettingsBeside(file.parent_path(), *parts);
    return parts;
}

} // namespace precedent::text
