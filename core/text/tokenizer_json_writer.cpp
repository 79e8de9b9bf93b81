#include <algorithm>
#include <cmath>

#include "core/text/merge_scores.h"
#include "core/text/tokenizer_parts.h"
#include "core/text/unicode.h"
#include "core/text/vocabulary_check.h"
#include "core/text/vocabulary_steps.h"
#include "core/text/word_breaks.h"
#include "precedent/base/json.h"
#include "precedent/text/vocabulary_writing.h"

namespace precedent::text {
namespace {

std::string base64Of(std::string_view bytes)
{
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i)
            bits = (bits << 8) | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            text.push_back(at + i <= bytes.size() ? digits[(bits >> (18 - 6 * i)) & 63U] : '=');
    }
    return text;
}

bool isUtf8(std::string_view text)
{
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = characterLength(text, at);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

std::string jsonString(std::string_view text) { return Json(text).dump(); }

/// Writes the tokenizer.json of a vocabulary whose parts have been made, so that it is known to be whole.
class TokenizerJsonWriter {
public:
    TokenizerJsonWriter(const Vocabulary& vocabulary, const TokenizerParts& parts)
        : m_vocabulary(vocabulary)
        , m_parts(parts)
    {
    }

    [[nodiscard]] Result<std::string> write();

private:
    [[nodiscard]] Status checkTexts() const;
    void setSteps();
    [[nodiscard]] Json unigramNormalizer() const;
    [[nodiscard]] Json addedTokens() const;
    [[nodiscard]] Json postProcessor() const;
    [[nodiscard]] Result<std::string> model() const;
    [[nodiscard]] Result<MergeList> merges() const;
    [[nodiscard]] std::string bpeModel(const MergeList& merges) const;
    [[nodiscard]] std::string unigramModel() const;

    [[nodiscard]] std::size_t size() const { return m_vocabulary.tokens.size(); }
    [[nodiscard]] const std::string& tokenOf(int id) const { return m_vocabulary.tokens[static_cast<std::size_t>(id)]; }
    [[nodiscard]] TokenType typeOf(std::size_t id) const { return text::typeOf(m_vocabulary, id); }
    [[nodiscard]] std::optional<std::size_t> unknownId() const;
    [[nodiscard]] bool isPrefixed() const { return m_vocabulary.addSpacePrefix.value_or(true); }

    const Vocabulary& m_vocabulary;
    const TokenizerParts& m_parts;
    VocabularySteps m_steps;
};

Status TokenizerJsonWriter::checkTexts() const
{
    for (std::size_t id = 0; id < size(); ++id) {
        if (!isUtf8(m_vocabulary.tokens[id]))
            return inexact(Made::file, "the token " + std::to_string(id) + " is no UTF-8");
    }
    return {};
}

/// Readers take the id 0 in a "llama" file that names none, 2 in a "t5" file. Bytes lack nothing.
std::optional<std::size_t> TokenizerJsonWriter::unknownId() const
{
    const std::size_t usual = m_vocabulary.model == "llama" ? 0 : m_vocabulary.model == "t5" ? 2 : size();
    const std::size_t id = m_vocabulary.unknownId ? static_cast<std::size_t>(*m_vocabulary.unknownId) : usual;
    if (m_vocabulary.model == "gpt2" || id >= size() || m_vocabulary.tokens[id].empty())
        return std::nullopt;
    return id;
}

void TokenizerJsonWriter::setSteps()
{
    if (m_vocabulary.model == "gpt2") {
        m_steps = byteLevelSteps(*splitRuleOf(m_vocabulary.pre));
    } else if (m_vocabulary.model == "t5") {
        const std::size_t dropped = m_vocabulary.removeExtraWhitespaces.value_or(true) ? kHighestId : isPrefixed() ? 1 : 0;
        m_steps = {unigramNormalizer(), nullptr, unescapingDecoder(dropped)};
    } else {
        m_steps = escapingSteps(m_vocabulary.model == "llama" && isPrefixed());
    }
}

Json TokenizerJsonWriter::unigramNormalizer() const
{
    const auto replace = [](const char* kind, const char* text, std::string_view content) {
        return Json{{"type", "Replace"}, {"pattern", {{kind, text}}}, {"content", content}};
    };
    Json steps = Json::array();
    if (!m_vocabulary.charactersMap.empty())
        steps.push_back({{"type", "Precompiled"}, {"precompiled_charsmap", base64Of(m_vocabulary.charactersMap)}});
    if (m_vocabulary.removeExtraWhitespaces.value_or(true)) {
        steps.push_back(replace("Regex", R"(\A +| +\z)", ""));
        steps.push_back(replace("Regex", " {2,}", " "));
    }
    if (isPrefixed())
        steps.push_back({{"type", "Prepend"}, {"prepend", kEscapedSpace}});
    steps.push_back(replace("String", " ", kEscapedSpace));
    return {{"type", "Sequence"}, {"normalizers", steps}};
}

Json TokenizerJsonWriter::addedTokens() const
{
    const bool strips = stripsAfterTokens(m_vocabulary);
    const bool findsNormalized = m_vocabulary.model == "llama" && !isPrefixed();
    Json list = Json::array();
    for (std::size_t id = 0; id < size(); ++id) {
        const std::string& token = m_vocabulary.tokens[id];
        const bool special = typeOf(id) == TokenType::control || typeOf(id) == TokenType::unknown;
        const bool newlines = m_vocabulary.model == "gemma4" && token.find_first_not_of('\n') == std::string::npos;
        if (token.empty() || (!special && typeOf(id) != TokenType::userDefined && !newlines))
            continue;
        list.push_back({{"id", id}, {"content", token}, {"single_word", false}, {"lstrip", false}, {"rstrip", strips && stripsAfter(token)},
            {"normalized", findsNormalized && !special}, {"special", special}});
    }
    return list;
}

Json TokenizerJsonWriter::postProcessor() const
{
    if (m_parts.before.empty() && m_parts.after.empty())
        return nullptr;
    Json single = Json::array();
    Json pair = Json::array();
    Json tokens = Json::object();
    const auto add = [&](const std::vector<int>& ids) {
        for (const int id : ids) {
            single.push_back({{"SpecialToken", {{"id", tokenOf(id)}, {"type_id", 0}}}});
            tokens[tokenOf(id)] = {{"id", tokenOf(id)}, {"ids", Json::array({id})}, {"tokens", Json::array({tokenOf(id)})}};
        }
    };
    add(m_parts.before);
    single.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
    add(m_parts.after);
    for (const int type : {0, 1}) {
        for (Json item : single) {
            item.begin().value()["type_id"] = type;
            if (item.contains("Sequence") && type == 1)
                item["Sequence"]["id"] = "B";
            pair.push_back(std::move(item));
        }
    }
    return {{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", tokens}};
}

Result<MergeList> TokenizerJsonWriter::merges() const
{
    if (m_vocabulary.model == "llama") {
        std::vector<bool> merges(size());
        for (std::size_t id = 0; id < size(); ++id)
            merges[id] = typeOf(id) == TokenType::normal;
        return mergesOfScores(m_parts.model->tokenIds(), m_vocabulary.scores, merges);
    }
    MergeList list;
    for (std::size_t rank = 0; rank < m_vocabulary.merges.size(); ++rank) {
        if (!list.addLine(m_vocabulary.merges[rank]))
            return Error(ErrorCode::corrupt, "merge " + std::to_string(rank + 1) + " is not two tokens with a space between.");
    }
    return list;
}

std::string TokenizerJsonWriter::bpeModel(const MergeList& merges) const
{
    const bool byteLevel = m_vocabulary.model == "gpt2";
    Json options = {{"type", "BPE"}, {"dropout", nullptr}, {"unk_token", nullptr}, {"continuing_subword_prefix", nullptr},
        {"end_of_word_suffix", nullptr}, {"fuse_unk", m_vocabulary.model == "llama"}, {"byte_fallback", !byteLevel},
        {"ignore_merges", byteLevel && splitRuleOf(m_vocabulary.pre)->ignoreMerges}};
    if (const auto unknown = unknownId())
        options["unk_token"] = m_vocabulary.tokens[*unknown];
    std::string text = options.dump();
    text.back() = ',';
    text += "\"vocab\":{";
    bool first = true;
    for (std::size_t id = 0; id < size(); ++id) {
        if (m_vocabulary.tokens[id].empty())
            continue;
        text += (first ? "\n" : ",\n") + jsonString(m_vocabulary.tokens[id]) + ":" + std::to_string(id);
        first = false;
    }
    text += "\n},\"merges\":[";
    for (std::size_t rank = 0; rank < merges.size(); ++rank)
        text += (rank == 0 ? "\n[" : ",\n[") + jsonString(merges.left(rank)) + "," + jsonString(merges.right(rank)) + "]";
    return text + "\n]}";
}

std::string TokenizerJsonWriter::unigramModel() const
{
    // A unigram model's file cannot say that text may not become a token; it is made as unlikely as the unlikeliest.
    bool hasBytes = false;
    std::optional<float> least;
    const auto reachable = [&](std::size_t id) { return typeOf(id) == TokenType::normal && !m_vocabulary.tokens[id].empty(); };
    for (std::size_t id = 0; id < size(); ++id) {
        hasBytes = hasBytes || typeOf(id) == TokenType::byte;
        if (reachable(id))
            least = std::min(least.value_or(m_vocabulary.scores[id]), m_vocabulary.scores[id]);
    }
    const std::optional<std::size_t> unknown = unknownId();
    std::string text = "{\"type\":\"Unigram\",\"unk_id\":" + (unknown ? std::to_string(*unknown) : "null") +
        ",\"byte_fallback\":" + (hasBytes ? "true" : "false") + ",\"vocab\":[";
    for (std::size_t id = 0; id < size(); ++id) {
        const std::string& token = m_vocabulary.tokens[id];
        const Json score = static_cast<double>(reachable(id) ? m_vocabulary.scores[id] : least.value_or(0.0F));
        const std::string name = token.empty() ? "[PAD" + std::to_string(id) + "]" : token;
        text += (id == 0 ? "\n[" : ",\n[") + jsonString(name) + "," + score.dump() + "]";
    }
    return text + "\n]}";
}

Result<std::string> TokenizerJsonWriter::model() const
{
    if (m_vocabulary.model == "t5")
        return unigramModel();
    const Result<MergeList> list = merges();
    PRECEDENT_TRY(list);
    return bpeModel(*list);
}

Result<std::string> TokenizerJsonWriter::write()
{
    PRECEDENT_TRY(checkTexts());
    setSteps();
    const Json head = {{"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr}, {"added_tokens", addedTokens()},
        {"normalizer", m_steps.normalizer}, {"pre_tokenizer", m_steps.preTokenizer}, {"post_processor", postProcessor()},
        {"decoder", m_steps.decoder}};
    Result<std::string> written = model();
    PRECEDENT_TRY(written);
    std::string text = head.dump();
    text.pop_back();
    return text + ",\"model\":" + *written + "}\n";
}

} // namespace

Result<std::string> tokenizerJson(const Vocabulary& vocabulary)
{
    const Result<std::unique_ptr<TokenizerParts>> parts = readVocabulary(vocabulary);
    PRECEDENT_TRY(parts);
    Result<std::string> written = TokenizerJsonWriter(vocabulary, **parts).write();
    PRECEDENT_TRY(written);
    const Result<std::unique_ptr<TokenizerParts>> file = readTokenizer(std::string_view(*written));
    if (!file)
        return file.error().in("the tokenizer.json made of the vocabulary");
    PRECEDENT_TRY(checkSameIds(**file, vocabulary, Made::file, vocabulary.model != "t5"));
    return written;
}

Result<std::string> tokenizerConfigJson(const Vocabulary& vocabulary, const std::string& chatTemplate)
{
    const Result<std::unique_ptr<TokenizerParts>> parts = readVocabulary(vocabulary);
    PRECEDENT_TRY(parts);
    Json config = {{"add_bos_token", !(*parts)->before.empty()}, {"add_eos_token", !(*parts)->after.empty()}};
    const auto put = [&](const char* name, std::optional<std::int64_t> id) {
        if (id && !vocabulary.tokens[static_cast<std::size_t>(*id)].empty())
            config[name] = vocabulary.tokens[static_cast<std::size_t>(*id)];
    };
    put("bos_token", (*parts)->bosId);
    put("eos_token", (*parts)->eosId);
    put("pad_token", vocabulary.paddingId);
    put("unk_token", vocabulary.unknownId);
    if (!chatTemplate.empty())
        config["chat_template"] = chatTemplate;
    config["clean_up_tokenization_spaces"] = false;
    config["tokenizer_class"] = "PreTrainedTokenizerFast";
    for (const auto& [name, value] : config.items()) {
        if (value.is_string() && !isUtf8(value.get_ref<const std::string&>()))
            return Error(ErrorCode::corrupt, "the " + name + " is no UTF-8, which a tokenizer_config.json must be.");
    }
    return config.dump(2) + "\n";
}

} // namespace precedent::text
