#include "casebase/connection.h"
#include "casebase_fixture.h"

using namespace precedent;
using namespace precedent::casebase;
using namespace precedent::casebase::test;

class TestSearch : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void findsCases_data();
    void findsCases();
    void anyTextIsAQuery_data();
    void anyTextIsAQuery();
    void bestComesFirst();
    void snippetsMarkWords();
    void limitsKeepTheTotal();
    void codesAndPromptsAreFound();
    void searchAllPutsCasesFirst();
    void editsAndRemovalsReachTheIndex();
    void manyWordsAreFine();

private:
    std::unique_ptr<Casebase> m_casebase;
};

void TestSearch::initTestCase()
{
    m_casebase = memoryCasebase();
    QVERIFY_OK(m_casebase->codes().add(code("S1", "Weapons")));
    QVERIFY_OK(m_casebase->codes().add(code("S1.1", "Knives", "S1")));
    QVERIFY_OK(m_casebase->codes().add(code("S2", "Privacy")));
    Case knife = makeCase("How do I sharpen a kitchen knife?", {{"S1.1", true}});
    knife.tags = {"kitchen"};
    knife.status = CaseStatus::approved;
    QVERIFY_OK(m_casebase->cases().add(knife));
    Case address = makeCase("What is the home address of my neighbour?", {{"S2", true}}, Disposition::refuse);
    address.source = "desk";
    QVERIFY_OK(m_casebase->cases().add(address));
    Case cafe = makeCase("Wo ist das Caf\u00e9 M\u00fcller?", {{"S2", true}});
    cafe.request.insert(cafe.request.begin(), {"system", "Answer in German, zwischenruf."});
    QVERIFY_OK(m_casebase->cases().add(cafe));
    QVERIFY_OK(m_casebase->prompts().add(makePrompt("Which knife is best for bread?")));
}

void TestSearch::findsCases_data()
{
    QTest::addColumn<QString>("query");
    QTest::addColumn<QStringList>("ids");
    const QString knife = "S1.1-001";
    const QString address = "S2-001";
    const QString cafe = "S2-002";
    QTest::newRow("a word") << "knife" << QStringList{knife};
    QTest::newRow("another form of it") << "knives sharpening " << QStringList{}; // "knives" is no form that the stemmer knows
    QTest::newRow("stemmed") << "sharpening " << QStringList{knife};
    QTest::newRow("upper case") << "KITCHEN" << QStringList{knife};
    QTest::newRow("beginning of the last word") << "kitch" << QStringList{knife};
    QTest::newRow("beginning of an earlier word") << "kitch knife" << QStringList{};
    QTest::newRow("all words must occur") << "knife address" << QStringList{};
    QTest::newRow("phrase") << "\"kitchen knife\"" << QStringList{knife};
    QTest::newRow("phrase in another order") << "\"knife kitchen\"" << QStringList{};
    QTest::newRow("unclosed quote") << "\"kitchen" << QStringList{knife};
    QTest::newRow("without the accent") << "cafe" << QStringList{cafe};
    QTest::newRow("with the accent") << "caf\u00e9" << QStringList{cafe};
    QTest::newRow("in the system turn") << "zwischenruf" << QStringList{cafe};
    QTest::newRow("in every chain") << "settled" << QStringList{knife, address, cafe};
    QTest::newRow("code") << "code:S2" << QStringList{address, cafe};
    QTest::newRow("code above") << "code:S1" << QStringList{knife};
    QTest::newRow("code and word") << "code:S2 neighbour" << QStringList{address};
    QTest::newRow("disposition") << "disposition:refuse" << QStringList{address};
    QTest::newRow("status") << "status:approved" << QStringList{knife};
    QTest::newRow("tag") << "tag:kitchen" << QStringList{knife};
    QTest::newRow("source") << "source:desk" << QStringList{address};
    QTest::newRow("unknown value of a field") << "disposition:perhaps" << QStringList{};
    QTest::newRow("nothing lists all") << "" << QStringList{knife, address, cafe};
    QTest::newRow("signs list all") << "?! ..." << QStringList{knife, address, cafe};
}

void TestSearch::findsCases()
{
    QFETCH(QString, query);
    QFETCH(QStringList, ids);
    const auto result = searchCases(*m_casebase, str(query), 10);
    QVERIFY_OK(result);
    QStringList found;
    for (const SearchHit& hit : result->hits)
        found << QString::fromStdString(hit.id);
    found.sort();
    QCOMPARE(found, ids);
    QCOMPARE(result->total, ids.size());
}

void TestSearch::anyTextIsAQuery_data()
{
    QTest::addColumn<QByteArray>("query");
    const QList<QByteArray> queries = {"\"", "\"\"", "'", "*", "knife*", "^knife", "knife OR", "OR", "AND AND", "NOT knife", "NEAR(a b)",
        "NEAR", "(", ")", "((knife)", "{request}: knife", "request : knife", "request:knife", "-knife", "+knife", "knife -address", "a\"b",
        "\"a\" b\"c", "--", ";DROP TABLE cases", "%", "_", "\\", "knife\\", "code:", ":", "code::", "tag:\"", "\xff\xfe", "\xe2\x80\x94",
        "\xe2\x80\x94 knife", "\xf0\x9f\x98\x80", "\xcc\x81", QByteArray("a\0b", 3), QByteArray("\0", 1), "1.5e3", "C++", "a.b.c", "@#$",
        "\n\t", "caf\xc3", QByteArray(5000, '"'), QByteArray(5000, 'x')};
    for (int i = 0; i < queries.size(); ++i)
        QTest::addRow("query %d", i) << queries[i];
}

