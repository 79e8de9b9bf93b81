#include <algorithm>
#include <set>

#include "core/text/characters_map.h"
#include "core/text/json_fields.h"
#include "core/text/merge_scores.h"
#include "core/text/split_rule_names.h"
#include "core/text/tokenizer_parts.h"
#include "core/text/unicode.h"
#include "core/text/vocabulary_check.h"
#include "core/text/vocabulary_steps.h"
#include "core/text/word_breaks.h"
#include "precedent/text/vocabulary_writing.h"

namespace precedent::text {
namespace {

/// Rows of an embedding beyond the tokenizer's own tokens.
constexpr std::size_t kMostPadding = std::size_t{1} << 18;

Error corrupt(std::string message)
{
    return {ErrorCode::corrupt, std::move(message), "Check that tokenizer.json and config.json are of the same model."};
}

/// What the steps of a SentencePiece model's tokenizer.json say together.
struct SpaceSteps {
    bool escapes = false; ///< " " becomes "▁"
    bool prepends = false; ///< "▁" goes before each text
    bool splits = false; ///< before each "▁"
    bool dropsExtra = false; ///< of spaces in a row one is left
    std::string charactersMap;
};

bool isPattern(const nlohmann::json& step, const char* kind, const char* text)
{
    const nlohmann::json& pattern = fieldOrNull(step, "pattern");
    return pattern.is_object() && stringField(pattern, kind) == text;
}

/// Makes the vocabulary of a tokenizer.json that has been read.
class VocabularyMaker {
public:
    VocabularyMaker(const TokenizerParts& parts, const TokenizerSource& source, std::size_t rows)
        : m_parts(parts)
        , m_json(source.json)
        , m_tables(source.tables)
        , m_rows(rows)
    {
    }

    [[nodiscard]] Result<Vocabulary> make(const nlohmann::json& settings);

private:
    [[nodiscard]] Status fillTokens();
    [[nodiscard]] Status readAddedTokens();
    [[nodiscard]] Status readAddedToken(const nlohmann::json& token, bool phi3);
    [[nodiscard]] Status checkApart() const;
    [[nodiscard]] Status fillModel();
    [[nodiscard]] Status fillByteLevel();
    void takeSpacesAsNormal();
    [[nodiscard]] Status fillScoreBpe();
    [[nodiscard]] Status fillUnigram();
    [[nodiscard]] Status readSpaces(SpaceSteps& steps) const;
    [[nodiscard]] Status addNormalizer(const nlohmann::json& step, const std::string& type, SpaceSteps& steps) const;
    [[nodiscard]] Status addPreTokenizer(const nlohmann::json& step, const std::string& type, SpaceSteps& steps) const;
    [[nodiscard]] Status checkBytes() const;
    [[nodiscard]] Status checkSplits() const;
    [[nodiscard]] Status fillEnds(const nlohmann::json& settings);
    [[nodiscard]] Status checkUsualId(std::int64_t id, const char* name) const;
    [[nodiscard]] Status setId(std::optional<int> id, const char* name, std::optional<std::int64_t>& out) const;

    [[nodiscard]] bool isUnigram() const { return m_vocabulary.model == "t5"; }
    [[nodiscard]] bool isByteLevel() const { return m_vocabulary.model == "gpt2"; }
    [[nodiscard]] TokenType typeOf(std::size_t id) const { return text::typeOf(m_vocabulary, id); }
    void setType(std::size_t id, TokenType type) { m_vocabulary.types[id] = static_cast<std::int32_t>(type); }

