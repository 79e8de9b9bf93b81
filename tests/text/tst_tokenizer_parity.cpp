#include <QtTest>

#include <iterator>
#include <sstream>

#include "tokenizer_fixtures.h"

using namespace precedent;
using namespace precedent::text;
using namespace precedent::text::test;

class TestTokenizerParity : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void agreesWithRecordedIds_data()
    {
        QTest::addColumn<QString>("tokenizer");
        QTest::addColumn<QString>("oracle");
        QTest::newRow("llama3") << "llama3"
                                << "llama-bpe";
        QTest::newRow("qwen3") << "qwen3"
                               << "qwen2";
        QTest::newRow("qwen3, DeepSeek's record") << "qwen3"
                                                  << "deepseek-r1-qwen";
        QTest::newRow("gemma3") << "gemma3"
                                << "gemma-4";
    }

    void agreesWithRecordedIds()
    {
        QFETCH(QString, tokenizer);
        QFETCH(QString, oracle);
        const std::filesystem::path folder = kShared / "tokenizers";
        const std::filesystem::path stem = folder / "oracles" / ("ggml-vocab-" + oracle.toStdString() + ".gguf");
        if (!std::filesystem::exists(stem.string() + ".inp"))
            QSKIP("the recorded ids of other tokenizers are not on this machine (shared/data/tokenizers)");
        const TokenizerPtr t = loaded(folder / tokenizer.toStdString());
        QVERIFY(t);
        std::vector<std::string> texts = split(*readFile(stem.string() + ".inp"), "\n__ggml_vocab_test__\n");
        const std::vector<std::string> lines = split(*readFile(stem.string() + ".out"), "\n");
        std::size_t compared = 0;
        for (std::size_t i = 0; i < texts.size() && i + 1 < lines.size(); ++i) {
            std::istringstream numbers(lines[i]);
            const Ids expected{std::istream_iterator<int>(numbers), std::istream_iterator<int>()};
            const Ids ids = t->encode(texts[i], false);
            QVERIFY2(ids == expected, ("text " + std::to_string(i)).c_str());
            QCOMPARE(t->decode(ids), texts[i]);
            QCOMPARE(streamed(t, ids), texts[i]);
            ++compared;
        }
        QCOMPARE(compared, std::size_t{46});
    }

    void agreesWithTheStoryModelsRecord()
    {
        const std::filesystem::path folder = kShared / "models" / "tinystories-656k";
        if (!std::filesystem::exists(folder / "encode_oracle.json"))
            QSKIP("the story model is not on this machine (shared/data/models/tinystories-656k)");
        const TokenizerPtr t = loaded(folder);
        QVERIFY(t);
        const nlohmann::json record = nlohmann::json::parse(*readFile(folder / "encode_oracle.json"));
        int compared = 0;
        for (const nlohmann::json& entry : record["cases"]) {
            const auto text = entry["text"].get<std::string>();
            QCOMPARE(t->encode(text, false), entry["ids"].get<Ids>());
            QCOMPARE(t->encode(text, true), entry["ids_special"].get<Ids>());
            ++compared;
        }
        QCOMPARE(compared, 12);
        QCOMPARE(t->bosId(), t->idOf("<|start_story|>"));
    }
};

QTEST_GUILESS_MAIN(TestTokenizerParity)
#include "tst_tokenizer_parity.moc"
