#pragma once

#include "tokenizer_fixtures.h"

namespace precedent::text::test {

/// One of the small SentencePiece models, as make_sentencepiece.py wrote it.
inline nlohmann::json recordOf(const std::string& name)
{
    return nlohmann::json::parse(*readFile(kFixtures / "sentencepiece" / (name + ".json")));
}

inline Vocabulary vocabularyOf(const nlohmann::json& record)
{
    Vocabulary v;
    v.model = record["model"];
    v.tokens = record["tokens"].get<Texts>();
    v.scores = record["scores"].get<std::vector<float>>();
    v.types = record["types"].get<std::vector<std::int32_t>>();
    v.bosId = 1;
    v.eosId = 2;
    v.unknownId = 0;
    v.addSpacePrefix = record["add_space_prefix"].get<bool>();
    v.removeExtraWhitespaces = record["remove_extra_whitespaces"].get<bool>();
    v.charactersMap = QByteArray::fromBase64(QByteArray::fromStdString(record["charsmap"])).toStdString();
    return v;
}

inline TokenizerPtr made(Vocabulary vocabulary)
{
    Result<TokenizerPtr> tokenizer = Tokenizer::fromVocabulary(std::move(vocabulary));
    if (!tokenizer)
        qWarning("%s", tokenizer.error().message().c_str());
    return tokenizer ? *tokenizer : nullptr;
}

/// Byte-level BPE of three letters, with every byte a token.
inline Vocabulary byteLevelVocabulary()
{
    Vocabulary v;
    v.model = "gpt2";
    v.pre = "gpt-2";
    const TokenizerPtr letters = loaded(kFixtures / "byte_level");
    for (int id = 0; id < letters->vocabularySize(); ++id) {
        v.tokens.push_back(letters->tokenText(id));
        v.types.push_back(static_cast<std::int32_t>(letters->isSpecial(id) ? TokenType::control : TokenType::normal));
    }
    v.merges = nlohmann::json::parse(*readFile(kFixtures / "byte_level" / "tokenizer.json"))["model"]["merges"].get<Texts>();
    v.bosId = letters->idOf("<|user|>");
    v.eosId = letters->eosId();
    return v;
}

} // namespace precedent::text::test