    const TokenizerParts& m_parts;
    const nlohmann::json& m_json;
    const TokenizerTables& m_tables;
    std::size_t m_rows;
    std::optional<int> m_unknownId;
    bool m_readsBroken = true; ///< bytes that are no UTF-8 come through
    Vocabulary m_vocabulary;
};

Result<Vocabulary> VocabularyMaker::make(const nlohmann::json& settings)
{
    const nlohmann::json& model = fieldOrNull(m_json, "model");
    m_vocabulary.model = !m_tables.scored.empty() ? "t5" : m_parts.preTokenizer.isByteLevel() ? "gpt2" : "llama";
    const nlohmann::json& unknownId = fieldOrNull(model, "unk_id");
    if (unknownId.is_number_unsigned())
        m_unknownId = unknownId.get<int>();
    else if (const std::string unknown = stringField(model, "unk_token"); !unknown.empty())
        m_unknownId = m_parts.idOf(unknown);
    PRECEDENT_TRY(fillTokens());
    PRECEDENT_TRY(readAddedTokens());
    PRECEDENT_TRY(fillEnds(settings));
    PRECEDENT_TRY(fillModel());
    PRECEDENT_TRY(checkSameIds(m_parts, m_vocabulary, Made::vocabulary, m_readsBroken));
    return std::move(m_vocabulary);
}

Status VocabularyMaker::fillTokens()
{
    if (m_rows > m_parts.entries.size() + kMostPadding) {
        return corrupt("the model has " + std::to_string(m_rows) + " tokens by its settings, but the tokenizer only " +
            std::to_string(m_parts.entries.size()) + ".");
    }
    for (std::size_t id = m_rows; id < m_parts.entries.size(); ++id) {
        if (m_parts.entries[id].exists && !m_parts.addedIds.contains(m_parts.entries[id].text)) {
            return corrupt("the tokenizer has " + std::to_string(m_parts.entries.size()) + " tokens, but the model only " +
                std::to_string(m_rows) + ".");
        }
    }
    const bool hasBytes = !isByteLevel();
    const ByteIds byteIds = byteIdsOf(m_parts.model->tokenIds());
    m_vocabulary.tokens.resize(m_rows);
    m_vocabulary.types.resize(m_rows, static_cast<std::int32_t>(TokenType::normal));
    for (std::size_t id = 0; id < m_rows; ++id) {
        if (id < m_parts.entries.size() && m_parts.entries[id].exists) {
            m_vocabulary.tokens[id] = m_parts.entries[id].text;
            continue;
        }
        std::string& name = m_vocabulary.tokens[id] = "[PAD" + std::to_string(id) + "]";
        while (m_parts.idOf(name))
            name += "_";
        setType(id, TokenType::unused);
    }
    for (const int id : byteIds) {
        if (hasBytes && id >= 0 && static_cast<std::size_t>(id) < m_rows)
            setType(static_cast<std::size_t>(id), TokenType::byte);
    }
    return {};
}

Status VocabularyMaker::readAddedTokens()
{
    const nlohmann::json& list = fieldOrNull(m_json, "added_tokens");
    if (!list.is_array())
        return {};
    const bool phi3 = std::any_of(list.begin(), list.end(), [](const nlohmann::json& token) { return boolField(token, "rstrip", false); });
    if (phi3)
        m_vocabulary.modelName = "Phi-3";
    for (const nlohmann::json& token : list)
        PRECEDENT_TRY(readAddedToken(token, phi3));
    return {};
}

Status VocabularyMaker::readAddedToken(const nlohmann::json& token, bool phi3)
{
    const auto id = fieldOrNull(token, "id").get<std::size_t>();
    if (id >= m_rows)
        return {};
    const std::string content = stringField(token, "content");
    const std::string name = "the added token \"" + toValidUtf8(content) + "\"";
    const bool special = boolField(token, "special", false);
    if (boolField(token, "single_word", false))
        return inexact(Made::vocabulary, name + " counts as a whole word only");
    if (boolField(token, "lstrip", false))
        return inexact(Made::vocabulary, name + " takes the white space before it");
    const bool strips = phi3 && stripsAfter(content);
    if (boolField(token, "rstrip", false) != strips)
        return inexact(Made::vocabulary, name + (strips ? " does not take" : " takes") + " the white space after it");
    // Only where no prefix goes before a text are user-defined tokens looked for in the normalized text.
    const bool findsNormalized = m_vocabulary.model == "llama" && m_parts.normalizer.apply("a") == "a";
    if (boolField(token, "normalized", !special) && !special && !findsNormalized && !m_parts.normalizer.empty())
        return inexact(Made::vocabulary, name + " is looked for in the normalized text");
    if (special)
        setType(id, m_unknownId == static_cast<int>(id) ? TokenType::unknown : TokenType::control);
    else
        setType(id, TokenType::userDefined);
    return {};
}

/// A file's added tokens are looked for all at once, a vocabulary's control tokens first where it finds the others in
/// the normalized text.
Status VocabularyMaker::checkApart() const
{
    AddedTokenFinder control;
    std::set<std::string_view> beginnings;
    const auto forEach = [&](TokenType type, const auto& visit) -> Status {
        for (std::size_t id = 0; id < m_rows; ++id) {
            if (typeOf(id) == type)
                PRECEDENT_TRY(visit(m_vocabulary.tokens[id]));
        }
        return {};
    };
    PRECEDENT_TRY(forEach(TokenType::control, [&](const std::string& token) -> Status {
        control.add({}, token);
        for (std::size_t length = 1; length < token.size(); ++length)
            beginnings.insert(std::string_view(token).substr(0, length));
        return {};
    }));
    control.finish();
    return forEach(TokenType::userDefined, [&](const std::string& token) -> Status {
        bool overlaps = false;
        control.forEach(token, [&](const AddedToken&, std::size_t, std::size_t) { overlaps = true; });
        for (std::size_t from = 1; from < token.size(); ++from)
            overlaps = overlaps || beginnings.contains(std::string_view(token).substr(from));
        return overlaps ? inexact(Made::vocabulary, "the added token \"" + toValidUtf8(token) + "\" may overlap a special one") : Status();
    });
}

Status VocabularyMaker::fillModel()
{
    if (isUnigram())
        return fillUnigram();
    return isByteLevel() ? fillByteLevel() : fillScoreBpe();
}

Status VocabularyMaker::fillByteLevel()
{
    const Result<Splitting> splitting = splittingOf(m_json);
    PRECEDENT_TRY(splitting);
    const Result<std::string> name = nameOfSplitting(*splitting);
    PRECEDENT_TRY(name);
    m_vocabulary.pre = *name;
    m_readsBroken = !splitting->dropsUnmatched;
    m_vocabulary.merges.reserve(m_tables.merges.size());
    for (std::size_t rank = 0; rank < m_tables.merges.size(); ++rank) {
        std::string line(m_tables.merges.left(rank));
        line.append(" ").append(m_tables.merges.right(rank));
        if (std::count(line.begin(), line.end(), ' ') != 1)
            return inexact(Made::vocabulary, "merge " + std::to_string(rank + 1) + " has a space in it");
        m_vocabulary.merges.push_back(std::move(line));
    }
    return {};
}

Status VocabularyMaker::addNormalizer(const nlohmann::json& step, const std::string& type, SpaceSteps& steps) const
{
    const std::string content = stringField(step, "content");
    if (type == "Replace" && isPattern(step, "String", " ") && content == kEscapedSpace) {
        steps.escapes = true;
    } else if (type == "Prepend" && stringField(step, "prepend") == kEscapedSpace) {
        steps.prepends = true;
    } else if (isUnigram() && type == "Precompiled") {
        steps.charactersMap = bytesOfBase64(stringField(step, "precompiled_charsmap")).value_or("");
    } else if (isUnigram() && type == "Replace" && isPattern(step, "Regex", " {2,}") && (content == " " || content == kEscapedSpace)) {
        steps.dropsExtra = true;
    } else if (!isUnigram() || type != "Strip") {
        // Strip goes with the Replace of " {2,}"; whether it does is seen when the ids are compared.
        return inexact(Made::vocabulary, "it has the normalizer " + toValidUtf8(type));
    }
    return {};
}

Status VocabularyMaker::addPreTokenizer(const nlohmann::json& step, const std::string& type, SpaceSteps& steps) const
{
    if (type == "Split" && isPattern(step, "String", " ") && steps.escapes) // there are no spaces left
        return {};
    if (type != "Metaspace" || stringField(step, "replacement", std::string(kEscapedSpace)) != kEscapedSpace)
        return inexact(Made::vocabulary, "it has the pre-tokenizer " + toValidUtf8(type));
    steps.escapes = true;
    steps.splits = steps.splits || boolField(step, "split", true);
    const std::string scheme = stringField(step, "prepend_scheme", boolField(step, "add_prefix_space", true) ? "always" : "never");
    if (scheme == "never")
        return {};
    // Metaspace puts no "▁" before a text that begins with a space; SentencePiece does, unless it drops such spaces.
    if (scheme != "always" || !steps.dropsExtra)
        return inexact(Made::vocabulary, "its Metaspace goes before some texts only (\"" + toValidUtf8(scheme) + "\")");
    steps.prepends = true;
    return {};
}

Status VocabularyMaker::readSpaces(SpaceSteps& steps) const
{
    PRECEDENT_TRY(forEachPart(fieldOrNull(m_json, "normalizer"), "normalizers", "normalizer",
        [&](const nlohmann::json& step, const std::string& type) { return addNormalizer(step, type, steps); }));
    PRECEDENT_TRY(forEachPart(fieldOrNull(m_json, "pre_tokenizer"), "pretokenizers", "pre_tokenizer",
        [&](const nlohmann::json& step, const std::string& type) { return addPreTokenizer(step, type, steps); }));
    if (!steps.escapes)
        return inexact(Made::vocabulary, "it does not write spaces as \"▁\"");
    return steps.splits ? checkSplits() : Status();
}

/// Where texts are cut before each "▁", no token may go across one.
Status VocabularyMaker::checkSplits() const
{
    for (std::size_t id = 0; id < m_rows; ++id) {
        const std::string& token = m_vocabulary.tokens[id];
        if (typeOf(id) == TokenType::normal && token.find(kEscapedSpace, 1) != std::string::npos)
            return inexact(Made::vocabulary, "it splits before each \"▁\", but the token \"" + toValidUtf8(token) + "\" goes across one");
    }
    return {};
}

/// This program's reader takes what is unknown together as one token, but llama.cpp ends at such a character.
Status VocabularyMaker::checkBytes() const
{
    const ByteIds byteIds = byteIdsOf(m_parts.model->tokenIds());
    const bool falls = boolField(fieldOrNull(m_json, "model"), "byte_fallback", false);
    if (falls && std::none_of(byteIds.begin(), byteIds.end(), [](int id) { return id < 0; }))
        return {};
    return inexact(Made::vocabulary,
        "its merges are neither over bytes nor is there a token for each byte, and readers of GGUF files stop at a character that they "
        "lack");
}

/// Runs of spaces are often added tokens as well, but get into a text by merging.
void VocabularyMaker::takeSpacesAsNormal()
{
    for (std::size_t id = 0; id < m_rows; ++id) {
        const std::string& token = m_vocabulary.tokens[id];
        if (typeOf(id) != TokenType::userDefined || token.find(kEscapedSpace) == std::string::npos)
            continue;
        std::vector<int> ids;
        m_parts.model->encode(token, ids);
        if (ids == std::vector<int>{static_cast<int>(id)})
            setType(id, TokenType::normal);
    }
}

Status VocabularyMaker::fillScoreBpe()
{
    PRECEDENT_TRY(checkBytes());
    if (boolField(fieldOrNull(m_json, "model"), "ignore_merges", false))
        return inexact(Made::vocabulary, "it has \"ignore_merges\" without byte-level merges");
    takeSpacesAsNormal();
    SpaceSteps steps;
    PRECEDENT_TRY(readSpaces(steps));
    if (!steps.prepends)
        PRECEDENT_TRY(checkApart());
    m_vocabulary.pre = "default";
    m_vocabulary.addSpacePrefix = steps.prepends;
    m_vocabulary.scores = scoresOfMerges(m_parts.model->tokenIds(), m_tables.merges, m_rows);
    for (std::size_t id = 0; id < m_rows; ++id) {
        if (typeOf(id) != TokenType::normal && typeOf(id) != TokenType::unused)
            m_vocabulary.scores[id] = 0;
    }
    return {};
}

Status VocabularyMaker::fillUnigram()
{
    SpaceSteps steps;
    PRECEDENT_TRY(readSpaces(steps));
    const bool fallsBack = boolField(fieldOrNull(m_json, "model"), "byte_fallback", false);
    for (std::size_t id = 0; !fallsBack && id < m_rows; ++id) {
        if (typeOf(id) == TokenType::byte)
            setType(id, TokenType::normal);
    }
    m_vocabulary.pre = "default";
    m_vocabulary.addSpacePrefix = steps.prepends;
    m_vocabulary.removeExtraWhitespaces = steps.dropsExtra;
    m_vocabulary.charactersMap = std::move(steps.charactersMap);
    m_readsBroken = false;
    m_vocabulary.scores.resize(m_rows, 0.0F);
    for (std::size_t id = 0; id < std::min(m_rows, m_tables.scored.size()); ++id)
        m_vocabulary.scores[id] = static_cast<float>(m_tables.scored[id].second);
    return {};
}

Status VocabularyMaker::setId(std::optional<int> id, const char* name, std::optional<std::int64_t>& out) const
{
    if (id && static_cast<std::size_t>(*id) >= m_rows) {
        return corrupt(std::string("the ") + name + " token has the id " + std::to_string(*id) + ", but the model has " +
            std::to_string(m_rows) + " tokens.");
    }
    out = id;
    return {};
}

/// The id that readers take where a file names none.
Status VocabularyMaker::checkUsualId(std::int64_t id, const char* name) const
{
    if (static_cast<std::size_t>(id) < m_rows && typeOf(static_cast<std::size_t>(id)) == TokenType::control)
        return {};
    return inexact(Made::vocabulary,
        std::string("no token is said to ") + name + " a text, and readers would take the token " + std::to_string(id) +
            " (name it in tokenizer_config.json)");
}

Status VocabularyMaker::fillEnds(const nlohmann::json& settings)
{
    if (m_parts.before.size() > 1 || m_parts.after.size() > 1)
        return inexact(Made::vocabulary, "its template adds more than one token before or after a text");
    const bool beginsOtherwise = !m_parts.before.empty() && m_parts.bosId && *m_parts.bosId != m_parts.before.front();
    const bool endsOtherwise = !m_parts.after.empty() && m_parts.eosId && *m_parts.eosId != m_parts.after.front();
    if (beginsOtherwise || endsOtherwise)
        return inexact(Made::vocabulary, "its template adds other tokens than its settings say begin and end a text");
    PRECEDENT_TRY(setId(m_parts.before.empty() ? m_parts.bosId : m_parts.before.front(), "beginning-of-text", m_vocabulary.bosId));
    PRECEDENT_TRY(setId(m_parts.after.empty() ? m_parts.eosId : m_parts.after.front(), "end-of-text", m_vocabulary.eosId));
    PRECEDENT_TRY(setId(m_unknownId ? m_unknownId : tokenSetting(settings, "unk_token", m_parts), "unknown", m_vocabulary.unknownId));
    PRECEDENT_TRY(setId(tokenSetting(settings, "pad_token", m_parts), "padding", m_vocabulary.paddingId));
    const bool templated = !m_parts.before.empty() || !m_parts.after.empty();
    m_vocabulary.addBos = templated ? !m_parts.before.empty() : m_vocabulary.bosId && boolField(settings, "add_bos_token", false);
    m_vocabulary.addEos = templated ? !m_parts.after.empty() : m_vocabulary.eosId && boolField(settings, "add_eos_token", false);
    if (m_vocabulary.model == "llama" && !m_vocabulary.bosId)
        PRECEDENT_TRY(checkUsualId(1, "begin"));
    if (!isByteLevel() && !m_vocabulary.eosId)
        PRECEDENT_TRY(checkUsualId(isUnigram() ? 1 : 2, "end"));
    return {};
}

/// config.json's, where it has one; of a model of texts and images the text's.
std::optional<std::size_t> configuredRows(const std::filesystem::path& folder)
{
    const nlohmann::json config = readSettings(folder / "config.json");
    for (const nlohmann::json* settings : {&config, &fieldOrNull(config, "text_config")}) {
        const nlohmann::json& size = fieldOrNull(*settings, "vocab_size");
        if (size.is_number_unsigned() && size.get<std::size_t>() > 0)
            return size.get<std::size_t>();
    }
    return std::nullopt;
}

} // namespace

Result<Vocabulary> vocabularyOf(const std::filesystem::path& folderOrFile, std::optional<std::size_t> rows)
{
    const Result<std::filesystem::path> file = tokenizerFileOf(folderOrFile);
    PRECEDENT_TRY(file);
    TokenizerSource source;
    const Result<std::unique_ptr<TokenizerParts>> parts = readTokenizer(*file, source);
    PRECEDENT_TRY(parts);
    if (stringField(fieldOrNull(source.json, "model"), "type") == "WordPiece")
        return inexact(Made::vocabulary, "it cuts words by WordPiece, as encoders do").in(file->string());
    if (!rows)
        rows = configuredRows(file->parent_path());
    const nlohmann::json settings = readSettings(file->parent_path() / "tokenizer_config.json");
    Result<Vocabulary> made = VocabularyMaker(**parts, source, rows.value_or((*parts)->entries.size())).make(settings);
    if (!made)
        return made.error().in(file->string());
    return made;
}

} // namespace precedent::text
