#include <QtTest>

#include <QTemporaryDir>

#include <spdlog/spdlog.h>

#include "precedent/base/files.h"
#include "precedent/base/log.h"

using namespace precedent;

class TestLog : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anUnknownLevelIsRefusedByName()
    {
        const Status status = setUpLogging("loud", "");
        QVERIFY(!status.ok());
        QCOMPARE(status.error().code(), ErrorCode::invalidArgument);
        QVERIFY(status.error().message().find("loud") != std::string::npos);
        QVERIFY(status.error().hint().find("debug") != std::string::npos);
    }

    void aLogFileThatCannotBeWrittenIsSaid()
    {
        const QTemporaryDir folder;
        const Status status = setUpLogging("info", folder.path().toStdString());
        QVERIFY(!status.ok());
        QCOMPARE(status.error().code(), ErrorCode::io);
    }

    void theFileGetsWhatTheLevelLetsThrough()
    {
        const QTemporaryDir folder;
        const std::string file = folder.filePath("precedent.log").toStdString();
        QVERIFY(setUpLogging("warn", file).ok());
        spdlog::info("quiet message");
        spdlog::warn("loud message");
        QVERIFY(setUpLogging("off", "").ok()); // the old logger is let go, which flushes its file
        const Result<std::string> text = readFile(file);
        QVERIFY(text.ok());
        QVERIFY(text->find("loud message") != std::string::npos);
        QVERIFY(text->find("quiet message") == std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestLog)
#include "tst_log.moc"
