#include <QtTest/QtTest>

#include <algorithm>
#include <random>

#include "casebase/connection.h"
#include "casebase/natural_order.h"
#include "casebase/schema.h"
#include "precedent/casebase/importer.h"
#include "tests/casebase/casebase_fixture.h"

using namespace precedent;
using namespace precedent::casebase;
using namespace precedent::casebase::test;

namespace {

constexpr int kManyCases = 20000; ///< PRECEDENT_MANY_CASES for more
constexpr int kPage = 128;
constexpr int kPageAtMostMs = 100;

std::vector<std::string> idsOf(const Casebase& casebase, const CaseQuery& query)
{
    std::vector<std::string> ids;
    const auto page = casebase.cases().page(query);
    for (const CaseSummary& summary : *page)
        ids.push_back(summary.id);
    return ids;
}

void addAll(Casebase& casebase, const std::vector<std::string>& ids)
{
    for (const std::string& id : ids) {
        Case value = makeCase("case " + id);
        value.id = id;
        QVERIFY_OK(casebase.cases().add(value));
    }
}

} // namespace

/// Ids are shown with their numbers as numbers.
class TestNaturalOrder : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void keyOrdersAsTheComparisonDoes();
    void pagesAreInNaturalOrder();
    void olderCasebaseGetsItsKeys();
    void renamedCaseMoves();
    void deepPagesAreFast();
};

void TestNaturalOrder::keyOrdersAsTheComparisonDoes()
{
    std::mt19937 random(7);
    constexpr std::string_view kLetters = "S0129.-aZ\xc3\xa9 ~";
    std::vector<std::string> ids{"", "0", "00", "1", "S1-2", "S1-10", "S2", "S10", "S3-9", "S3-009", "S3-010", "S1-123456789",
        "S1-99999999", "S1-1234567890123456789012345", "S1-0", "S1-", "S1", "S1a", "S1 a"};
    for (int i = 0; i < 500; ++i) {
        std::string id;
        for (std::size_t n = random() % 9; n > 0; --n)
            id += kLetters[random() % kLetters.size()];
        ids.push_back(id);
    }
    for (const std::string& a : ids) {
        for (const std::string& b : ids) {
            if (a != b)
                QVERIFY2((naturalKey(a) < naturalKey(b)) == naturallyBefore(a, b), (a + " | " + b).c_str());
        }
    }
}

void TestNaturalOrder::pagesAreInNaturalOrder()
{
    auto casebase = memoryCasebase();
    addAll(*casebase, {"S10-1", "S2-1", "S1-10", "S1-2", "S1-002", "S1-100"});
    const std::vector<std::string> expected{"S1-002", "S1-2", "S1-10", "S1-100", "S2-1", "S10-1"};
    QCOMPARE(idsOf(*casebase, {}), expected);
    CaseQuery query;
    query.descending = true;
    QCOMPARE(idsOf(*casebase, query), std::vector<std::string>(expected.rbegin(), expected.rend()));
    query.descending = false;
    query.offset = 2;
    query.limit = 2;
    QCOMPARE(idsOf(*casebase, query), (std::vector<std::string>{"S1-10", "S1-100"}));
    query = {};
    query.sort = CaseSort::disposition; // all the same: ties by id
    QCOMPARE(idsOf(*casebase, query), expected);
    query.filter.text = "case";
    query.sort = CaseSort::relevance;
    QCOMPARE(idsOf(*casebase, query).size(), expected.size());
}

