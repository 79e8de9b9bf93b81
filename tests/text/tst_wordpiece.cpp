// Tokenizers of sentence encoders against what Hugging Face's tokenizers makes of the same texts
// (tests/fixtures/encoder/make_encoders.py).

#include <filesystem>

#include <QTest>

#include "core/text/wordpiece_model.h"
#include "precedent/base/files.h"
#include "precedent/base/json.h"
#include "precedent/text/tokenizer.h"

using namespace precedent;
using namespace precedent::text;

namespace {

const std::filesystem::path kFixtures = std::filesystem::path(PRECEDENT_TEST_FIXTURES) / "encoder";

} // namespace

class TestWordPiece : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void idsAndTextsAreThoseOfTokenizers_data();
    void idsAndTextsAreThoseOfTokenizers();
    void wordsAreCutFromTheirLongestToken_data();
    void wordsAreCutFromTheirLongestToken();
    void brokenBytesAreLeftOut();
};

void TestWordPiece::idsAndTextsAreThoseOfTokenizers_data()
{
    QTest::addColumn<QString>("name");
    QTest::newRow("WordPiece") << "bert";
    QTest::newRow("byte-level BPE with separators") << "roberta";
}

void TestWordPiece::idsAndTextsAreThoseOfTokenizers()
{
    QFETCH(QString, name);
    const auto tokenizer = Tokenizer::load(kFixtures / name.toStdString());
    QVERIFY2(tokenizer.ok(), tokenizer.ok() ? "" : tokenizer.error().message().c_str());
    const auto bytes = readFile(kFixtures / "expected.json");
    QVERIFY(bytes.ok());
    const Json rows = (*parseJson(*bytes, "expected.json"))[name.toStdString()];
    QVERIFY(rows.size() >= 18);
    for (const Json& row : rows) {
        const auto text = row["text"].get<std::string>();
        const auto ids = row["ids"].get<std::vector<int>>();
        QVERIFY2((*tokenizer)->encode(text) == ids, text.c_str());
        QCOMPARE((*tokenizer)->decode(ids), row["decoded"].get<std::string>());
    }
}

void TestWordPiece::wordsAreCutFromTheirLongestToken_data()
{
    QTest::addColumn<QByteArray>("word");
    QTest::addColumn<QVector<int>>("ids");
    QTest::newRow("whole") << QByteArray("knife") << QVector<int>{1};
    QTest::newRow("in two") << QByteArray("knives") << QVector<int>{2, 3};
    QTest::newRow("the longest, though the rest then fails") << QByteArray("knifing") << QVector<int>{0};
    QTest::newRow("a rest that stands only at a start") << QByteArray("kniknife") << QVector<int>{0};
    QTest::newRow("of two bytes a character") << QByteArray("\xC3\xA9knife") << QVector<int>{0};
    QTest::newRow("as long as it may be") << QByteArray("vvvvvvvv") << QVector<int>{5, 6, 6, 6, 6, 6, 6, 6};
    QTest::newRow("too long") << QByteArray("vvvvvvvvv") << QVector<int>{0};
    QTest::newRow("nothing") << QByteArray() << QVector<int>{};
}

void TestWordPiece::wordsAreCutFromTheirLongestToken()
{
    QFETCH(QByteArray, word);
    QFETCH(QVector<int>, ids);
    const WordPieceModel model(
        {{"[UNK]", 0}, {"knife", 1}, {"kni", 2}, {"##ves", 3}, {"##fing", 4}, {"v", 5}, {"##v", 6}, {"knif", 7}}, {"##", 0, 8});
    for (int times = 0; times < 2; ++times) { // anew, and as it was kept
        std::vector<int> found;
        model.encode(word.toStdString(), found);
        QCOMPARE(QVector<int>(found.begin(), found.end()), ids);
    }
}

void TestWordPiece::brokenBytesAreLeftOut()
{
    const auto tokenizer = Tokenizer::load(kFixtures / "bert");
    QVERIFY(tokenizer.ok());
    QCOMPARE((*tokenizer)->encode("kni\xFFves \xE6\xBC"), (*tokenizer)->encode("knives"));
}

QTEST_APPLESS_MAIN(TestWordPiece)
#include "tst_wordpiece.moc"
