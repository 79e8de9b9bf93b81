#include <cmath>
#include <memory>

#include "core/text/bpe_model.h"
#include "core/text/score_bpe_model.h"
#include "core/text/sentencepiece_normalizer.h"
#include "core/text/split_rules.h"
#include "core/text/tokenizer_parts.h"
#include "core/text/unicode.h"
#include "core/text/unigram_model.h"
#include "core/text/vocabulary_steps.h"
#include "precedent/text/vocabulary.h"

namespace precedent::text {
namespace {

Error corrupt(std::string message)
{
    return {ErrorCode::corrupt, std::move(message), "The file is damaged or was not converted to the end; get or convert it again."};
}

std::string count(std::size_t number, const char* of) { return std::to_string(number) + " " + of; }

/// Builds a tokenizer's parts from a vocabulary, in the steps that a tokenizer.json of the same model would name.
class VocabularyReader {
public:
    VocabularyReader(Vocabulary vocabulary, TokenizerParts& parts)
        : m_vocabulary(std::move(vocabulary))
        , m_parts(parts)
    {
    }

    [[nodiscard]] Status read()
    {
        PRECEDENT_TRY(checkLengths());
        PRECEDENT_TRY(readIds());
        PRECEDENT_TRY(fillTokens());
        PRECEDENT_TRY(readModel());
        fillAddedTokens();
        return addEnds();
    }

private:
    [[nodiscard]] TokenType typeOf(std::size_t id) const { return text::typeOf(m_vocabulary, id); }
    [[nodiscard]] bool isSentencePiece() const { return m_vocabulary.model == "llama" || m_vocabulary.model == "t5"; }

    [[nodiscard]] Status checkLengths() const;
    [[nodiscard]] Status readIds();
    [[nodiscard]] Status readId(const char* name, std::optional<std::int64_t> id, std::optional<int> usual, std::optional<int>& out) const;
    [[nodiscard]] Status fillTokens();
    void fillAddedTokens();
    [[nodiscard]] Status addEnds();

    [[nodiscard]] Status readModel();
    [[nodiscard]] Status readByteLevel();
    [[nodiscard]] Status readGemma4();
    [[nodiscard]] Status readScoreBpe();
    [[nodiscard]] Status readUnigram();
    [[nodiscard]] Status readBpe(const BpeOptions& options);
    [[nodiscard]] Status setSteps(const VocabularySteps& steps);

