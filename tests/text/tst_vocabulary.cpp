#include <QtTest>

#include <cmath>
#include <limits>
#include <random>

#include "vocabulary_fixtures.h"

using namespace precedent;
using namespace precedent::text;
using namespace precedent::text::test;

using Change = std::function<void(Vocabulary&)>;
Q_DECLARE_METATYPE(Change)

class TestVocabulary : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsByteLevelTokensAsTheirTextIs()
    {
        const TokenizerPtr t = made(byteLevelVocabulary());
        QVERIFY(t);
        QCOMPARE(textsOf(*t, t->encode("hello the\n\n<|end|>the")), (Texts{"hello", "Ġthe", "ĊĊ", "<|end|>", "the"}));
        QCOMPARE(t->decode(t->encode("the<|end|>é")), std::string("the<|end|>é"));
        QCOMPARE(t->decode(t->encode("the<|end|>é"), true), std::string("theé"));
        QVERIFY(t->isSpecial(*t->idOf("<|end|>")));
        QCOMPARE(t->eosId(), t->idOf("<|end|>"));
    }

    void addsWhatTheVocabularySays()
    {
        const auto ends = [](const Change& change) {
            Vocabulary v = vocabularyOf(recordOf("bpe_prefix"));
            change(v);
            const TokenizerPtr t = made(std::move(v));
            const Ids ids = t->encode("");
            return t->encode("the").size() - t->encode("the", false).size() == ids.size() ? textsOf(*t, ids) : Texts{"broken"};
        };
        QCOMPARE(ends([](Vocabulary&) {}), (Texts{"<s>"}));
        QCOMPARE(ends([](Vocabulary& v) { v.addEos = true; }), (Texts{"<s>", "</s>"}));
        QCOMPARE(ends([](Vocabulary& v) { v.addBos = false; }), Texts());
        QCOMPARE(ends([](Vocabulary& v) { v.model = "t5"; }), (Texts{"</s>"}));
        // Llama's usual ids, where the file gives none.
        QCOMPARE(ends([](Vocabulary& v) { v.bosId = v.eosId = v.unknownId = std::nullopt; }), (Texts{"<s>"}));
        Vocabulary llama3 = byteLevelVocabulary();
        llama3.pre = "llama-bpe";
        QCOMPARE(textsOf(*made(llama3), made(llama3)->encode("the")), (Texts{"<|user|>", "the"}));
    }

    /// tokenizer.json says so of them; a GGUF file cannot.
    void phi3sSpecialTokensTakeTheSpaceAfterThem()
    {
        Vocabulary v = vocabularyOf(recordOf("bpe_symbols"));
        const TokenizerPtr plain = made(v);
        v.modelName = "Phi-3 Mini";
        v.addSpacePrefix = true;
        const TokenizerPtr phi3 = made(v);
        QCOMPARE(textsOf(*plain, plain->encode("a</s> \na", false)).front(), std::string("a"));
        QCOMPARE(textsOf(*phi3, phi3->encode("a</s>  a", false)), (Texts{"▁a", "</s>", "▁a"}));
        QVERIFY(textsOf(*phi3, phi3->encode("a<s>  a", false)) != (Texts{"▁a", "<s>", "▁a"}));
    }

    void everyKnownSplitIsUnderstood()
    {
        for (const char* pre : {"", "default", "gpt-2", "phi-2", "mpt", "olmo", "smollm", "starcoder", "refact", "command-r", "falcon",
                 "bloom", "viking", "llama-bpe", "llama3", "dbrx", "glm4", "qwen2", "deepseek-r1-qwen", "stablelm2", "qwen35", "minicpm5",
                 "seed-coder", "bailingmoe", "gpt-4o", "tekken", "deepseek-coder", "deepseek-v3", "exaone"}) {
            Vocabulary v = byteLevelVocabulary();
            v.pre = pre;
            const TokenizerPtr t = made(std::move(v));
            QVERIFY2(t, pre);
            const std::string text = "Hello the WORLD's 12345 caf\u00e9\n\n  don't 日本語 \tx";
            QCOMPARE(t->decode(t->encode(text, false)), text);
        }
    }

    void splitsAsTheModelsDo_data()
    {
        QTest::addColumn<QString>("pre");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QStringList>("tokens");
        // "12" and "ĊĊ" are tokens, so whether they come out says where the text was split.
        QTest::newRow("digits together") << "gpt-2"
                                         << "12" << QStringList{"12"};
        QTest::newRow("digits one by one") << "smollm"
                                           << "12" << QStringList{"1", "2"};
        QTest::newRow("digits one by one, Qwen") << "qwen2"
                                                 << "12" << QStringList{"1", "2"};
        QTest::newRow("digits in threes") << "llama-bpe"
                                          << "0012" << QStringList{"0", "0", "1", "2"};
        QTest::newRow("digits in threes, the last two") << "llama-bpe"
                                                        << "00012" << QStringList{"0", "0", "0", "12"};
        QTest::newRow("digits in threes, Falcon") << "falcon"
                                                  << "00012" << QStringList{"0", "0", "0", "12"};
        QTest::newRow("line ends together") << "llama-bpe"
                                            << "\n\n"
                                            << QStringList{"ĊĊ"};
        QTest::newRow("line ends before a word") << "gpt-2"
                                                 << "\n\nthe" << QStringList{"Ċ", "Ċ", "the"};
        QTest::newRow("line ends before a word, Llama") << "llama-bpe"
                                                        << "\n\nthe" << QStringList{"ĊĊ", "the"};
        QTest::newRow("line ends one by one") << "deepseek-coder"
                                              << "\n\n"
                                              << QStringList{"Ċ", "Ċ"};
        QTest::newRow("decomposed letters, as they are") << "llama-bpe"
                                                         << "cafe\u0301" << QStringList{"ca", "f", "e", "Ì", "ģ"};
        QTest::newRow("decomposed letters, composed") << "qwen2"
                                                      << "cafe\u0301" << QStringList{"cafÃ©"};
        QTest::newRow("small after capital letters") << "gpt-4o"
                                                     << "WOthe" << QStringList{"W", "O", "the"};
    }

    void splitsAsTheModelsDo()
    {
        QFETCH(QString, pre);
        QFETCH(QString, text);
        QFETCH(QStringList, tokens);
        Vocabulary v = byteLevelVocabulary();
        v.pre = pre.toStdString();
        const TokenizerPtr t = made(std::move(v));
        QVERIFY(t);
        QStringList found;
        for (const std::string& token : textsOf(*t, t->encode(text.toStdString(), false)))
            found << QString::fromStdString(token);
        QCOMPARE(found, tokens);
    }

    void refusesWhatDoesNotFit_data()
    {
        QTest::addColumn<QString>("base");
        QTest::addColumn<Change>("change");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("named");
        const auto row = [](const char* name, const char* base, ErrorCode code, const char* named, const Change& change) {
            QTest::newRow(name) << base << change << static_cast<int>(code) << named;
        };
        const ErrorCode corrupt = ErrorCode::corrupt;
        const ErrorCode unsupported = ErrorCode::unsupported;
        row("model", "bpe_prefix", unsupported, "\"rwkv\"", [](Vocabulary& v) { v.model = "rwkv"; });
        row("no model", "bpe_prefix", unsupported, "\"\"", [](Vocabulary& v) { v.model.clear(); });
        row("pre-tokenizer", "", unsupported, "\"kimi-k2\"", [](Vocabulary& v) { v.pre = "kimi-k2"; });
        row("no tokens", "bpe_prefix", corrupt, "no tokens", [](Vocabulary& v) { v.tokens.clear(); });
        row("one score less", "bpe_prefix", corrupt, "scores", [](Vocabulary& v) { v.scores.pop_back(); });
        row("no scores", "bpe_prefix", corrupt, "0 scores", [](Vocabulary& v) { v.scores.clear(); });
        row("one score for bytes", "", corrupt, "1 scores", [](Vocabulary& v) { v.scores = {1}; });
        row("one type more", "bpe_prefix", corrupt, "token types", [](Vocabulary& v) { v.types.push_back(1); });
        row("a type that is none", "bpe_prefix", corrupt, "is 7", [](Vocabulary& v) { v.types[9] = 7; });
        row("a type below zero", "bpe_prefix", corrupt, "is -1", [](Vocabulary& v) { v.types[9] = -1; });
        row("a score that is no number", "unigram_map", corrupt, "token 9", [](Vocabulary& v) { v.scores[9] = std::nanf(""); });
        row("an endless score", "bpe_prefix", corrupt, "token 9",
            [](Vocabulary& v) { v.scores[9] = -std::numeric_limits<float>::infinity(); });
        row("a token twice", "bpe_prefix", corrupt, "are both", [](Vocabulary& v) { v.tokens[9] = v.tokens[8]; });
        row("a broken token twice", "bpe_prefix", corrupt, "are both", [](Vocabulary& v) { v.tokens[9] = v.tokens[8] = "\xff"; });
        row("beginning beyond the end", "bpe_prefix", corrupt, "beginning-of-text",
            [](Vocabulary& v) { v.bosId = static_cast<std::int64_t>(v.tokens.size()); });
        row("end of 2 to the 31", "bpe_prefix", corrupt, "2147483648", [](Vocabulary& v) { v.eosId = std::int64_t{1} << 31; });
        row("unknown below zero", "bpe_prefix", corrupt, "-1", [](Vocabulary& v) { v.unknownId = -1; });
        row("padding beyond the end", "bpe_prefix", corrupt, "padding", [](Vocabulary& v) { v.paddingId = 1 << 30; });
        row("a beginning that is not there", "", corrupt, "does not say", [](Vocabulary& v) {
            v.addBos = true;
            v.bosId = std::nullopt;
        });
        row("an end that is not there", "", corrupt, "does not say", [](Vocabulary& v) {
            v.addEos = true;
            v.eosId = std::nullopt;
        });
        row("no merges", "", corrupt, "no merges", [](Vocabulary& v) { v.merges.clear(); });
        row("a merge of one", "", corrupt, "merge 24", [](Vocabulary& v) { v.merges.push_back("a"); });
        row("a merge of three", "", corrupt, "merge 24", [](Vocabulary& v) { v.merges.push_back("a b c"); });
        row("a merge of a token that is not there", "", corrupt, "\"zzz\"", [](Vocabulary& v) { v.merges.push_back("a zzz"); });
        row("a merge into a token that is not there", "", corrupt, "\"zq\"", [](Vocabulary& v) { v.merges.push_back("z q"); });
        row("a map cut off", "unigram_map", corrupt, "map of characters", [](Vocabulary& v) { v.charactersMap.resize(3); });
        row("a map without its array", "unigram_map", corrupt, "map of characters", [](Vocabulary& v) { v.charactersMap.resize(100); });
        row("a map without its last end", "unigram_map", corrupt, "without an end", [](Vocabulary& v) { v.charactersMap.back() = 'a'; });
    }

    void refusesWhatDoesNotFit()
    {
        QFETCH(QString, base);
        QFETCH(Change, change);
        QFETCH(int, code);
        QFETCH(QString, named);
        Vocabulary v = base.isEmpty() ? byteLevelVocabulary() : vocabularyOf(recordOf(base.toStdString()));
        change(v);
        const Result<TokenizerPtr> result = Tokenizer::fromVocabulary(std::move(v));
        QVERIFY(!result.ok());
        QCOMPARE(static_cast<int>(result.error().code()), code);
        QVERIFY2(QString::fromStdString(result.error().message()).contains(named), result.error().message().c_str());
    }

    /// A map whose units point anywhere leads nowhere else than into itself.
    void survivesMapsOfAnyBytes()
    {
        std::mt19937 random(3);
        Vocabulary v = vocabularyOf(recordOf("unigram_map"));
        const std::string whole = v.charactersMap;
        for (int round = 0; round < 300; ++round) {
            v.charactersMap = whole;
            for (int i = 0; i < 200; ++i)
                v.charactersMap[4 + random() % (whole.size() - 5)] = static_cast<char>(random());
            const TokenizerPtr t = made(v);
            QVERIFY(t);
            QVERIFY(t->encode("e\u0301 ＡＢ ｶﾞ the … ½").size() < 100'000);
        }
    }

    void tokensMayBeEmptyOrOfAnyBytes()
    {
        Vocabulary v = vocabularyOf(recordOf("bpe_symbols"));
        v.tokens[300].clear();
        v.tokens[301].clear();
        v.tokens[302] = "\xe2\x82";
        v.tokens[303] = "\xff";
        const TokenizerPtr t = made(v);
        QVERIFY(t);
        QCOMPARE(t->decode({300, 302, 301}), std::string("\xEF\xBF\xBD"));
        QCOMPARE(t->encode("\xff", false), (Ids{303}));
        QCOMPARE(t->decode(t->encode("\xe2\x82\xac€", false)), std::string("€€"));
    }

    void withoutTypesAllTokensAreNormal()
    {
        Vocabulary v = vocabularyOf(recordOf("bpe_prefix"));
        v.types.clear();
        const TokenizerPtr t = made(v);
        QVERIFY(t);
        QCOMPARE(t->decode(t->encode("日本 the", false)), std::string("日本 the"));
        QVERIFY(t->isSpecial(*t->bosId()));
    }
};

QTEST_GUILESS_MAIN(TestVocabulary)
#include "tst_vocabulary.moc"
