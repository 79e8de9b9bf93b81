#include <QtTest/QtTest>

#include <QTemporaryDir>

#include <filesystem>

#include "precedent/workspace/run_folders.h"

using namespace precedent::workspace;

namespace fs = std::filesystem;

class TestRunFolders : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void storedAsNeeded_data();
    void storedAsNeeded();
    void ownRunsFollowTheCasebase();
    void copyLeavesTheOriginalsRunsAlone();
    void linkLeadsToTheCasebasesOwnRuns();
    void relativeNamesAreOfTheWorkingFolder();
    void whatLayBesideARunMovesAlong_data();
    void whatLayBesideARunMovesAlong();
};

void TestRunFolders::storedAsNeeded_data()
{
    QTest::addColumn<QString>("folder");
    QTest::addColumn<QString>("stored");
    QTest::newRow("its own runs") << "/home/ann/team.casebase.runs/run-1"
                                  << "*.runs/run-1";
    QTest::newRow("a checkpoint in them") << "/home/ann/team.casebase.runs/run-1/checkpoint-20"
                                          << "*.runs/run-1/checkpoint-20";
    QTest::newRow("not in order") << "/home/ann/x/../team.casebase.runs/./run-1"
                                  << "*.runs/run-1";
    QTest::newRow("beside the casebase") << "/home/ann/out/run"
                                         << "out/run";
    QTest::newRow("another casebase's runs") << "/home/ann/other.casebase.runs/run-1"
                                             << "other.casebase.runs/run-1";
    QTest::newRow("a name that only begins so") << "/home/ann/team.casebase.runs2/run-1"
                                                << "team.casebase.runs2/run-1";
    QTest::newRow("elsewhere") << "/data/run"
                               << "/data/run";
}

void TestRunFolders::storedAsNeeded()
{
    QFETCH(QString, folder);
    QFETCH(QString, stored);
    const fs::path casebase = "/home/ann/team.casebase";
    QCOMPARE(QString::fromStdString(storedFolder(casebase, folder.toStdString())), stored);
    QCOMPARE(folderFromStored(casebase, stored.toStdString()), fs::path(folder.toStdString()).lexically_normal());
}

void TestRunFolders::ownRunsFollowTheCasebase()
{
    QCOMPARE(folderFromStored("/there/renamed.casebase", "*.runs/run-1"), fs::path("/there/renamed.casebase.runs/run-1"));
    QCOMPARE(folderFromStored("/there/renamed.casebase", "out/run"), fs::path("/there/out/run"));
    QCOMPARE(folderFromStored("/there/renamed.casebase", "/data/run"), fs::path("/data/run"));
}

void TestRunFolders::copyLeavesTheOriginalsRunsAlone()
{
    const std::string stored = storedFolder("/home/ann/a.casebase", "/home/ann/a.casebase.runs/run-1");
    QCOMPARE(folderFromStored("/home/ann/b.casebase", stored), fs::path("/home/ann/b.casebase.runs/run-1"));
}

void TestRunFolders::linkLeadsToTheCasebasesOwnRuns()
{
    const QTemporaryDir made;
    const fs::path folder = fs::canonical(made.path().toStdString());
    fs::create_directories(folder / "store");
    QFile file(QString::fromStdString((folder / "store/a.casebase").string()));
    QVERIFY(file.open(QIODevice::WriteOnly));
    fs::create_symlink(folder / "store/a.casebase", folder / "link.casebase");
    QCOMPARE(runsFolder(folder / "link.casebase"), folder / "store/a.casebase.runs");
    QCOMPARE(storedFolder(folder / "link.casebase", folder / "store/a.casebase.runs/run-1"), std::string("*.runs/run-1"));
    QCOMPARE(folderFromStored(folder / "link.casebase", "*.runs/run-1"), folder / "store/a.casebase.runs/run-1");
}

void TestRunFolders::relativeNamesAreOfTheWorkingFolder()
{
    QCOMPARE(runsFolder("a.casebase"), fs::current_path() / "a.casebase.runs");
    QCOMPARE(storedFolder("a.casebase", "a.casebase.runs/run-1"), std::string("*.runs/run-1"));
    QCOMPARE(folderFromStored("./a.casebase", "*.runs/run-1"), fs::current_path() / "a.casebase.runs/run-1");
}

void TestRunFolders::whatLayBesideARunMovesAlong_data()
{
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("now");
    QTest::newRow("another run's checkpoint") << "/old/a.casebase.runs/run-1/checkpoint-5"
                                              << "/new/b.casebase.runs/run-1/checkpoint-5";
    QTest::newRow("its own") << "/old/a.casebase.runs/run-2/checkpoint-5"
                             << "/new/b.casebase.runs/run-2/checkpoint-5";
    QTest::newRow("a model elsewhere") << "/models/gemma"
                                       << "/models/gemma";
    QTest::newRow("a name that only begins so") << "/old/a.casebase.runs2/x"
                                                << "/old/a.casebase.runs2/x";
    QTest::newRow("nothing") << ""
                             << "";
}

void TestRunFolders::whatLayBesideARunMovesAlong()
{
    QFETCH(QString, path);
    QFETCH(QString, now);
    const fs::path then = "/old/a.casebase.runs/run-2";
    QCOMPARE(movedAlong(path.toStdString(), then, "/new/b.casebase.runs/run-2"), fs::path(now.toStdString()));
    QCOMPARE(movedAlong(path.toStdString(), then, then), fs::path(path.toStdString()));
    QCOMPARE(movedAlong(path.toStdString(), {}, then), fs::path(path.toStdString()));
}

QTEST_GUILESS_MAIN(TestRunFolders)
#include "tst_run_folders.moc"
