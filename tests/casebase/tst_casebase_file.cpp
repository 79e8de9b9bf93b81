#include <sys/stat.h>
#include <unistd.h>

#include "casebase/connection.h"
#include "casebase/schema.h"
#include "casebase_fixture.h"

using namespace precedent;
using namespace precedent::casebase;
using namespace precedent::casebase::test;
namespace fs = std::filesystem;

/// Takes root's rights away for a while, so that read-only places are read-only.
class Unprivileged {
public:
    Unprivileged()
    {
        if (::geteuid() == 0)
            m_dropped = ::seteuid(65534) == 0;
    }
    ~Unprivileged()
    {
        if (m_dropped && ::seteuid(0) != 0)
            qFatal("could not take root's rights back");
    }

private:
    bool m_dropped = false;
};

class TestCasebaseFile : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void createMakesAnEmptyCasebase();
    void createRefusesWhatIsThere();
    void createNamesAMissingFolder();
    void openRefusesWhatIsNoCasebase_data();
    void openRefusesWhatIsNoCasebase();
    void openRefusesANewerCasebaseAndLeavesItAlone();
    void openRefusesACutOffFile();
    void readOnlyRefusesWrites();
    void readOnlyPlaceAnswers();
    void readOnlyPlaceWithPendingLogSaysSo();
    void copyRefusesWhatIsThere();
    void migrationBacksUpFirst();
    void failedMigrationChangesNothing();
    void fullDiskLosesNothing_data();
    void fullDiskLosesNothing();
    void transactionsUndoTheirOwnPart();
    void checkFindsProblems_data();
    void checkFindsProblems();
    void metadataIsKept();
    void clockAndActorAreUsed();
};

void TestCasebaseFile::createMakesAnEmptyCasebase()
{
    const Folder folder;
    const auto path = folder / "new.casebase";
    auto created = Casebase::create(path);
    QVERIFY_OK(created);
    const auto info = (*created)->info();
    QVERIFY_OK(info);
    QCOMPARE(info->schemaVersion, Casebase::kSchemaVersion);
    QCOMPARE(info->cases + info->codes + info->prompts + info->suites + info->runs + info->snapshots, 0);
    QVERIFY(info->sizeBytes > 0);
    const auto problems = (*created)->check();
    QVERIFY_OK(problems);
    QCOMPARE(problems->size(), 0U);
    created->reset();
    const auto bytes = readFile(path);
    QVERIFY_OK(bytes);
    QCOMPARE(bytes->substr(68, 4), std::string("PrCb"));
}

void TestCasebaseFile::createRefusesWhatIsThere()
{
    const Folder folder;
    const auto path = folder.write("old.casebase", "precious");
    const auto created = Casebase::create(path);
    QVERIFY(!created.ok());
    QCOMPARE(int(created.error().code()), int(ErrorCode::alreadyExists));
    QCOMPARE(*readFile(path), std::string("precious"));
}

void TestCasebaseFile::createNamesAMissingFolder()
{
    const Folder folder;
    const auto created = Casebase::create(folder / "none/new.casebase");
    QVERIFY(!created.ok());
    QCOMPARE(int(created.error().code()), int(ErrorCode::notFound));
    QVERIFY(QString::fromStdString(created.error().message()).contains("none/new.casebase"));
}

void TestCasebaseFile::openRefusesWhatIsNoCasebase_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("says");
    QTest::newRow("missing") << QByteArray() << int(ErrorCode::notFound) << "No such file";
    QTest::newRow("empty") << QByteArray("") << int(ErrorCode::corrupt) << "is empty";
    QTest::newRow("text") << QByteArray("id,prompt\n1,hello\n") << int(ErrorCode::corrupt) << "not a casebase";
    QTest::newRow("header only") << QByteArray("SQLite format 3\0abc", 19) << int(ErrorCode::corrupt) << "cut off";
    QTest::newRow("other database") << QByteArray("other") << int(ErrorCode::corrupt) << "application id";
    QTest::newRow("folder") << QByteArray("folder") << int(ErrorCode::invalidArgument) << "folder";
}

void TestCasebaseFile::openRefusesWhatIsNoCasebase()
{
    QFETCH(QByteArray, bytes);
    QFETCH(int, code);
    QFETCH(QString, says);
    const Folder folder;
    const auto path = folder / "x.casebase";
    if (bytes == "folder")
        fs::create_directory(path);
    else if (bytes == "other")
        QVERIFY(tamper(path, "CREATE TABLE t(a)"));
    else if (!bytes.isNull())
        folder.write("x.casebase", bytes.toStdString());
    for (const OpenMode mode : {OpenMode::readOnly, OpenMode::readWrite}) {
        const auto opened = Casebase::open(path, mode);
        QVERIFY(!opened.ok());
        QCOMPARE(int(opened.error().code()), code);
        QVERIFY2(QString::fromStdString(opened.error().message()).contains(says), opened.error().message().c_str());
        QVERIFY(QString::fromStdString(opened.error().message()).contains("x.casebase"));
    }
}