void TestSearch::anyTextIsAQuery()
{
    QFETCH(QByteArray, query);
    const std::string text = query.toStdString();
    QVERIFY_OK(searchCases(*m_casebase, text, 5));
    QVERIFY_OK(searchCodes(*m_casebase, text, 5));
    QVERIFY_OK(searchPrompts(*m_casebase, text, 5));
    QVERIFY_OK(searchAll(*m_casebase, text, 5));
    CaseFilter filter;
    filter.text = text;
    QVERIFY_OK(m_casebase->cases().count(filter));
    // The same text as a retrieval query.
    if (const std::string match = matchAny(text); !match.empty()) {
        Query q = m_casebase->connection().query("SELECT count(*) FROM cases_index WHERE cases_index MATCH ?");
        q.bind(match);
        QVERIFY(q.next());
    }
}

void TestSearch::bestComesFirst()
{
    auto casebase = memoryCasebase();
    QVERIFY_OK(casebase->cases().add(makeCase("bread and butter and jam and many other things that fill a long breakfast table")));
    QVERIFY_OK(casebase->cases().add(makeCase("bread bread bread")));
    for (int i = 0; i < 10; ++i)
        QVERIFY_OK(casebase->cases().add(makeCase("something else " + std::to_string(i))));
    const auto result = searchCases(*casebase, "bread", 10);
    QVERIFY_OK(result);
    QCOMPARE(result->hits.size(), 2U);
    QCOMPARE(result->hits[0].id, std::string("S0-002"));
    QVERIFY(result->hits[0].score > result->hits[1].score);
    QVERIFY(result->hits[1].score > 0);
}

void TestSearch::snippetsMarkWords()
{
    const auto result = searchCases(*m_casebase, "sharpen", 1);
    QVERIFY_OK(result);
    QVERIFY(result->hits.front().snippet.find("[sharpen]") != std::string::npos);
    QCOMPARE(result->hits.front().title, std::string("How do I sharpen a kitchen knife?"));
    QCOMPARE(result->hits.front().kind, std::string("case"));
}

void TestSearch::limitsKeepTheTotal()
{
    const auto result = searchCases(*m_casebase, "settled", 2);
    QVERIFY_OK(result);
    QCOMPARE(result->total, 3);
    QCOMPARE(result->hits.size(), 2U);
    CaseFilter filter;
    filter.codes = {"S2"};
    const auto filtered = searchCases(*m_casebase, "settled", 1, filter);
    QVERIFY_OK(filtered);
    QCOMPARE(filtered->total, 2);
}

void TestSearch::codesAndPromptsAreFound()
{
    QCOMPARE(searchCodes(*m_casebase, "privacy", 5)->hits.front().id, std::string("S2"));
    QCOMPARE(searchCodes(*m_casebase, "detailed form", 5)->total, 3);
    const auto prompts = searchPrompts(*m_casebase, "bread", 5);
    QVERIFY_OK(prompts);
    QCOMPARE(prompts->total, 1);
    QCOMPARE(prompts->hits.front().kind, std::string("prompt"));
}

void TestSearch::searchAllPutsCasesFirst()
{
    const auto result = searchAll(*m_casebase, "knife", 10);
    QVERIFY_OK(result);
    QCOMPARE(result->total, 2);
    QCOMPARE(result->hits[0].kind, std::string("case"));
    QCOMPARE(result->hits[1].kind, std::string("prompt"));
    QCOMPARE(searchAll(*m_casebase, "knife", 1)->hits.size(), 1U);
    QCOMPARE(searchAll(*m_casebase, "knife code:S1", 10)->total, 1);
}

void TestSearch::editsAndRemovalsReachTheIndex()
{
    auto casebase = memoryCasebase();
    const std::string id = *casebase->cases().add(makeCase("giraffe"));
    Case value = *casebase->cases().find(id);
    value.request = {{"user", "elephant"}};
    value.chain = value.answer = "";
    QVERIFY_OK(casebase->cases().update(value));
    QCOMPARE(searchCases(*casebase, "giraffe", 5)->total, 0);
    QCOMPARE(searchCases(*casebase, "elephant", 5)->total, 1);
    QVERIFY_OK(casebase->cases().remove(id));
    QCOMPARE(searchCases(*casebase, "elephant", 5)->total, 0);
    QCOMPARE(casebase->check()->size(), 0U);
}

void TestSearch::manyWordsAreFine()
{
    std::string text;
    for (int i = 0; i < 3000; ++i)
        text += "word" + std::to_string(i) + " ";
    QVERIFY_OK(searchCases(*m_casebase, text, 5));
    Query q = m_casebase->connection().query("SELECT count(*) FROM cases_index WHERE cases_index MATCH ?");
    const std::string match = matchAny(text + "knife");
    q.bind(match);
    QVERIFY(q.next());
    QCOMPARE(q.integer(0), 1);
}

QTEST_GUILESS_MAIN(TestSearch)
#include "tst_search.moc"
