#include <QtTest>

#include <QTemporaryDir>

#include <csignal>
#include <fstream>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "precedent/base/files.h"

using namespace precedent;
namespace fs = std::filesystem;

namespace {

std::size_t entries(const fs::path& folder)
{
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

void put(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

/// In a process of its own with a file system of 64 KiB: writes a first version that fits and a second that does not.
/// Exit code 0: refused as a full disk, with the first version kept and nothing left over; 77: no such file system here.
int writeOnAFullDisk(const std::string& folder)
{
    const std::string user = std::to_string(::getuid());
    const std::string group = std::to_string(::getgid());
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return 77;
    put("/proc/self/setgroups", "deny");
    put("/proc/self/uid_map", "0 " + user + " 1");
    put("/proc/self/gid_map", "0 " + group + " 1");
    if (::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=64k") != 0)
        return 77;
    const fs::path path = fs::path(folder) / "file";
    if (!writeFileAtomically(path, "the first version").ok())
        return 1;
    const Status second = writeFileAtomically(path, std::string(1 << 20, 'x'));
    if (second.ok() || second.error().code() != ErrorCode::diskFull || second.error().hint().empty())
        return 2;
    const Result<std::string> kept = readFile(path);
    if (!kept.ok() || *kept != "the first version")
        return 3;
    return entries(folder) == 1 ? 0 : 4;
}

} // namespace

class TestFiles : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void readsBackWhatWasWritten()
    {
        std::string bytes(100'000, '\0');
        for (std::size_t i = 0; i < bytes.size(); ++i)
            bytes[i] = static_cast<char>(i % 256);
        QVERIFY(writeFileAtomically(at("file"), bytes).ok());
        const Result<std::string> read = readFile(at("file"));
        QVERIFY(read.ok());
        QVERIFY(*read == bytes);
        QVERIFY(writeFileAtomically(at("empty"), "").ok());
        QCOMPARE(*readFile(at("empty")), std::string());
    }

    void replacesTheOldFileAndLeavesNothingBeside()
    {
        QVERIFY(writeFileAtomically(at("file"), "a long first version").ok());
        QVERIFY(writeFileAtomically(at("file"), "second").ok());
        QCOMPARE(*readFile(at("file")), std::string("second"));
        QCOMPARE(entries(at("")), std::size_t{1});
    }

    void readErrorsNameTheFile_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("code");
        QTest::newRow("missing") << "nothing"
                                 << "not_found";
        QTest::newRow("folder") << ""
                                << "invalid_argument";
        QTest::newRow("too long") << "long"
                                  << "invalid_argument";
    }

    void readErrorsNameTheFile()
    {
        QFETCH(QString, name);
        QFETCH(QString, code);
        put(at("long"), "123456");
        const Result<std::string> read = readFile(at(name.toStdString()), 5);
        QVERIFY(!read.ok());
        QCOMPARE(QString(toString(read.error().code())), code);
        QVERIFY(read.error().message().find(at(name.toStdString()).string()) != std::string::npos);
    }

    void aFileOfExactlyTheLimitIsRead()
    {
        put(at("file"), "12345");
        QCOMPARE(*readFile(at("file"), 5), std::string("12345"));
    }

    void aFileThatMayNotBeReadSaysSo()
    {
        if (::geteuid() == 0)
            QSKIP("the superuser may read everything");
        put(at("file"), "secret");
        fs::permissions(at("file"), fs::perms::none);
        QCOMPARE(readFile(at("file")).error().code(), ErrorCode::permissionDenied);
    }

    void writeErrorsNameTheFile()
    {
        const Status missing = writeFileAtomically(at("no/such/folder/file"), "x");
        QVERIFY(!missing.ok());
        QCOMPARE(missing.error().code(), ErrorCode::notFound);
        QVERIFY(missing.error().message().find("no/such/folder/file") != std::string::npos);

        fs::create_directory(at("folder"));
        put(at("folder") / "inside", "x");
        QVERIFY(!writeFileAtomically(at("folder"), "x").ok());
        QCOMPARE(entries(at("")), std::size_t{1});
        QCOMPARE(entries(at("folder")), std::size_t{1});
    }

    /// A write that stops half-way: the limit on file sizes makes it do so on any file system.
    void aWriteThatStopsHalfWayKeepsTheOldFile()
    {
        QVERIFY(writeFileAtomically(at("file"), "the first version").ok());
        rlimit before{};
        QCOMPARE(::getrlimit(RLIMIT_FSIZE, &before), 0);
        const auto handler = std::signal(SIGXFSZ, SIG_IGN);
        const rlimit small{10'000, before.rlim_max};
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &small), 0);
        const Status status = writeFileAtomically(at("file"), std::string(50'000, 'x'));
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &before), 0);
        std::signal(SIGXFSZ, handler);
        QVERIFY(!status.ok());
        QCOMPARE(*readFile(at("file")), std::string("the first version"));
        QCOMPARE(entries(at("")), std::size_t{1});
    }

    void aFullDiskIsSaidAndLosesNothing()
    {
        const std::string folder = at("").string();
        const pid_t child = ::fork();
        QVERIFY(child >= 0);
        if (child == 0)
            ::_exit(writeOnAFullDisk(folder));
        int status = 0;
        QCOMPARE(::waitpid(child, &status, 0), child);
        QVERIFY(WIFEXITED(status));
        if (WEXITSTATUS(status) == 77)
            QSKIP("this system lets no test mount a small file system of its own");
        QCOMPARE(WEXITSTATUS(status), 0);
    }

    void flushingAMissingPathIsNotFound()
    {
        QVERIFY(syncPath(at("")).ok());
        QCOMPARE(syncPath(at("nothing")).error().code(), ErrorCode::notFound);
    }

    void resourcesComeFromTheEnvironmentFirst()
    {
        const QByteArray before = qgetenv("PRECEDENT_RESOURCES");
        qputenv("PRECEDENT_RESOURCES", m_folder->path().toUtf8());
        const Result<fs::path> found = resourceFolder();
        qputenv("PRECEDENT_RESOURCES", at("nothing").c_str());
        const Result<fs::path> wrong = resourceFolder();
        qputenv("PRECEDENT_RESOURCES", before);
        QVERIFY(found.ok());
        QCOMPARE(*found, at("").parent_path());
        QVERIFY(!wrong.ok());
        QCOMPARE(wrong.error().code(), ErrorCode::notFound);
        QVERIFY(wrong.error().message().find("nothing") != std::string::npos);
    }

    void userDataFollowsXdg()
    {
        const QByteArray before = qgetenv("XDG_DATA_HOME");
        const QByteArray home = qgetenv("HOME");
        qputenv("HOME", "/home/somebody");
        qputenv("XDG_DATA_HOME", "/somewhere/data");
        QCOMPARE(userDataFolder(), fs::path("/somewhere/data/precedent"));
        qputenv("XDG_DATA_HOME", "relative/paths/are/ignored");
        QCOMPARE(userDataFolder(), fs::path("/home/somebody/.local/share/precedent"));
        qunsetenv("XDG_DATA_HOME");
        QCOMPARE(userDataFolder(), fs::path("/home/somebody/.local/share/precedent"));
        if (!before.isNull())
            qputenv("XDG_DATA_HOME", before);
        qputenv("HOME", home);
    }

private:
    [[nodiscard]] fs::path at(const std::string& name) const { return fs::path(m_folder->path().toStdString()) / name; }

    std::unique_ptr<QTemporaryDir> m_folder;
};

QTEST_GUILESS_MAIN(TestFiles)
#include "tst_files.moc"
