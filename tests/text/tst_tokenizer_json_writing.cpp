#include <QtTest>

#include "gguf_vocabulary.h"
#include "precedent/text/vocabulary_writing.h"
#include "writing_fixtures.h"

using namespace precedent;
using namespace precedent::text;
using namespace precedent::text::test;

using VocabularyChange = std::function<void(Vocabulary&)>;
Q_DECLARE_METATYPE(VocabularyChange)

namespace {

/// A folder with what is written of a vocabulary; nothing in it where that fails.
class Written {
public:
    explicit Written(const Vocabulary& vocabulary)
    {
        const Result<std::string> tokenizer = tokenizerJson(vocabulary);
        const Result<std::string> config = tokenizerConfigJson(vocabulary, "");
        if (!tokenizer || !config) {
            qWarning("%s", (tokenizer ? config : tokenizer).error().message().c_str());
            return;
        }
        std::ofstream(folder() / "tokenizer.json", std::ios::binary) << *tokenizer;
        std::ofstream(folder() / "tokenizer_config.json", std::ios::binary) << *config;
    }
    [[nodiscard]] std::filesystem::path folder() const { return m_folder.path().toStdString(); }

private:
    QTemporaryDir m_folder;
};

/// Sixteen tokens over "ab▁" in any order of scores, some of which may be equal.
Vocabulary scoredAtRandom(std::mt19937& random, bool ties)
{
    Vocabulary v = vocabularyOf(recordOf("bpe_prefix"));
    v.addSpacePrefix = random() % 2 == 0;
    Texts tokens{"a", "b", "▁"};
    while (tokens.size() < 16) {
        const std::string token = tokens[random() % tokens.size()] + tokens[random() % tokens.size()];
        if (std::find(tokens.begin(), tokens.end(), token) == tokens.end())
            tokens.push_back(token);
    }
    const std::size_t bytesEnd = 259;
    v.tokens.resize(bytesEnd);
    v.types.resize(bytesEnd);
    v.scores.resize(bytesEnd);
    for (const std::string& token : tokens) {
        v.tokens.push_back(token);
        v.types.push_back(static_cast<std::int32_t>(TokenType::normal));
        v.scores.push_back(-static_cast<float>(ties ? random() % 40 : random()));
    }
    return v;
}

/// The fixture with its user's tokens as Gemma 4's files have them: merges in place of scores.
Vocabulary mergedVocabulary()
{
    Vocabulary v = vocabularyOf(recordOf("bpe_symbols"));
    const nlohmann::json json = nlohmann::json::parse(*readFile(kFixtures / "sentencepiece" / "bpe_symbols.tokenizer.json"));
    for (const nlohmann::json& merge : json["model"]["merges"])
        v.merges.push_back(merge[0].get<std::string>() + " " + merge[1].get<std::string>());
    v.model = "gemma4";
    v.tokens = Texts(v.tokens.size());
    for (const auto& [token, id] : json["model"]["vocab"].items())
        v.tokens[id.get<std::size_t>()] = token;
    return v;
}

} // namespace

