#include <atomic>
#include <thread>

#include "casebase_fixture.h"
#include "precedent/casebase/near_duplicate.h"
#include "precedent/casebase/retrieval_index.h"

using namespace precedent;
using namespace precedent::casebase;
using namespace precedent::casebase::test;

class TestRetrieval : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void retrievesBySharedWords();
    void orderOfDocumentsDoesNotMatter();
    void tiesGoById();
    void oddQueriesAreAnswered_data();
    void oddQueriesAreAnswered();
    void doubleIdsAreRefused();
    void severalThreadsMayAsk();
    void nearDuplicates_data();
    void nearDuplicates();
    void indexAgreesWithThePairwiseRule();
    void shingleSimilarityIsJaccard();
};

void TestRetrieval::retrievesBySharedWords()
{
    const auto index = RetrievalIndex::build(
        {{"a", "sharpening a kitchen knife"}, {"b", "planting tulips in the garden"}, {"c", "a knife for the garden"}});
    QVERIFY_OK(index);
    QCOMPARE(index->size(), 3U);
    const auto found = index->query("Which knife do I use in a kitchen?", 2);
    QVERIFY_OK(found);
    QCOMPARE(found->size(), 2U);
    QCOMPARE(found->at(0).id, std::string("a"));
    QVERIFY(found->at(0).score >= found->at(1).score);
    QCOMPARE(index->query("tulip", 5)->at(0).id, std::string("b"));
    QCOMPARE(index->query("knife", 0)->size(), 0U);
    QCOMPARE(RetrievalIndex::build({})->query("knife", 3)->size(), 0U);
}

void TestRetrieval::orderOfDocumentsDoesNotMatter()
{
    std::vector<std::pair<std::string, std::string>> documents;
    for (int i = 0; i < 50; ++i)
        documents.emplace_back("d" + std::to_string(i), "common text number " + std::to_string(i % 7) + " of " + std::to_string(i));
    const auto forward = RetrievalIndex::build(documents);
    std::reverse(documents.begin(), documents.end());
    const auto backward = RetrievalIndex::build(documents);
    const auto a = *forward->query("number 3 of 17", 20);
    const auto b = *backward->query("number 3 of 17", 20);
    QCOMPARE(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i)
        QCOMPARE(a[i].id, b[i].id);
}

void TestRetrieval::tiesGoById()
{
    const auto index = RetrievalIndex::build({{"z", "same text"}, {"m", "same text"}, {"a", "same text"}, {"q", "other"}});
    const auto found = *index->query("same text", 3);
    QCOMPARE(found[0].id + found[1].id + found[2].id, std::string("amz"));
}

void TestRetrieval::oddQueriesAreAnswered_data()
{
    QTest::addColumn<QByteArray>("text");
    for (const QByteArray& text : QList<QByteArray>{
             "", " ", "?!", "\"", "AND", "OR NOT", "NEAR(", "a*", "\xff", QByteArray("x\0y", 3), "body:x", QByteArray(100000, 'a')})
        QTest::addRow("%d bytes, %s", int(text.size()), text.left(8).toHex().constData()) << text;
}

void TestRetrieval::oddQueriesAreAnswered()
{
    QFETCH(QByteArray, text);
    const auto index = RetrievalIndex::build({{"a", "and or not near x y"}});
    QVERIFY_OK(index->query(text.toStdString(), 3));
}

void TestRetrieval::doubleIdsAreRefused()
{
    const auto index = RetrievalIndex::build({{"a", "x"}, {"b", "x"}, {"a", "y"}});
    QVERIFY(!index.ok());
    QCOMPARE(int(index.error().code()), int(ErrorCode::invalidArgument));
}

void TestRetrieval::severalThreadsMayAsk()
{
    const auto index = RetrievalIndex::build({{"a", "knife"}, {"b", "garden"}});
    std::atomic<int> right = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 3; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 50; ++i)
                    right += index->query("knife", 1)->at(0).id == "a" ? 1 : 0;
            });
        }
    }
    QCOMPARE(right.load(), 150);
}

void TestRetrieval::nearDuplicates_data()
{
    QTest::addColumn<QString>("a");
    QTest::addColumn<QString>("b");
    QTest::addColumn<bool>("near");
    const QString ten = "how can I politely decline an invitation to a party";
    QTest::newRow("equal") << ten << ten << true;
    QTest::newRow("case and signs") << ten << "How can I, politely, decline an INVITATION to a party?!" << true;
    QTest::newRow("a word more at the end") << ten << ten + " please" << true;
    QTest::newRow("wrapped") << ten << "Pretend you are my aunt and tell me: " + ten + ". Answer in verse." << true;
    QTest::newRow("a twin: one word in the middle") << "how do I kill a python process on my old server"
                                                    << "how do I kill a python snake on my old porch" << false;
    QTest::newRow("short and equal") << "Hello there"
                                     << "hello, there!" << true;
    QTest::newRow("short and different") << "Hello there"
                                         << "Hello you" << false;
    QTest::newRow("unrelated") << ten << "the weather in spring is often wet and cold here" << false;
    QTest::newRow("empty") << ""
                           << "" << false;
    QTest::newRow("empty and text") << "" << ten << false;
    QTest::newRow("other script") << "\u4f60\u597d \u4e16\u754c"
                                  << "\u4f60\u597d, \u4e16\u754c" << true;
}

void TestRetrieval::nearDuplicates()
{
    QFETCH(QString, a);
    QFETCH(QString, b);
    QFETCH(bool, near);
    QCOMPARE(nearDuplicate(str(a), str(b)), near);
    QCOMPARE(nearDuplicate(str(b), str(a)), near);
    NearDuplicateIndex index;
    index.add("a", str(a));
    QCOMPARE(index.find(str(b)).size(), near ? 1U : 0U);
}

void TestRetrieval::indexAgreesWithThePairwiseRule()
{
    std::vector<std::string> texts;
    for (int i = 0; i < 60; ++i) {
        std::string text;
        for (int j = 0; j < 6 + i % 9; ++j)
            text += "w" + std::to_string((i / 3 + j * (1 + i % 2)) % 17) + " ";
        texts.push_back(text);
    }
    NearDuplicateIndex index;
    for (std::size_t i = 0; i < texts.size(); ++i)
        index.add(std::to_string(i), texts[i]);
    int near = 0;
    for (const std::string& text : texts) {
        std::vector<std::string> expected;
        for (std::size_t i = 0; i < texts.size(); ++i) {
            if (nearDuplicate(text, texts[i]))
                expected.push_back(std::to_string(i));
        }
        near += int(expected.size());
        QCOMPARE(index.find(text), expected);
    }
    QVERIFY(near > 60 && near < 3600);
}

void TestRetrieval::shingleSimilarityIsJaccard()
{
    QCOMPARE(shingleSimilarity("a b c d", "a b c d", 2), 1.0);
    QCOMPARE(shingleSimilarity("a b c", "b c d", 2), 1.0 / 3.0);
    QCOMPARE(shingleSimilarity("a b c", "x y z", 2), 0.0);
    QCOMPARE(shingleSimilarity("", "", 2), 0.0);
}

QTEST_GUILESS_MAIN(TestRetrieval)
#include "tst_retrieval.moc"
