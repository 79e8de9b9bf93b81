#include <QtTest>

#include <algorithm>

#include "vocabulary_fixtures.h"

using namespace precedent;
using namespace precedent::text;
using namespace precedent::text::test;

namespace {

/// sentencepiece takes control tokens that are written out in a text for text; this tokenizer does not.
bool hasControlTokens(const std::string& text) { return text.find("<s>") != std::string::npos || text.find("<unk>") != std::string::npos; }

} // namespace

/// Four small models of sentencepiece's own training, against what sentencepiece and tokenizers made of some seventy texts.
class TestTokenizerSentencePiece : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void agrees_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("oracle");
        for (const char* name : {"bpe_prefix", "bpe_symbols", "unigram_map", "unigram_bytes"}) {
            for (const char* oracle : {"sentencepiece", "tokenizers"})
                QTest::addRow("%s, %s", name, oracle) << name << oracle;
        }
    }

    void agrees()
    {
        QFETCH(QString, name);
        QFETCH(QString, oracle);
        const nlohmann::json record = recordOf(name.toStdString());
        const bool vocabulary = oracle == "sentencepiece";
        const TokenizerPtr t =
            vocabulary ? made(vocabularyOf(record)) : loaded(kFixtures / "sentencepiece" / (name.toStdString() + ".tokenizer.json"));
        QVERIFY(t);
        int compared = 0;
        int wrong = 0;
        for (const nlohmann::json& entry : record["cases"]) {
            const auto text = entry["text"].get<std::string>();
            if (vocabulary && hasControlTokens(text))
                continue;
            const Ids ids = t->encode(text, false);
            const Ids expected = entry[oracle.toStdString()].get<Ids>();
            if (ids != expected) {
                ++wrong;
                qWarning() << "text" << QByteArray::fromStdString(text).toPercentEncoding(" ").left(120) << "gives" << ids.size()
                           << "ids, not" << expected.size() << QVector<int>(ids.begin(), ids.end()).mid(0, 20)
                           << QVector<int>(expected.begin(), expected.end()).mid(0, 20);
            }
            const std::string decoded = t->decode(expected);
            const auto expectedText = entry[vocabulary ? "decoded" : "tokenizers_decoded"].get<std::string>();
            // sentencepiece writes something of its own for the unknown token.
            const bool ofUnknown = vocabulary && std::find(expected.begin(), expected.end(), 0) != expected.end();
            if (decoded != expectedText && !ofUnknown) {
                ++wrong;
                qWarning() << "decoded" << QByteArray::fromStdString(decoded).left(120) << "not"
                           << QByteArray::fromStdString(expectedText).left(120);
            }
            QCOMPARE(streamed(t, ids), t->decode(ids));
            ++compared;
        }
        QVERIFY(compared >= 65);
        QCOMPARE(wrong, 0);
    }
};

QTEST_GUILESS_MAIN(TestTokenizerSentencePiece)
#include "tst_tokenizer_sentencepiece.moc"
