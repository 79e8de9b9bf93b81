#include <QtTest>

#include "tokenizer_fixtures.h"

using namespace precedent;
using namespace precedent::text;
using namespace precedent::text::test;

class TestTokenizerFiles : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void missingFilesAreNamed()
    {
        const Result<TokenizerPtr> result = Tokenizer::load(kFixtures);
        QVERIFY(!result.ok());
        QCOMPARE(result.error().code(), ErrorCode::notFound);
        QVERIFY(result.error().message().find("tokenizers") != std::string::npos);
        QVERIFY(result.error().hint().find("tokenizer.json") != std::string::npos);
        QCOMPARE(Tokenizer::load("/no/such/folder/tokenizer.json").error().code(), ErrorCode::notFound);
    }

    void refusesWhatItCannotRead_data()
    {
        QTest::addColumn<QString>("pointer");
        QTest::addColumn<QString>("entry");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("named");
        const int unsupported = static_cast<int>(ErrorCode::unsupported);
        const int corrupt = static_cast<int>(ErrorCode::corrupt);
        QTest::newRow("model type") << "/model/type"
                                    << "\"WordPiece\"" << unsupported << "WordPiece";
        QTest::newRow("dropout") << "/model/dropout"
                                 << "0.1" << unsupported << "dropout";
        QTest::newRow("suffix") << "/model/end_of_word_suffix"
                                << "\"</w>\"" << unsupported << "end_of_word_suffix";
        QTest::newRow("normalizer") << "/normalizer"
                                    << R"({"type":"BertNormalizer"})" << unsupported << "normalizer: the type \"BertNormalizer\"";
        QTest::newRow("pre-tokenizer") << "/pre_tokenizer"
                                       << R"({"type":"UnicodeScripts"})" << unsupported << "UnicodeScripts";
        QTest::newRow("behavior") << "/pre_tokenizer"
                                  << R"({"type":"Split","pattern":{"String":"a"},"behavior":"Odd"})" << unsupported << "Odd";
        QTest::newRow("expression") << "/pre_tokenizer"
                                    << R"({"type":"Split","pattern":{"Regex":"*a"},"behavior":"Isolated"})" << unsupported
                                    << "not understood at byte";
        QTest::newRow("post-processor") << "/post_processor"
                                        << R"({"type":"BertProcessing"})" << unsupported << "BertProcessing";
        QTest::newRow("decoder") << "/decoder"
                                 << R"({"type":"WordPiece"})" << unsupported << "WordPiece";
        QTest::newRow("decoder after fuse") << "/decoder"
                                            << R"({"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"ByteLevel"}]})" << unsupported
                                            << "after Fuse";
        QTest::newRow("template token") << "/post_processor"
                                        << R"({"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<x>"}}],"special_tokens":{}})"
                                        << corrupt << "<x>";
        QTest::newRow("no vocabulary") << "/model/vocab"
                                       << "{}" << corrupt << "no vocabulary";
        QTest::newRow("vocabulary of text") << "/model/vocab"
                                            << R"({"a":"b"})" << corrupt << "\"a\"";
        QTest::newRow("negative id") << "/model/vocab"
                                     << R"({"a":-1})" << corrupt << "\"a\"";
        QTest::newRow("enormous id") << "/model/vocab"
                                     << R"({"a":99999999999})" << corrupt << "\"a\"";
        QTest::newRow("vocabulary as list") << "/model/vocab"
                                            << R"([["a",1]])" << corrupt << "vocabulary";
        QTest::newRow("merge of three") << "/model/merges"
                                        << R"(["a b c"])" << corrupt << "merge 1";
        QTest::newRow("merge pair of three") << "/model/merges"
                                             << R"([["a","b","c"]])" << corrupt << "merge 1";
        QTest::newRow("merge of unknown tokens") << "/model/merges"
                                                 << R"(["a zzz"])" << corrupt << "zzz";
        QTest::newRow("merges as numbers") << "/model/merges"
                                           << "[1]" << corrupt << "merges";
        QTest::newRow("added token without id") << "/added_tokens"
                                                << R"([{"content":"x"}])" << corrupt << "entry 1";
        QTest::newRow("added tokens as text") << "/added_tokens"
                                              << "\"x\"" << corrupt << "added_tokens";
        QTest::newRow("model as list") << "/model"
                                       << "[]" << corrupt << "model";
    }

    void refusesWhatItCannotRead()
    {
        QFETCH(QString, pointer);
        QFETCH(QString, entry);
        QFETCH(int, code);
        QFETCH(QString, named);
        const Changed changed("byte_level", [&](nlohmann::json& json) {
            json[nlohmann::json::json_pointer(pointer.toStdString())] = nlohmann::json::parse(entry.toStdString());
        });
        const Result<TokenizerPtr> result = Tokenizer::load(changed.folder());
        QVERIFY(!result.ok());
        QCOMPARE(static_cast<int>(result.error().code()), code);
        QVERIFY2(QString::fromStdString(result.error().message()).contains(named), result.error().message().c_str());
        QVERIFY(result.error().message().find("tokenizer.json") != std::string::npos);
    }

    void survivesHostileFiles_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::newRow("empty") << QByteArray();
        QTest::newRow("null") << QByteArray("null");
        QTest::newRow("list") << QByteArray("[]");
        QTest::newRow("object") << QByteArray("{}");
        QTest::newRow("deep") << QByteArray(R"({"normalizer":)") + QByteArray(200'000, '[') + QByteArray(200'000, ']') + "}";
        QTest::newRow("deep sequences") << QByteArray(R"({"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"normalizer":)") +
                QByteArray(R"({"type":"Sequence","normalizers":[)").repeated(5000) + QByteArray("]}").repeated(5000) + "}";
        QTest::newRow("deep merges") << QByteArray(R"({"model":{"vocab":{"a":0},"merges":)") + QByteArray(100'000, '[') +
                QByteArray(100'000, ']') + "}}";
        QTest::newRow("broken text") << QByteArray("{\"model\":{\"vocab\":{\"\xff\":0}}}");
        QTest::newRow("nested vocabulary") << QByteArray(R"({"model":{"vocab":{"a":{"b":1}},"merges":[]}})");
    }

    void survivesHostileFiles()
    {
        QFETCH(QByteArray, bytes);
        const Changed changed("byte_level", [](nlohmann::json&) {});
        changed.write("tokenizer.json", bytes.toStdString());
        QVERIFY(!Tokenizer::load(changed.folder()).ok());
    }

    void survivesFilesCutOffAnywhere()
    {
        const std::string whole = *readFile(kFixtures / "byte_fallback" / "tokenizer.json");
        const Changed changed("byte_level", [](nlohmann::json&) {});
        for (std::size_t length = 0; length < whole.size() - 1; length += 97) {
            changed.write("tokenizer.json", whole.substr(0, length));
            QVERIFY(!Tokenizer::load(changed.folder()).ok());
        }
    }

    void settingsBesideMayBeBroken()
    {
        const Changed changed("byte_level", [](nlohmann::json&) {});
        changed.write("tokenizer_config.json", "{\"eos_token\": [1, 2], \"bos_token\"");
        changed.write("special_tokens_map.json", R"({"eos_token": {"content": "<|end|>"}, "bos_token": 7})");
        changed.write("config.json", R"({"bos_token_id": 99999})");
        const TokenizerPtr t = changed.tokenizer();
        QVERIFY(t);
        QCOMPARE(t->eosId(), t->idOf("<|end|>"));
        QVERIFY(!t->bosId().has_value());
    }
};

QTEST_GUILESS_MAIN(TestTokenizerFiles)
#include "tst_tokenizer_files.moc"