void TestCasebaseFile::openRefusesANewerCasebaseAndLeavesItAlone()
{
    const Folder folder;
    const auto path = folder / "newer.casebase";
    newCasebase(path).reset();
    QVERIFY(tamper(path, "PRAGMA user_version = 99"));
    const auto before = *readFile(path);
    for (const OpenMode mode : {OpenMode::readOnly, OpenMode::readWrite}) {
        const auto opened = Casebase::open(path, mode);
        QVERIFY(!opened.ok());
        QCOMPARE(int(opened.error().code()), int(ErrorCode::tooNew));
        QVERIFY(QString::fromStdString(opened.error().message()).contains("99"));
    }
    QCOMPARE(*readFile(path), before);
}

void TestCasebaseFile::openRefusesACutOffFile()
{
    const Folder folder;
    const auto path = folder / "cut.casebase";
    newCasebase(path).reset();
    const auto size = fs::file_size(path);
    for (const auto bytes : {size / 2, size - 4096, std::uintmax_t{5000}}) {
        fs::resize_file(path, bytes);
        const auto opened = Casebase::open(path, OpenMode::readOnly);
        QVERIFY(!opened.ok());
        QCOMPARE(int(opened.error().code()), int(ErrorCode::corrupt));
    }
}

void TestCasebaseFile::readOnlyRefusesWrites()
{
    const Folder folder;
    const auto path = folder / "a.casebase";
    newCasebase(path).reset();
    auto opened = Casebase::open(path, OpenMode::readOnly);
    QVERIFY_OK(opened);
    const auto status = (*opened)->codes().add(code("S1", "Weapons"));
    QVERIFY(!status.ok());
    QCOMPARE(int(status.error().code()), int(ErrorCode::permissionDenied));
    QCOMPARE((*opened)->check()->size(), 0U);
}