class TestTokenizerJsonWriting : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void filesGiveTheIdsOfTheirVocabularies_data()
    {
        QTest::addColumn<QString>("name");
        for (const char* name : {"bpe_prefix", "bpe_symbols", "unigram_map", "unigram_bytes", "gemma4", "gpt-2", "llama-bpe", "qwen2",
                 "smollm", "default", "falcon", "bloom", "gpt-4o", "tekken", "deepseek-v3", "deepseek-coder", "bailingmoe"})
            QTest::newRow(name) << name;
    }

    void filesGiveTheIdsOfTheirVocabularies()
    {
        QFETCH(QString, name);
        const bool isRecorded = name.startsWith("bpe") || name.startsWith("unigram");
        Vocabulary v = isRecorded ? vocabularyOf(recordOf(name.toStdString()))
            : name == "gemma4"    ? mergedVocabulary()
                                  : byteLevelVocabulary();
        if (v.model == "gpt2")
            v.pre = name.toStdString();
        const Written written(v);
        const TokenizerPtr file = loaded(written.folder());
        const TokenizerPtr vocabulary = made(v);
        QVERIFY(file && vocabulary);
        QCOMPARE(file->vocabularySize(), vocabulary->vocabularySize());
        QCOMPARE(file->bosId(), vocabulary->bosId());
        QCOMPARE(file->eosId(), vocabulary->eosId());
        for (int id = 0; id < file->vocabularySize(); ++id) {
            QCOMPARE(file->tokenText(id), vocabulary->tokenText(id));
            QCOMPARE(file->isSpecial(id), vocabulary->isSpecial(id));
        }
        Texts texts = recordedTexts(isRecorded ? name.toStdString() : "bpe_prefix");
        for (const std::string& text : hostileTexts())
            texts.push_back(text);
        // What the declaration excepts of unigrams.
        std::erase_if(texts, [&](const std::string& text) { return v.model == "t5" && isExceptedOfUnigrams(text); });
        QVERIFY(texts.size() > 350);
        QCOMPARE(differences(file, vocabulary, texts), 0);
    }

    void filesOfRealVocabulariesGiveTheirIds_data()
    {
        QTest::addColumn<QString>("name");
        for (const char* name : {"gpt-2", "llama-spm", "phi-3"})
            QTest::newRow(name) << name;
    }

    void filesOfRealVocabulariesGiveTheirIds()
    {
        QFETCH(QString, name);
        const std::filesystem::path path = kShared / ("tokenizers/oracles/ggml-vocab-" + name.toStdString() + ".gguf");
        if (!std::filesystem::exists(path))
            QSKIP("the vocabularies of real models are not on this machine (shared/data/tokenizers/oracles)");
        const auto gguf = formats::GgufFile::open(path);
        QVERIFY(gguf);
        const Vocabulary v = text::test::vocabularyOf(**gguf);
        const Written written(v);
        const TokenizerPtr file = loaded(written.folder());
        QVERIFY(file);
        QCOMPARE(differences(file, made(v), split(*readFile(path.string() + ".inp"), "\n__ggml_vocab_test__\n")), 0);
        QCOMPARE(differences(file, made(v), hostileTexts()), 0);
    }

    void thereAndBackAgain_data()
    {
        QTest::addColumn<QString>("name");
        for (const char* name : {"bpe_prefix", "bpe_symbols", "qwen2"})
            QTest::newRow(name) << name;
    }

    void thereAndBackAgain()
    {
        QFETCH(QString, name);
        Vocabulary v = name == "qwen2" ? byteLevelVocabulary() : vocabularyOf(recordOf(name.toStdString()));
        if (v.model == "gpt2")
            v.pre = name.toStdString();
        const Written written(v);
        const Result<Vocabulary> back = text::vocabularyOf(written.folder());
        QVERIFY2(back.ok(), back.ok() ? "" : back.error().message().c_str());
        QCOMPARE(back->model, v.model);
        QCOMPARE(back->tokens, v.tokens);
        QCOMPARE(back->merges, v.merges);
        QCOMPARE(back->bosId, v.bosId);
        QCOMPARE(differences(made(*back), made(v), hostileTexts()), 0);
    }

    void settingsSayWhatTheVocabularySays()
    {
        Vocabulary v = vocabularyOf(recordOf("bpe_prefix"));
        v.paddingId = 2;
        const nlohmann::json config = nlohmann::json::parse(*tokenizerConfigJson(v, "{{ bos_token }}\n{{ messages[0].content }}"));
        QCOMPARE(config["tokenizer_class"].get<std::string>(), std::string("PreTrainedTokenizerFast"));
        QCOMPARE(config["bos_token"].get<std::string>(), std::string("<s>"));
        QCOMPARE(config["eos_token"].get<std::string>(), std::string("</s>"));
        QCOMPARE(config["pad_token"].get<std::string>(), std::string("</s>"));
        QCOMPARE(config["unk_token"].get<std::string>(), std::string("<unk>"));
        QVERIFY(config["add_bos_token"].get<bool>());
        QVERIFY(!config["add_eos_token"].get<bool>());
        QCOMPARE(config["chat_template"].get<std::string>(), std::string("{{ bos_token }}\n{{ messages[0].content }}"));
        QVERIFY(!nlohmann::json::parse(*tokenizerConfigJson(byteLevelVocabulary(), "")).contains("chat_template"));
        QCOMPARE(tokenizerConfigJson(v, "\xff").error().code(), ErrorCode::corrupt);
        v.eosId = 1 << 20;
        QCOMPARE(tokenizerConfigJson(v, "").error().code(), ErrorCode::corrupt);
    }

    void refusesVocabulariesThatItCannotWrite_data()
    {
        QTest::addColumn<QString>("base");
        QTest::addColumn<VocabularyChange>("change");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("named");
        const auto row = [](const char* name, const char* base, ErrorCode code, const char* named, const VocabularyChange& change) {
            QTest::newRow(name) << base << change << static_cast<int>(code) << named;
        };
        row("one score less", "bpe_prefix", ErrorCode::corrupt, "scores", [](Vocabulary& v) { v.scores.pop_back(); });
        row("one type more", "bpe_prefix", ErrorCode::corrupt, "token types", [](Vocabulary& v) { v.types.push_back(1); });
        row("no tokens", "bpe_prefix", ErrorCode::corrupt, "no tokens", [](Vocabulary& v) { v.tokens.clear(); });
        row("no merges", "", ErrorCode::corrupt, "no merges", [](Vocabulary& v) { v.merges.clear(); });
        row("a beginning that is not there", "", ErrorCode::corrupt, "beginning-of-text", [](Vocabulary& v) { v.bosId = 1 << 20; });
        row("model", "bpe_prefix", ErrorCode::unsupported, "\"rwkv\"", [](Vocabulary& v) { v.model = "rwkv"; });
        row("pre-tokenizer", "", ErrorCode::unsupported, "\"kimi-k2\"", [](Vocabulary& v) { v.pre = "kimi-k2"; });
        row("a token of broken bytes", "bpe_symbols", ErrorCode::unsupported, "the token 303 is no UTF-8",
            [](Vocabulary& v) { v.tokens[303] = "\xe2\x82"; });
        row("tokens of one score that may overlap", "bpe_prefix", ErrorCode::unsupported, "the score of other tokens",
            [](Vocabulary& v) { std::fill(v.scores.begin(), v.scores.end(), -1.0F); });
        row("a token of characters that are none", "bpe_prefix", ErrorCode::unsupported, "becomes [",
            [](Vocabulary& v) { v.tokens[300] = "☃☂"; });
    }

    void refusesVocabulariesThatItCannotWrite()
    {
        QFETCH(QString, base);
        QFETCH(VocabularyChange, change);
        QFETCH(int, code);
        QFETCH(QString, named);
        Vocabulary v = base.isEmpty() ? byteLevelVocabulary() : vocabularyOf(recordOf(base.toStdString()));
        change(v);
        const Result<std::string> result = tokenizerJson(v);
        QVERIFY(!result.ok());
        QVERIFY2(QString::fromStdString(result.error().message()).contains(named), result.error().message().c_str());
        QCOMPARE(static_cast<int>(result.error().code()), code);
    }

    /// They cannot be had in JSON, nor are they needed: no text becomes such a token.
    void emptyTokensAreLeftOut()
    {
        Vocabulary v = vocabularyOf(recordOf("bpe_symbols"));
        v.tokens[300].clear();
        v.tokens[301].clear();
        const Written written(v);
        const TokenizerPtr file = loaded(written.folder());
        QVERIFY(file);
        QCOMPARE(file->vocabularySize(), made(v)->vocabularySize());
        QCOMPARE(differences(file, made(v), hostileTexts()), 0);
    }

    /// What is handed out was compared for the tokens' own texts; it must then hold for all texts.
    void scoresOfAnyKindAgreeOrAreRefused()
    {
        std::mt19937 random(12);
        int agreed = 0;
        int refused = 0;
        for (int round = 0; round < 300; ++round) {
            const Vocabulary v = scoredAtRandom(random, round % 3 == 0);
            const Result<std::string> json = tokenizerJson(v);
            if (!json) {
                QCOMPARE(json.error().code(), ErrorCode::unsupported);
                ++refused;
                continue;
            }
            ++agreed;
            const Result<TokenizerPtr> file = Tokenizer::parse(*json, "what was written");
            QVERIFY(file.ok());
            Texts texts;
            for (int i = 0; i < 100; ++i)
                texts.push_back(randomText(random));
            QCOMPARE(differences(*file, made(v), texts), 0);
        }
        QVERIFY(agreed > 50);
        QVERIFY(refused > 50);
    }
};

QTEST_GUILESS_MAIN(TestTokenizerJsonWriting)
#include "tst_tokenizer_json_writing.moc"
