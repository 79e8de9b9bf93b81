#include <QtTest>

#include "precedent/text/citations.h"

using namespace precedent::text;

class TestCitations : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void findsIdsInOrderWithRepeats_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QStringList>("ids");
        const auto row = [](const char* name, const char* text, const QStringList& ids) { QTest::newRow(name) << QByteArray(text) << ids; };
        row("codes", "[S3] forbids it, [S3.2] allows it.", {"S3", "S3.2"});
        row("cases", "[C1] is alike, [S3.2-017] is not.", {"C1", "S3.2-017"});
        row("repeats", "[C2] and [C2] and [C1]", {"C2", "C2", "C1"});
        row("several in one bracket", "see [S1, S2.4; C3]", {"S1", "S2.4", "C3"});
        row("spaces inside", "[ S1 ]", {"S1"});
        row("nested", "[[S1] x]", {"S1"});
        row("open twice", "[ [S1]", {"S1"});
        row("end to end", "[S1][S2]", {"S1", "S2"});
        row("lower case", "[s1]", {"s1"});
        row("figures alone", "[1] [2, 3] [2024]", {});
        row("words", "[sic] [x] [not an id] [S] [S1 S2]", {});
        row("half an id", "[S1.] [S1-] [.S1] [S1..2] [S1, ]", {});
        row("never closed", "[S1", {});
        row("across lines", "[S1\n]", {});
        row("empty", "", {});
        row("brackets alone", "[] ][ [[]]", {});
    }

    void findsIdsInOrderWithRepeats()
    {
        QFETCH(QByteArray, text);
        QFETCH(QStringList, ids);
        QStringList found;
        for (const std::string& id : findCitations(text.toStdString()))
            found << QString::fromStdString(id);
        QCOMPARE(found, ids);
    }

    void hostileTextsAreRead()
    {
        QVERIFY(findCitations(std::string(10'000'000, '[')).empty());
        QVERIFY(findCitations("[" + std::string(10'000'000, 'S') + "1]").empty());
        QVERIFY(findCitations("[S1\xff] [\x80]").empty());
        QCOMPARE(findCitations(QByteArray("[S1] ").repeated(1'000'000).toStdString()).size(), std::size_t{1'000'000});
        QCOMPARE(findCitations(std::string("a\0[S1]", 6)).size(), std::size_t{1});
    }
};

QTEST_GUILESS_MAIN(TestCitations)
#include "tst_citations.moc"