    Vocabulary m_vocabulary;
    TokenizerParts& m_parts;
    TokenIds m_tokenIds;
    std::optional<int> m_unknownId;
    bool m_addBos = false;
    bool m_addEos = false;
    bool m_findsEscaped = false; ///< user-defined tokens are looked for in the normalized text
    bool m_newlinesWhole = false; ///< tokens of line ends alone are looked for before merging
};

Status VocabularyReader::checkLengths() const
{
    const Vocabulary& v = m_vocabulary;
    if (v.tokens.empty())
        return corrupt("the vocabulary has no tokens.");
    if (v.tokens.size() > static_cast<std::size_t>(kHighestId))
        return corrupt("the vocabulary has " + count(v.tokens.size(), "tokens") + ", more than " + std::to_string(kHighestId) + ".");
    const bool scored = !v.scores.empty() || isSentencePiece();
    if (scored && v.scores.size() != v.tokens.size())
        return corrupt("the vocabulary has " + count(v.tokens.size(), "tokens") + " but " + count(v.scores.size(), "scores") + ".");
    if (!v.types.empty() && v.types.size() != v.tokens.size())
        return corrupt("the vocabulary has " + count(v.tokens.size(), "tokens") + " but " + count(v.types.size(), "token types") + ".");
    for (std::size_t id = 0; id < v.scores.size(); ++id) {
        if (!std::isfinite(v.scores[id]))
            return corrupt("the score of the token " + std::to_string(id) + " is no finite number.");
    }
    for (std::size_t id = 0; id < v.types.size(); ++id) {
        if (v.types[id] < 0 || v.types[id] > static_cast<std::int32_t>(TokenType::byte))
            return corrupt(
                "the type of the token " + std::to_string(id) + " is " + std::to_string(v.types[id]) + "; types go from 1 to 6.");
    }
    return {};
}

Status VocabularyReader::readId(const char* name, std::optional<std::int64_t> id, std::optional<int> usual, std::optional<int>& out) const
{
    const auto size = static_cast<std::int64_t>(m_vocabulary.tokens.size());
    if (!id) {
        out = usual && *usual < size ? usual : std::nullopt;
        return {};
    }
    if (*id < 0 || *id >= size)
        return corrupt(std::string("the id of the ") + name + " token is " + std::to_string(*id) + ", but ids go from 0 to " +
            std::to_string(size - 1) + ".");
    out = static_cast<int>(*id);
    return {};
}

Status VocabularyReader::readIds()
{
    const bool llama = m_vocabulary.model == "llama";
    const bool t5 = m_vocabulary.model == "t5";
    const auto usual = [&](int ofLlama, std::optional<int> ofT5) -> std::optional<int> {
        return llama ? std::optional<int>(ofLlama) : t5 ? ofT5 : std::nullopt;
    };
    PRECEDENT_TRY(readId("beginning-of-text", m_vocabulary.bosId, usual(1, std::nullopt), m_parts.bosId));
    PRECEDENT_TRY(readId("end-of-text", m_vocabulary.eosId, usual(2, 1), m_parts.eosId));
    PRECEDENT_TRY(readId("unknown", m_vocabulary.unknownId, usual(0, 2), m_unknownId));
    std::optional<int> padding;
    return readId("padding", m_vocabulary.paddingId, std::nullopt, padding);
}

Status VocabularyReader::fillTokens()
{
    m_tokenIds.reserve(m_vocabulary.tokens.size());
    m_parts.entries.resize(m_vocabulary.tokens.size());
    for (std::size_t id = 0; id < m_vocabulary.tokens.size(); ++id) {
        std::string& text = m_vocabulary.tokens[id];
        const TokenType type = typeOf(id);
        const bool special = type == TokenType::control || type == TokenType::unknown;
        // User-defined tokens may be spelt with escaped spaces, but not with GPT-2's bytes.
        m_parts.entries[id] = {text, true, special, special || (type == TokenType::userDefined && m_vocabulary.model == "gpt2")};
        if (text.empty())
            continue;
        const auto [known, isNew] = m_tokenIds.emplace(std::move(text), static_cast<int>(id));
        if (!isNew) {
            return corrupt("the tokens " + std::to_string(known->second) + " and " + std::to_string(id) + " are both \"" +
                toValidUtf8(known->first) + "\".");
        }
    }
    for (const std::optional<int>& id : {m_parts.bosId, m_parts.eosId}) {
        if (id)
            m_parts.entries[static_cast<std::size_t>(*id)].special = true;
    }
    return {};
}

Status VocabularyReader::setSteps(const VocabularySteps& steps)
{
    Result<Normalizer> readNormalizer = Normalizer::fromJson(steps.normalizer);
    PRECEDENT_TRY(readNormalizer);
    m_parts.normalizer = std::move(*readNormalizer);
    Result<PreTokenizer> readPreTokenizer = PreTokenizer::fromJson(steps.preTokenizer);
    PRECEDENT_TRY(readPreTokenizer);
    m_parts.preTokenizer = std::move(*readPreTokenizer);
    Result<TokenDecoder> readDecoder = TokenDecoder::fromJson(steps.decoder);
    PRECEDENT_TRY(readDecoder);
    m_parts.decoder = std::move(*readDecoder);
    return {};
}

Status VocabularyReader::readModel()
{
    if (m_vocabulary.model == "gpt2")
        return readByteLevel();
    if (m_vocabulary.model == "gemma4")
        return readGemma4();
    if (m_vocabulary.model == "llama")
        return readScoreBpe();
    if (m_vocabulary.model == "t5")
        return readUnigram();
    return Error(ErrorCode::unsupported, "The tokenizer model \"" + toValidUtf8(m_vocabulary.model) + "\" is not supported.",
        "\"llama\", \"gpt2\", \"gemma4\" and \"t5\" are; use another model, or a folder with the model's tokenizer.json.");
}

Status VocabularyReader::readBpe(const BpeOptions& options)
{
    MergeList merges;
    for (const std::string& line : m_vocabulary.merges) {
        if (!merges.addLine(line))
            return corrupt("merge " + std::to_string(merges.size() + 1) + " is not two tokens with a space between.");
    }
    if (merges.size() == 0)
        return corrupt("the vocabulary has no merges, which a \"" + m_vocabulary.model + "\" tokenizer needs.");
    m_vocabulary.merges = {};
    Result<std::unique_ptr<const TokenModel>> made = BpeModel::make(std::move(m_tokenIds), merges, options);
    PRECEDENT_TRY(made);
    m_parts.model = std::move(*made);
    return {};
}

Status VocabularyReader::readByteLevel()
{
    const SplitRule* rule = splitRuleOf(m_vocabulary.pre);
    if (rule == nullptr) {
        return Error(ErrorCode::unsupported,
            "The pre-tokenizer \"" + toValidUtf8(m_vocabulary.pre) +
                "\" is not known, so the text would be cut in other places than in training.",
            "Use a folder with the model's tokenizer.json, which says how it cuts.");
    }
    m_addBos = rule->addBos;
    PRECEDENT_TRY(setSteps(byteLevelSteps(*rule)));
    BpeOptions options;
    options.ignoreMerges = rule->ignoreMerges;
    return readBpe(options);
}

Status VocabularyReader::readGemma4()
{
    m_addBos = true;
    m_newlinesWhole = true;
    PRECEDENT_TRY(setSteps(escapingSteps(false)));
    BpeOptions options;
    options.byteFallback = true;
    if (m_unknownId)
        options.unknownToken = m_parts.entries[static_cast<std::size_t>(*m_unknownId)].text;
    return readBpe(options);
}

Status VocabularyReader::readScoreBpe()
{
    m_addBos = true;
    // Where no prefix would have to go after them, user-defined tokens are found as SentencePiece finds them, in the
    // escaped text, so that "▁" in a text is a space in them too.
    const bool prefixed = m_vocabulary.addSpacePrefix.value_or(true);
    m_findsEscaped = !prefixed;
    PRECEDENT_TRY(setSteps(escapingSteps(prefixed)));
    std::vector<ScoreBpeModel::Token> tokens(m_vocabulary.scores.size());
    for (std::size_t id = 0; id < tokens.size(); ++id)
        tokens[id] = {m_vocabulary.scores[id], typeOf(id) == TokenType::normal};
    m_parts.model = std::make_unique<const ScoreBpeModel>(std::move(m_tokenIds), std::move(tokens), m_unknownId);
    return {};
}

Status VocabularyReader::readUnigram()
{
    m_addEos = true;
    SentencePieceNormalizer normalizer;
    normalizer.addSpacePrefix = m_vocabulary.addSpacePrefix.value_or(true);
    normalizer.removeExtraSpaces = m_vocabulary.removeExtraWhitespaces.value_or(true);
    if (!m_vocabulary.charactersMap.empty()) {
        Result<CharactersMap> map = CharactersMap::parse(m_vocabulary.charactersMap);
        PRECEDENT_TRY(map);
        normalizer.characters = std::move(*map);
    }
    // A text without extra spaces begins with none.
    const std::size_t dropped = normalizer.removeExtraSpaces ? kHighestId : normalizer.addSpacePrefix ? 1 : 0;
    PRECEDENT_TRY(setSteps({nullptr, nullptr, unescapingDecoder(dropped)}));
    m_parts.normalizer.addStep(
        [normalizer = std::move(normalizer)](const std::string& text, std::size_t limit) { return normalizer.apply(text, limit); });
    std::vector<UnigramModel::Token> tokens(m_vocabulary.scores.size());
    bool hasBytes = false;
    for (std::size_t id = 0; id < tokens.size(); ++id) {
        tokens[id] = {m_vocabulary.scores[id], typeOf(id) == TokenType::normal};
        hasBytes = hasBytes || typeOf(id) == TokenType::byte;
    }
    m_parts.model =
        std::make_unique<const UnigramModel>(std::move(m_tokenIds), std::move(tokens), UnigramModel::Options{m_unknownId, hasBytes});
    return {};
}

void VocabularyReader::fillAddedTokens()
{
    const bool strips = stripsAfterTokens(m_vocabulary);
    for (std::size_t id = 0; id < m_parts.entries.size(); ++id) {
        const TokenizerParts::Entry& entry = m_parts.entries[id];
        const bool newlines = m_newlinesWhole && entry.text.find_first_not_of('\n') == std::string::npos;
        if (!entry.verbatim && typeOf(id) != TokenType::userDefined && !newlines)
            continue;
        AddedToken token;
        token.id = static_cast<int>(id);
        token.content = entry.text;
        token.special = entry.special;
        token.rightStrip = strips && stripsAfter(entry.text);
        if (m_findsEscaped && !token.special)
            m_parts.normalizedTokens.add(token, m_parts.normalizer.apply(token.content));
        else
            m_parts.rawTokens.add(token, token.content);
    }
    m_parts.rawTokens.finish();
    m_parts.normalizedTokens.finish();
}

Status VocabularyReader::addEnds()
{
    // Gemma 4's files say that nothing is added, and were trained with the beginning.
    const bool addBos = m_vocabulary.model == "gemma4" || m_vocabulary.addBos.value_or(m_addBos);
    if (addBos && !m_parts.bosId)
        return corrupt("the vocabulary wants the beginning-of-text token added but does not say which it is.");
    if (addBos)
        m_parts.before.push_back(*m_parts.bosId);
    const bool addEos = m_vocabulary.addEos.value_or(m_addEos);
    if (addEos && !m_parts.eosId)
        return corrupt("the vocabulary wants the end-of-text token added but does not say which it is.");
    if (addEos)
        m_parts.after.push_back(*m_parts.eosId);
    return {};
}

} // namespace

Result<std::unique_ptr<TokenizerParts>> readVocabulary(Vocabulary vocabulary)
{
    auto parts = std::make_unique<TokenizerParts>();
    PRECEDENT_TRY(VocabularyReader(std::move(vocabulary), *parts).read());
    return parts;
}

} // namespace precedent::text
