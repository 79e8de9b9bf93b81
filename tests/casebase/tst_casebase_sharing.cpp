#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "casebase_fixture.h"

using namespace precedent;
using namespace precedent::casebase;
using namespace precedent::casebase::test;
namespace fs = std::filesystem;

/// What several connections, and several programs, do to one casebase.
class TestCasebaseSharing : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void closeLeavesOneFile_data();
    void closeLeavesOneFile();
    void openingAgainKeepsTheLocksOfAnOpenCasebase_data();
    void openingAgainKeepsTheLocksOfAnOpenCasebase();
    void copyWhileOpenHoldsWhatIsInTheLog();
    void killedImportLosesNothing();
    void readersSeeWholeTransactionsBesideAWriter();
};

namespace {

/// Whether another process sees that this one has the database open (the lock that every SQLite connection holds while it lives).
bool isLockedForOthers(const fs::path& path)
{
    const pid_t child = ::fork();
    if (child == 0) {
        struct flock lock { };
        lock.l_type = F_WRLCK;
        lock.l_whence = SEEK_SET;
        lock.l_start = 0x40000002; // SQLite's bytes for shared locks
        lock.l_len = 510;
        const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
        ::_exit(fd >= 0 && ::fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? 1 : 0);
    }
    int status = 0;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

} // namespace

void TestCasebaseSharing::closeLeavesOneFile_data()
{
    QTest::addColumn<bool>("write");
    QTest::newRow("after writing") << true;
    QTest::newRow("after reading") << false;
}

void TestCasebaseSharing::closeLeavesOneFile()
{
    QFETCH(bool, write);
    const Folder folder;
    const auto path = folder / "a b%.casebase";
    newCasebase(path).reset();
    {
        auto opened = Casebase::open(path, write ? OpenMode::readWrite : OpenMode::readOnly);
        QVERIFY_OK(opened);
        if (write)
            QVERIFY_OK((*opened)->codes().add(code("S1", "Weapons")));
        QVERIFY_OK((*opened)->info());
    }
    const auto count = std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator());
    QCOMPARE(count, 1);
    auto again = Casebase::open(path, OpenMode::readOnly);
    QVERIFY_OK(again);
    QCOMPARE((*again)->info()->codes, write ? 1 : 0);
}

void TestCasebaseSharing::openingAgainKeepsTheLocksOfAnOpenCasebase_data()
{
    QTest::addColumn<QString>("how");
    for (const char* how : {"to write", "to read", "as a scratch copy"})
        QTest::newRow(how) << QString::fromLatin1(how);
}

/// POSIX takes a process's locks on a file away when any descriptor of it is closed. Another program would then think that nobody has
/// the casebase open, and remove the log that this one goes on writing into.
void TestCasebaseSharing::openingAgainKeepsTheLocksOfAnOpenCasebase()
{
    QFETCH(QString, how);
    const Folder folder;
    const auto path = folder / "open.casebase";
    auto casebase = Casebase::create(path);
    QVERIFY_OK(casebase);
    QVERIFY_OK((*casebase)->info());
    QVERIFY(isLockedForOthers(path));

    if (how == "to write")
        QVERIFY_OK(Casebase::open(path, OpenMode::readWrite));
    else if (how == "to read")
        QVERIFY_OK(Casebase::open(path, OpenMode::readOnly));
    else
        QVERIFY_OK(Casebase::openScratch(path));

    QVERIFY(isLockedForOthers(path));
}

