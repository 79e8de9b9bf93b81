#include <QtTest/QtTest>

#include <fstream>

#include "casebase/connection.h"
#include "casebase/schema.h"
#include "tests/casebase/casebase_fixture.h"

using namespace precedent;
using namespace precedent::casebase;
using namespace precedent::casebase::test;

/// A private copy of a casebase, to try an import on.
class TestScratch : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void scratchIsACopyThatGoes();
    void scratchOfAReadOnlyFileCanBeWritten();
    void scratchOfAnOlderCasebaseIsMigrated();
    void scratchKeepsNoWriterWaiting();
    void scratchOfNoCasebaseFails();
};

void TestScratch::scratchIsACopyThatGoes()
{
    const Folder folder;
    auto casebase = newCasebase(folder / "a.casebase");
    QVERIFY_OK(casebase->cases().add(makeCase("stored"))); // still in the log, not in the file
    std::filesystem::path copy;
    {
        auto scratch = Casebase::openScratch(folder / "a.casebase");
        QVERIFY_OK(scratch);
        copy = (*scratch)->path();
        QVERIFY(copy.parent_path() != folder.path());
        QVERIFY_OK((*scratch)->cases().add(makeCase("tried")));
        QCOMPARE(*(*scratch)->cases().count(), 2);
        QVERIFY(std::filesystem::exists(copy));
    }
    QVERIFY(!std::filesystem::exists(copy.parent_path()));
    QCOMPARE(*casebase->cases().count(), 1);
}

void TestScratch::scratchOfAReadOnlyFileCanBeWritten()
{
    const Folder folder;
    newCasebase(folder / "a.casebase").reset();
    std::filesystem::permissions(folder / "a.casebase", std::filesystem::perms::owner_read);
    auto scratch = Casebase::openScratch(folder / "a.casebase");
    QVERIFY_OK(scratch);
    QVERIFY_OK((*scratch)->cases().add(makeCase("tried")));
    QVERIFY(!(*scratch)->isReadOnly());
}

void TestScratch::scratchKeepsNoWriterWaiting()
{
    const Folder folder;
    auto casebase = newCasebase(folder / "a.casebase");
    auto scratch = Casebase::openScratch(folder / "a.casebase");
    QVERIFY_OK(scratch);
    QElapsedTimer timer;
    timer.start();
    // In the middle of a trial, someone writes to the file itself.
    QVERIFY_OK((*scratch)->transact([&]() -> Status {
        const auto tried = (*scratch)->cases().add(makeCase("tried"));
        if (!tried.ok())
            return tried.error();
        const auto added = casebase->cases().add(makeCase("meant"));
        return added.ok() ? Status() : Status(added.error());
    }));
    QVERIFY(timer.elapsed() < 5000); // a lock would wait ten seconds, and fail
    QCOMPARE(*casebase->cases().count(), 1);
}

void TestScratch::scratchOfNoCasebaseFails()
{
    const Folder folder;
    QCOMPARE(int(Casebase::openScratch(folder / "none.casebase").error().code()), int(ErrorCode::notFound));
    folder.write("text.casebase", std::string(5000, 'x'));
    QCOMPARE(int(Casebase::openScratch(folder / "text.casebase").error().code()), int(ErrorCode::corrupt));
}

void TestScratch::scratchOfAnOlderCasebaseIsMigrated()
{
    const Folder folder;
    const auto path = folder / "old.casebase";
    {
        std::ofstream(path).close();
        auto connection = Connection::open(path, {});
        QVERIFY_OK(connection);
        createSchema(**connection, {migrations().front()});
    }
    QCOMPARE(int(Casebase::open(path, OpenMode::readOnly).error().code()), int(ErrorCode::failedPrecondition));
    auto scratch = Casebase::openScratch(path);
    QVERIFY_OK(scratch);
    QCOMPARE((*scratch)->info()->schemaVersion, Casebase::kSchemaVersion);
    QVERIFY(!std::filesystem::exists(path.string() + ".backup-v1")); // the file itself is as it was
}

QTEST_GUILESS_MAIN(TestScratch)
#include "tst_scratch.moc"
