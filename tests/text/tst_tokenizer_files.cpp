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
                                    << "\"WordLevel\"" << unsupported << "WordLevel";
        QTest::newRow("dropout") << "/model/dropout"
                                 << "0.1" << unsupported << "dropout";
        QTest::newRow("suffix") << "/model/end_of_word_suffix"
                                << "\"</w>\"" << unsupported << "end_of_word_suffix";
        QTest::newRow("normalizer") << "/normalizer"
                                    << R"({"type":"ByteLevel"})" << unsupported << "normalizer: the type \"ByteLevel\"";
        QTest::newRow("pre-tokenizer") << "/pre_tokenizer"
                                       << R"({"type":"UnicodeScripts"})" << unsupported << "UnicodeScripts";
        QTest::newRow("behavior") << "/pre_tokenizer"
                                  << R"({"type":"Split","pattern":{"String":"a"},"behavior":"Odd"})" << unsupported << "Odd";
        QTest::newRow("expression") << "/pre_tokenizer"
                                    << R"({"type":"Split","pattern":{"Regex":"*a"},"behavior":"Isolated"})" << unsupported
                                    << "not understood at byte";
        QTest::newRow("post-processor") << "/post_processor"
                                        << R"({"type":"PairProcessing"})" << unsupported << "PairProcessing";
        QTest::newRow("separators") << "/post_processor"
                                    << R"({"type":"BertProcessing","sep":["[SEP]",2]})" << corrupt << "\"cls\" is no token";
        QTest::newRow("decoder") << "/decoder"
                                 << R"({"type":"CTC"})" << unsupported << "CTC";
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
        QTest::newRow("id of 2 to the 31") << "/model/vocab"
                                           << R"({"a":2147483648})" << corrupt << "\"a\"";
        QTest::newRow("id as a fraction") << "/model/vocab"
                                          << R"({"a":0.5})" << corrupt << "\"a\"";
        QTest::newRow("id far beyond the others") << "/model"
                                                  << R"({"vocab":{"a":0,"b":16777215},"merges":[]})" << corrupt << "16777215";
        QTest::newRow("ids given twice") << "/model"
                                         << R"({"vocab":{"a":0,"b":0},"merges":[]})" << corrupt << "both have the id 0";
        QTest::newRow("added id given twice") << "/added_tokens"
                                              << R"([{"id":0,"content":"x"},{"id":0,"content":"y"}])" << corrupt << "both have the id 0";
        QTest::newRow("added id of 2 to the 31") << "/added_tokens"
                                                 << R"([{"id":2147483648,"content":"x"}])" << corrupt << "entry 1";
        QTest::newRow("added id far beyond the others") << "/added_tokens"
                                                        << R"([{"id":16777215,"content":"x"}])" << corrupt << "16777215";
        QTest::newRow("unigram without tokens") << "/model"
                                                << R"({"type":"Unigram","vocab":[]})" << corrupt << "no vocabulary";
        QTest::newRow("unigram of ids") << "/model"
                                        << R"({"type":"Unigram","vocab":{"a":0}})" << corrupt << "no vocabulary";
        QTest::newRow("unigram score as text") << "/model"
                                               << R"({"type":"Unigram","vocab":[["a","b"]]})" << corrupt << "vocabulary";
        QTest::newRow("unigram token of three") << "/model"
                                                << R"({"type":"Unigram","vocab":[["a",0,0]]})" << corrupt << "vocabulary";
        QTest::newRow("unigram's unknown id") << "/model"
                                              << R"({"type":"Unigram","unk_id":1,"vocab":[["a",0]]})" << corrupt << "\"unk_id\" is 1";
        QTest::newRow("map of no base64") << "/normalizer"
                                          << R"({"type":"Precompiled","precompiled_charsmap":"a*"})" << corrupt << "base64";
        QTest::newRow("map cut off") << "/normalizer"
                                     << R"({"type":"Precompiled","precompiled_charsmap":"AAA="})" << corrupt << "map of characters";
        QTest::newRow("map with a large array")
            << "/normalizer"
            << R"({"type":"Precompiled","precompiled_charsmap":"/////wAAAAA="})" << corrupt << "map of characters";
        QTest::newRow("Metaspace of two characters") << "/pre_tokenizer"
                                                     << R"({"type":"Metaspace","replacement":"ab"})" << unsupported << "one character";
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
        QTest::newRow("number too large") << QByteArray(R"({"model":{"type":"Unigram","vocab":[["a",1e999]]}})");
        QTest::newRow("deep vocabulary") << QByteArray(R"({"model":{"vocab":)") + QByteArray(100'000, '[') + QByteArray(100'000, ']') +
                "}}";
        QTest::newRow("many values") << QByteArray(R"({"model":{"vocab":{"a":0},"merges":[]},"added_tokens":[0)") +
                QByteArray(",0").repeated(600'000) + "]}";
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

    /// Each step doubles the text, so that all of them would fill any memory.
    void stepsThatBlowATextUpAreLeftOut()
    {
        const Changed changed("byte_fallback", [](nlohmann::json& json) {
            nlohmann::json doubling = {{"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", "aa"}};
            json["normalizer"] = {{"type", "Sequence"}, {"normalizers", std::vector<nlohmann::json>(200, doubling)}};
            json["pre_tokenizer"] = {{"type", "Sequence"},
                {"pretokenizers",
                    std::vector<nlohmann::json>(60, {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"use_regex", true}})}};
            doubling["pattern"]["String"] = "<";
            doubling["content"] = "<<";
            json["decoder"] = {{"type", "Sequence"}, {"decoders", std::vector<nlohmann::json>(200, doubling)}};
        });
        const TokenizerPtr t = changed.tokenizer();
        QVERIFY(t);
        const Ids ids = t->encode("a cat", false);
        QVERIFY(!ids.empty() && ids.size() < 1'000'000);
        QVERIFY(t->decode(ids).size() < 10'000 * (ids.size() + 1));
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