void TestNaturalOrder::olderCasebaseGetsItsKeys()
{
    const Folder folder;
    const auto path = folder / "old.casebase";
    {
        std::ofstream(path).close();
        auto connection = Connection::open(path, {});
        QVERIFY_OK(connection);
        createSchema(**connection, {migrations().front()});
        for (const char* id : {"S1-10", "S1-2"})
            (*connection)
                ->execute(std::string("INSERT INTO cases VALUES(NULL, '") + id +
                    "', 'a', 1, 'comply', '', '', '', 'draft', '', '', '[]', NULL, '', '', '', '', '', '{}', 1, 1, 1, '')");
    }
    QCOMPARE(int(Casebase::open(path, OpenMode::readOnly).error().code()), int(ErrorCode::failedPrecondition));
    auto casebase = Casebase::open(path, OpenMode::readWrite);
    QVERIFY_OK(casebase);
    QCOMPARE((*casebase)->info()->schemaVersion, Casebase::kSchemaVersion);
    QVERIFY(std::filesystem::exists(path.string() + ".backup-v1"));
    QCOMPARE(idsOf(**casebase, {}), (std::vector<std::string>{"S1-2", "S1-10"}));
    addAll(**casebase, {"S1-3"});
    QCOMPARE(idsOf(**casebase, {}), (std::vector<std::string>{"S1-2", "S1-3", "S1-10"}));
}

void TestNaturalOrder::renamedCaseMoves()
{
    auto casebase = memoryCasebase();
    addAll(*casebase, {"S1-2", "S1-10"});
    Case value = *casebase->cases().find("S1-10");
    value.answer = "Another answer.";
    QVERIFY_OK(casebase->cases().update(value));
    QCOMPARE(idsOf(*casebase, {}), (std::vector<std::string>{"S1-2", "S1-10"}));
    QVERIFY_OK(casebase->cases().remove("S1-2"));
    QCOMPARE(idsOf(*casebase, {}), (std::vector<std::string>{"S1-10"}));
}

void TestNaturalOrder::deepPagesAreFast()
{
    bool asked = false;
    const int many = qEnvironmentVariableIntValue("PRECEDENT_MANY_CASES", &asked);
    const int cases = asked ? many : kManyCases;
    const Folder folder;
    QFile file(QString::fromStdString((folder / "many.csv").string()));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("id,request,disposition,chain,answer\n");
    for (int i = 1; i <= cases; ++i)
        file.write(QStringLiteral("S%1-%2,May I borrow the number %3 for a week or two?,comply,%4,%4\n")
                       .arg(i % 12 + 1)
                       .arg(i)
                       .arg(i)
                       .arg(QString(300, QLatin1Char('w')))
                       .toUtf8());
    file.close();
    auto casebase = newCasebase(folder / "many.casebase");
    ImportOptions options;
    options.as = ImportTarget::cases;
    QVERIFY_OK(Importer(*casebase, options).import({folder / "many.csv"}));
    QCOMPARE(*casebase->cases().count(), std::int64_t{cases});
    const auto time = [](const char* what, const auto& act) {
        QElapsedTimer timer;
        timer.start();
        act();
        const auto ms = static_cast<double>(timer.nsecsElapsed()) / 1e6;
        qInfo("%s: %.1f ms", what, ms);
        return ms;
    };
    for (const auto& [name, sort] : {std::pair{"id", CaseSort::id}, {"disposition", CaseSort::disposition}}) {
        for (const std::int64_t offset : {std::int64_t{0}, std::int64_t{cases / 2}, std::int64_t{cases - kPage}}) {
            CaseQuery query;
            query.sort = sort;
            query.offset = offset;
            query.limit = kPage;
            const auto label = QStringLiteral("%1 at %2").arg(QLatin1String(name)).arg(offset).toUtf8();
            const double ms = time(label.constData(), [&] { QCOMPARE(casebase->cases().page(query)->size(), std::size_t{kPage}); });
            if (sort == CaseSort::id && !asked)
                QVERIFY(ms < kPageAtMostMs);
        }
    }
    // What the alternatives cost, for who wonders: the bytes' order as it was, and a sort without an index.
    for (const char* order : {"id", "natural_key(id)"}) {
        const std::string sql =
            std::string("SELECT n, id, request FROM cases ORDER BY ") + order + " LIMIT 128 OFFSET " + std::to_string(cases / 2);
        time(order, [&] {
            Query q = casebase->connection().query(sql);
            while (q.next()) { }
        });
    }
}

QTEST_GUILESS_MAIN(TestNaturalOrder)
#include "tst_natural_order.moc"
