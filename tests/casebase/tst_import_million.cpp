#include <sys/resource.h>

#include "casebase_fixture.h"

using namespace precedent;
using namespace precedent::casebase;
using namespace precedent::casebase::test;

/// A million rows come in, in memory that does not grow with the file. Slow: not part of the default run.
class TestImportMillion : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aMillionRowsInBoundedMemory();
};

void TestImportMillion::aMillionRowsInBoundedMemory()
{
    constexpr int kRows = 1'000'000;
    constexpr long kLargestGrowthKiB = 700 * 1024;
    const Folder folder;
    {
        std::ofstream out(folder / "rows.csv");
        out << "request,disposition,answer\n";
        for (int i = 0; i < kRows; ++i)
            out << "How do I sort list number " << i << " of " << (i % 977) << " shelves?,comply,\"Take them in order, from " << i
                << " on.\"\n";
    }
    auto casebase = newCasebase(folder / "big.casebase");
    rusage before{};
    ::getrusage(RUSAGE_SELF, &before);
    std::int64_t reports = 0;
    ImportOptions options;
    options.onProgress = [&](const ImportProgress&) { ++reports; };
    const auto first = Importer(*casebase, options).import({folder / "rows.csv"});
    QVERIFY_OK(first);
    QCOMPARE(first->imported, kRows);
    QCOMPARE(first->rejectedTotal, 0);
    QVERIFY(reports > 100);
    rusage after{};
    ::getrusage(RUSAGE_SELF, &after);
    qInfo("peak memory grew by %ld KiB", after.ru_maxrss - before.ru_maxrss);
    QVERIFY(after.ru_maxrss - before.ru_maxrss < kLargestGrowthKiB);
    const auto second = Importer(*casebase, options).import({folder / "rows.csv"});
    QVERIFY_OK(second);
    QCOMPARE(second->skipped, kRows);
    QCOMPARE(casebase->info()->cases, kRows);
    const auto found = searchCases(*casebase, "\"list number 123456 of\"", 5);
    QVERIFY_OK(found);
    QCOMPARE(found->total, 1);
}

QTEST_GUILESS_MAIN(TestImportMillion)
#include "tst_import_million.moc"