void TestCasebaseFile::readOnlyPlaceAnswers()
{
    const Folder folder;
    const auto path = folder / "a.casebase";
    {
        auto casebase = newCasebase(path);
        QVERIFY_OK(casebase->codes().add(code("S1", "Weapons")));
        QVERIFY_OK(casebase->cases().add(makeCase("Where is the nearest museum of armour?", {{"S1", true}})));
    }
    fs::permissions(path, fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
    fs::permissions(folder.path(),
        fs::perms::owner_read | fs::perms::owner_exec | fs::perms::group_read | fs::perms::group_exec | fs::perms::others_read |
            fs::perms::others_exec);
    {
        const Unprivileged unprivileged;
        auto writing = Casebase::open(path, OpenMode::readWrite);
        QVERIFY(!writing.ok());
        QCOMPARE(int(writing.error().code()), int(ErrorCode::permissionDenied));
        auto opened = Casebase::openAsAllowed(path);
        QVERIFY_OK(opened);
        QVERIFY((*opened)->isReadOnly());
        QCOMPARE((*opened)->info()->cases, 1);
        const auto found = searchCases(**opened, "museum", 10);
        QVERIFY_OK(found);
        QCOMPARE(found->total, 1);
        const auto problems = (*opened)->check();
        QVERIFY_OK(problems);
        QCOMPARE(problems->size(), 0U);
        QVERIFY_OK((*opened)->snapshots().present());
    }
    fs::permissions(folder.path(), fs::perms::owner_all);
    QCOMPARE(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

void TestCasebaseFile::readOnlyPlaceWithPendingLogSaysSo()
{
    const Folder folder;
    const auto path = folder / "a.casebase";
    fs::create_directory(folder / "locked");
    {
        auto casebase = newCasebase(path);
        QVERIFY_OK(casebase->codes().add(code("S1", "Weapons")));
        fs::copy_file(path, folder / "locked/b.casebase");
        fs::copy_file(path.string() + "-wal", folder / "locked/b.casebase-wal");
        for (const char* name : {"locked/b.casebase", "locked/b.casebase-wal"})
            fs::permissions(folder / name, fs::perms::owner_all | fs::perms::group_read | fs::perms::others_read);
    }
    fs::permissions(folder.path(), fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
    fs::permissions(folder / "locked",
        fs::perms::owner_read | fs::perms::owner_exec | fs::perms::group_read | fs::perms::group_exec | fs::perms::others_read |
            fs::perms::others_exec);
    {
        const Unprivileged unprivileged;
        const auto opened = Casebase::open(folder / "locked/b.casebase", OpenMode::readOnly);
        QVERIFY(!opened.ok());
        QCOMPARE(int(opened.error().code()), int(ErrorCode::failedPrecondition));
        QVERIFY(QString::fromStdString(opened.error().message()).contains("-wal"));
    }
    fs::permissions(folder / "locked", fs::perms::owner_all);
    // Where it can be written, nothing was lost.
    auto opened = Casebase::open(folder / "locked/b.casebase", OpenMode::readOnly);
    QVERIFY_OK(opened);
    QCOMPARE((*opened)->info()->codes, 1);
}

void TestCasebaseFile::copyRefusesWhatIsThere()
{
    const Folder folder;
    auto casebase = newCasebase(folder / "a.casebase");
    folder.write("b.casebase", "precious");
    const auto copied = casebase->copyTo(folder / "b.casebase");
    QVERIFY(!copied.ok());
    QCOMPARE(int(copied.error().code()), int(ErrorCode::alreadyExists));
    QCOMPARE(*readFile(folder / "b.casebase"), std::string("precious"));
    const auto nowhere = casebase->copyTo(folder / "none/b.casebase");
    QVERIFY(!nowhere.ok());
    for (const auto& entry : fs::directory_iterator(folder.path()))
        QVERIFY2(entry.path().string().find(".tmp-") == std::string::npos, entry.path().c_str());
}

void TestCasebaseFile::migrationBacksUpFirst()
{
    const Folder folder;
    const auto path = folder / "a.casebase";
    {
        auto casebase = newCasebase(path);
        QVERIFY_OK(casebase->codes().add(code("S1", "Weapons")));
    }
    auto steps = migrations();
    steps.push_back({steps.back().version + 1, "ALTER TABLE codes ADD COLUMN colour TEXT NOT NULL DEFAULT 'none'"});
    for (int round = 0; round < 2; ++round) {
        auto connection = Connection::open(path, {});
        QVERIFY_OK(connection);
        QVERIFY_OK(migrate(**connection, steps));
        QCOMPARE((*connection)->integer("SELECT count(*) FROM codes WHERE colour = 'none'"), 1);
        QCOMPARE((*connection)->integer("PRAGMA user_version"), steps.back().version);
    }
    const std::string backup = path.string() + ".backup-v" + std::to_string(Casebase::kSchemaVersion);
    QVERIFY(fs::exists(backup));
    QVERIFY(!fs::exists(backup + "-2"));
    auto old = Casebase::open(backup, OpenMode::readWrite);
    QVERIFY_OK(old);
    QCOMPARE((*old)->info()->codes, 1);
    // The migrated file is now newer than this program.
    QCOMPARE(int(Casebase::open(path, OpenMode::readOnly).error().code()), int(ErrorCode::tooNew));
}

void TestCasebaseFile::failedMigrationChangesNothing()
{
    const Folder folder;
    const auto path = folder / "a.casebase";
    newCasebase(path).reset();
    auto steps = migrations();
    steps.push_back({steps.back().version + 1, "CREATE TABLE colours(a); CREATE TABLE codes(a)"});
    {
        auto connection = Connection::open(path, {});
        QVERIFY_OK(connection);
        QVERIFY(!migrate(**connection, steps).ok());
    }
    auto opened = Casebase::open(path, OpenMode::readOnly);
    QVERIFY_OK(opened);
    QCOMPARE((*opened)->info()->schemaVersion, Casebase::kSchemaVersion);
    QCOMPARE((*opened)->check()->size(), 0U);
}

void TestCasebaseFile::fullDiskLosesNothing_data()
{
    QTest::addColumn<int>("spare");
    for (const int spare : {0, 1, 2, 5, 20})
        QTest::addRow("%d pages left", spare) << spare;
}

void TestCasebaseFile::fullDiskLosesNothing()
{
    QFETCH(int, spare);
    const Folder folder;
    const auto path = folder / "a.casebase";
    {
        auto casebase = newCasebase(path);
        QVERIFY_OK(casebase->codes().add(code("S1", "Weapons")));
        Connection& connection = casebase->connection();
        connection.execute("PRAGMA max_page_count = " + std::to_string(connection.integer("PRAGMA page_count") + spare));
        const std::string csv = [] {
            std::string text = "prompt,label\n";
            for (int i = 0; i < 20000; ++i)
                text += "A question with the number " + std::to_string(i * 7919) + " in it,benign\n";
            return text;
        }();
        const auto result = Importer(*casebase, {}).import({folder.write("p.csv", csv)});
        QVERIFY(!result.ok());
        QCOMPARE(int(result.error().code()), int(ErrorCode::diskFull));
        QVERIFY(QString::fromStdString(result.error().hint()).contains("unchanged"));
        QCOMPARE(casebase->info()->prompts, 0);
        QCOMPARE(casebase->info()->codes, 1);
    }
    auto opened = Casebase::open(path, OpenMode::readWrite);
    QVERIFY_OK(opened);
    QCOMPARE((*opened)->check()->size(), 0U);
    QVERIFY_OK((*opened)->codes().add(code("S2", "Drugs")));
}

void TestCasebaseFile::transactionsUndoTheirOwnPart()
{
    auto casebase = memoryCasebase();
    const Error stop(ErrorCode::invalidArgument, "stop");
    QVERIFY(!casebase
                 ->transact([&]() -> Status {
                     PRECEDENT_TRY(casebase->codes().add(code("S1", "Weapons")));
                     return stop;
                 })
                 .ok());
    QCOMPARE(casebase->info()->codes, 0);
    QVERIFY_OK(casebase->transact([&]() -> Status {
        PRECEDENT_TRY(casebase->codes().add(code("S1", "Weapons")));
        const Status inner = casebase->transact([&]() -> Status {
            PRECEDENT_TRY(casebase->codes().add(code("S2", "Drugs")));
            return stop;
        });
        return inner.ok() ? Status(stop) : Status();
    }));
    QCOMPARE(casebase->info()->codes, 1);
    QCOMPARE(casebase->check()->size(), 0U);
}

void TestCasebaseFile::checkFindsProblems_data()
{
    QTest::addColumn<QString>("sql");
    QTest::addColumn<QString>("kind");
    QTest::addColumn<bool>("repairable");
    QTest::newRow("text changed past the stores") << "UPDATE codes SET simple = 'other' WHERE id = 'S1'"
                                                  << "audit" << false;
    QTest::newRow("audit entry altered") << "UPDATE audit SET who = 'someone' WHERE sequence = 1"
                                         << "audit" << false;
    QTest::newRow("audit entry removed") << "DELETE FROM audit WHERE sequence = 1"
                                         << "audit" << false;
    QTest::newRow("case added past the stores") << "INSERT INTO cases SELECT 99, 'S1-099', request, same, disposition, chain, answer, "
                                                   "notes, status, source, source_id, tags, twin, "
                                                   "twin_difference, surface, audience, language, jurisdiction, derived, version, "
                                                   "created_ms, updated_ms, turns, id_key FROM cases WHERE n = 1"
                                                << "audit" << false;
    QTest::newRow("search index emptied") << "INSERT INTO cases_index(cases_index) VALUES('delete-all')"
                                          << "search_index" << true;
    QTest::newRow("case without its code") << "UPDATE case_codes SET code = 'S9'"
                                           << "foreign_key" << false;
}

void TestCasebaseFile::checkFindsProblems()
{
    QFETCH(QString, sql);
    QFETCH(QString, kind);
    QFETCH(bool, repairable);
    const Folder folder;
    const auto path = folder / "a.casebase";
    {
        auto casebase = newCasebase(path);
        QVERIFY_OK(casebase->codes().add(code("S1", "Weapons")));
        QVERIFY_OK(casebase->cases().add(makeCase("Where is the museum?", {{"S1", true}})));
        QCOMPARE(casebase->check()->size(), 0U);
    }
    QVERIFY(tamper(path, str(sql)));
    auto casebase = Casebase::open(path, OpenMode::readWrite);
    QVERIFY_OK(casebase);
    const auto problems = (*casebase)->check();
    QVERIFY_OK(problems);
    QVERIFY(!problems->empty());
    const auto of = std::count_if(problems->begin(), problems->end(), [&](const CheckProblem& p) { return p.kind == str(kind); });
    QVERIFY(of > 0);
    QVERIFY_OK((*casebase)->check(true));
    QCOMPARE((*casebase)->check()->empty(), repairable);
}

void TestCasebaseFile::metadataIsKept()
{
    auto casebase = memoryCasebase();
    QVERIFY(!casebase->metadata("a")->has_value());
    QVERIFY_OK(casebase->setMetadata("a", "1"));
    QVERIFY_OK(casebase->setMetadata("a", "2"));
    QCOMPARE(**casebase->metadata("a"), std::string("2"));
}

void TestCasebaseFile::clockAndActorAreUsed()
{
    auto casebase = memoryCasebase();
    casebase->setClock([] { return std::int64_t{42}; });
    casebase->setActor("Ada");
    QVERIFY_OK(casebase->codes().add(code("S1", "Weapons")));
    QCOMPARE(casebase->codes().find("S1")->createdMs, 42);
    QCOMPARE(casebase->audit().history("code", "S1")->front().who, std::string("Ada"));
}

QTEST_GUILESS_MAIN(TestCasebaseFile)
#include "tst_casebase_file.moc"