void TestCasebaseSharing::copyWhileOpenHoldsWhatIsInTheLog()
{
    const Folder folder;
    const auto path = folder / "a.casebase";
    auto casebase = newCasebase(path);
    QVERIFY_OK(casebase->codes().add(code("S1", "Weapons")));
    QVERIFY(fs::file_size(path.string() + "-wal") > 0);
    auto other = Casebase::open(path, OpenMode::readWrite);
    QVERIFY_OK(other);
    Status copied;
    QVERIFY_OK((*other)->transact([&]() -> Status {
        PRECEDENT_TRY((*other)->codes().add(code("S2", "Drugs")));
        copied = casebase->copyTo(folder / "copy.casebase");
        return {};
    }));
    QVERIFY_OK(copied);
    auto copy = Casebase::open(folder / "copy.casebase", OpenMode::readOnly);
    QVERIFY_OK(copy);
    QCOMPARE((*copy)->info()->codes, 1);
    QCOMPARE((*copy)->check()->size(), 0U);
    copy->reset();
    QVERIFY(!fs::exists((folder / "copy.casebase").string() + "-wal"));
}

void TestCasebaseSharing::killedImportLosesNothing()
{
    const Folder folder;
    const auto path = folder / "a.casebase";
    {
        auto casebase = newCasebase(path);
        QVERIFY_OK(casebase->codes().add(code("S1", "Weapons")));
    }
    std::string csv = "prompt,label\n";
    for (int i = 0; i < 30000; ++i)
        csv += "A question with the number " + std::to_string(i * 7919) + " in it,benign\n";
    const auto file = folder.write("p.csv", csv);
    const pid_t child = ::fork();
    if (child == 0) {
        auto casebase = Casebase::open(path, OpenMode::readWrite);
        ImportOptions options;
        options.onProgress = [](const ImportProgress& progress) {
            if (progress.rows >= 20000)
                ::raise(SIGKILL);
        };
        if (casebase.ok())
            (void)Importer(**casebase, options).import({file});
        ::_exit(1);
    }
    int how = 0;
    QCOMPARE(::waitpid(child, &how, 0), child);
    QVERIFY(WIFSIGNALED(how));
    auto opened = Casebase::open(path, OpenMode::readWrite);
    QVERIFY_OK(opened);
    QCOMPARE((*opened)->info()->prompts, 0);
    QCOMPARE((*opened)->info()->codes, 1);
    QCOMPARE((*opened)->check()->size(), 0U);
    opened->reset();
    QVERIFY(!fs::exists(path.string() + "-wal"));
}

void TestCasebaseSharing::readersSeeWholeTransactionsBesideAWriter()
{
    const Folder folder;
    const auto path = folder / "a.casebase";
    newCasebase(path).reset();
    std::atomic<bool> done = false;
    std::atomic<int> failures = 0;
    std::jthread writer([&] {
        auto casebase = Casebase::open(path, OpenMode::readWrite);
        for (int i = 0; casebase.ok() && i < 60; ++i) {
            const auto status = (*casebase)->transact([&]() -> Status {
                for (int j = 0; j < 5; ++j) {
                    if (const auto added = (*casebase)->cases().add(makeCase("question " + std::to_string(i * 5 + j))); !added.ok())
                        return added.error();
                }
                return {};
            });
            failures += status.ok() ? 0 : 1;
        }
        failures += casebase.ok() ? 0 : 1;
        done = true;
    });
    std::vector<std::jthread> readers;
    for (int r = 0; r < 2; ++r) {
        readers.emplace_back([&] {
            while (!done) {
                auto casebase = Casebase::open(path, OpenMode::readOnly);
                if (!casebase.ok()) {
                    ++failures;
                    continue;
                }
                const auto count = (*casebase)->cases().count();
                const auto found = searchCases(**casebase, "question", 3);
                failures += count.ok() && *count % 5 == 0 && found.ok() && found->total % 5 == 0 ? 0 : 1;
            }
        });
    }
    writer.join();
    readers.clear();
    QCOMPARE(failures.load(), 0);
    auto casebase = Casebase::open(path, OpenMode::readOnly);
    QVERIFY_OK(casebase);
    QCOMPARE((*casebase)->info()->cases, 300);
    QCOMPARE((*casebase)->check()->size(), 0U);
}

QTEST_GUILESS_MAIN(TestCasebaseSharing)
#include "tst_casebase_sharing.moc"
