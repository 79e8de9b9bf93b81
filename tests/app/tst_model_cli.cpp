#include <QtTest/QtTest>

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QTemporaryDir>

#include "cli_program.h"
#include "tests/app/model_folder.h"

using namespace precedent;

/// `model import`, `model list` and `model remove`, as a user runs them.
class TestModelCli : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void listSaysWhatTheEngineSays();
    void importedFolderHasAName();
    void copyIsIndependent();
    void dryRunWritesNothing();
    void ggufFileWorksWhereAFolderDoes();
    void refusalsSayWhy_data();
    void refusalsSayWhy();
    void listGoesOnWithoutWhatCannotBeLoaded();
    void removeLeavesTheFiles();
    void removeSaysWhatStays();
    void benchMeasuresEveryBatchAndPrompt();
    void benchRefusesWhatDoesNotFit();

private:
    [[nodiscard]] QString path(const QString& name) const { return m_folder->filePath(name); }
    [[nodiscard]] bool copyStarter(const QString& to) const { return tests::copyStarter(path(to).toStdString()); }
    [[nodiscard]] static QJsonArray listed() { return runCli({"model", "list", "--json"}).json()["models"].toArray(); }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestModelCli::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    qputenv("XDG_DATA_HOME", path("data").toUtf8());
    qputenv("XDG_CACHE_HOME", path("cache").toUtf8());
}

void TestModelCli::listSaysWhatTheEngineSays()
{
    // The engine loads every weight; the list reads headers only, and must not open the engine.
    const CliResult info = runCli({"model", "info", "starter", "--json"});
    QCOMPARE(info.exitCode, 0);
    const QByteArray engine = qgetenv("PRECEDENT_ENGINE");
    qputenv("PRECEDENT_ENGINE", "/nonexistent");
    const QJsonArray models = listed();
    engine.isEmpty() ? qunsetenv("PRECEDENT_ENGINE") : qputenv("PRECEDENT_ENGINE", engine);
    QCOMPARE(models.size(), 1);
    QCOMPARE(models[0].toObject(), info.json());
}

void TestModelCli::importedFolderHasAName()
{
    QVERIFY(copyStarter("mine"));
    const CliResult imported = runCli({"model", "import", path("mine"), "--name", "my-llama", "--json"});
    QCOMPARE(imported.exitCode, 0);
    QCOMPARE(imported.json()["name"].toString(), QString("my-llama"));
    QCOMPARE(imported.json()["path"].toString(), path("mine"));
    QCOMPARE(imported.json()["parameters"].toInt(), 2361408);
    QCOMPARE(imported.json()["sha256"].toString().size(), 64);
    QCOMPARE(runCli({"model", "tokenize", "my-llama", "--text", "Hello", "--json"}).json()["ids"],
        runCli({"model", "tokenize", "starter", "--text", "Hello", "--json"}).json()["ids"]);
    QCOMPARE(listed().size(), 2);
    const CliResult again = runCli({"model", "import", path("mine"), "--json"});
    QCOMPARE(again.exitCode, 1);
    QCOMPARE(again.errorCode(), QString("already_exists"));
}

void TestModelCli::copyIsIndependent()
{
    QVERIFY(copyStarter("mine"));
    const CliResult imported = runCli({"model", "import", path("mine"), "--copy", "--json"});
    QCOMPARE(imported.exitCode, 0);
    QCOMPARE(imported.json()["path"].toString(), path("data/precedent/models/mine"));
    QVERIFY(QDir(path("mine")).removeRecursively());
    QCOMPARE(listed()[1].toObject()["name"].toString(), QString("mine"));
}

void TestModelCli::dryRunWritesNothing()
{
    QVERIFY(copyStarter("mine"));
    const CliResult dry = runCli({"model", "import", path("mine"), "--dry-run", "--json"});
    QCOMPARE(dry.exitCode, 0);
    QVERIFY(dry.json()["dry_run"].toBool());
    QVERIFY(!QFile::exists(path("data")));
    QVERIFY(!QFile::exists(path("cache")));
}

void TestModelCli::ggufFileWorksWhereAFolderDoes()
{
    const QString fixture = QStringLiteral(PRECEDENT_TEST_FIXTURES "/gguf/models/llama-3.1/model.gguf");
    QVERIFY(QFile::copy(fixture, path("tiny.gguf")));
    const CliResult imported = runCli({"model", "import", path("tiny.gguf"), "--json"});
    QVERIFY2(imported.exitCode == 0, imported.out.constData());
    QCOMPARE(imported.json()["name"].toString(), QString("tiny"));
    QCOMPARE(listed()[1].toObject()["path"].toString(), path("tiny.gguf"));
    for (const QString& model : {path("tiny.gguf"), QString("tiny")}) {
        const CliResult info = runCli({"model", "info", model, "--json"});
        QVERIFY2(info.exitCode == 0, info.out.constData());
        QCOMPARE(info.json()["sha256"], imported.json()["sha256"]);
        QCOMPARE(info.json()["licence"].toString(), QString("cc0-1.0"));
        QCOMPARE(runCli({"model", "tokenize", model, "--text", "cab", "--json"}).json()["ids"].toArray(), (QJsonArray{1, 3, 6, 4, 5}));
        const CliResult answer = runCli({"model", "generate", model, "--prompt", "cab", "--max-tokens", "4", "--json"});
        QVERIFY2(answer.exitCode == 0, answer.out.constData());
        QVERIFY(!answer.json()["completions"].toArray().isEmpty());
    }
}

void TestModelCli::refusalsSayWhy_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("code");
    QTest::addColumn<QString>("says");
    QTest::newRow("gguf cut off") << QStringList{"m.gguf"} << "corrupt"
                                  << "does not begin with the letters GGUF";
    QTest::newRow("nothing there") << QStringList{"missing"} << "not_found"
                                   << "is no folder";
    QTest::newRow("no config") << QStringList{"empty"} << "not_found"
                               << "no config.json";
    QTest::newRow("weights cut off") << QStringList{"cut"} << "corrupt"
                                     << "model.safetensors";
    QTest::newRow("name of the starter") << QStringList{"whole", "--name", "starter"} << "invalid_argument"
                                         << "cannot name a model";
}

void TestModelCli::refusalsSayWhy()
{
    QFETCH(QStringList, arguments);
    QFETCH(QString, code);
    QFETCH(QString, says);
    QDir().mkpath(path("empty"));
    QFile gguf(path("m.gguf"));
    QVERIFY(gguf.open(QIODevice::WriteOnly));
    QVERIFY(copyStarter("whole"));
    QVERIFY(copyStarter("cut"));
    QFile weights(path("cut/model.safetensors"));
    QVERIFY(weights.setPermissions(QFile::ReadOwner | QFile::WriteOwner));
    QVERIFY(weights.resize(1000));
    arguments.front() = path(arguments.front());
    const CliResult refused = runCli(QStringList{"model", "import"} + arguments + QStringList{"--json"});
    QCOMPARE(refused.exitCode, 1);
    QCOMPARE(refused.errorCode(), code);
    QVERIFY2(refused.out.contains(says.toUtf8()), refused.out.constData());
    QCOMPARE(listed().size(), 1);
}

void TestModelCli::listGoesOnWithoutWhatCannotBeLoaded()
{
    QVERIFY(copyStarter("mine"));
    QCOMPARE(runCli({"model", "import", path("mine")}).exitCode, 0);
    QVERIFY(QDir(path("mine")).removeRecursively());
    const CliResult list = runCli({"model", "list", "--json"});
    QCOMPARE(list.exitCode, 0);
    QCOMPARE(list.json()["models"].toArray().size(), 1);
    QCOMPARE(list.json()["problems"].toArray().at(0).toObject()["name"].toString(), QString("mine"));
    QVERIFY(list.err.contains("mine: "));
}

void TestModelCli::removeLeavesTheFiles()
{
    QVERIFY(copyStarter("mine"));
    QCOMPARE(runCli({"model", "import", path("mine")}).exitCode, 0);
    const CliResult tried = runCli({"model", "remove", "mine", "--dry-run", "--json"});
    QCOMPARE(tried.exitCode, 0);
    QCOMPARE(tried.json()["path"].toString(), path("mine"));
    QCOMPARE(listed().size(), 2);
    const CliResult removed = runCli({"model", "remove", "mine"});
    QCOMPARE(removed.exitCode, 0);
    QVERIFY(removed.out.contains(path("mine").toUtf8()));
    QCOMPARE(listed().size(), 1);
    QVERIFY(QFile::exists(path("mine/config.json")));
    QCOMPARE(runCli({"model", "import", path("mine")}).exitCode, 0);
    QVERIFY(QDir(path("mine")).removeRecursively());
    QCOMPARE(runCli({"model", "remove", "mine"}).exitCode, 0); // of a folder that is gone
}

void TestModelCli::removeSaysWhatStays()
{
    QVERIFY(copyStarter("mine"));
    const QString copied = runCli({"model", "import", path("mine"), "--copy", "--json"}).json()["path"].toString();
    QVERIFY(!copied.isEmpty());
    const CliResult inFolder = runCli({"model", "remove", "mine"});
    QCOMPARE(inFolder.exitCode, 1);
    QVERIFY2(inFolder.err.contains(copied.toUtf8()), inFolder.err.constData());
    QVERIFY(runCli({"model", "remove", "starter"}).err.contains("ships with the program"));
    QCOMPARE(runCli({"model", "remove", "nothing", "--json"}).errorCode(), QString("not_found"));
    QCOMPARE(listed().size(), 2);
}

void TestModelCli::benchMeasuresEveryBatchAndPrompt()
{
    const CliResult result =
        runCli({"model", "bench", "starter", "--batch", "1,3", "--prompt", "20,40", "--tokens", "4", "--goes", "1", "--json"});
    QCOMPARE(result.exitCode, 0);
    const QJsonObject json = result.json();
    const QJsonArray rows = json["rows"].toArray();
    QCOMPARE(rows.size(), 4);
    for (int i = 0; i < 4; ++i) {
        const QJsonObject row = rows[i].toObject();
        QCOMPARE(row["batch"].toInt(), i < 2 ? 1 : 3);
        QCOMPARE(row["prompt"].toInt(), i % 2 == 0 ? 20 : 40);
        for (const char* key : {"prefill_tokens_per_second", "decode_tokens_per_second", "matmul_share", "bandwidth_share"})
            QVERIFY2(row[key].toDouble() > 0, key);
    }
    QVERIFY(json["peak_rss_bytes"].toDouble() > 1e7);
    const QJsonObject machine = json["machine"].toObject();
    QVERIFY(machine["processor"].toString().size() > 3);
    QVERIFY(machine["threads"].toInt() > 0);
    for (const char* key : {"float32_gigaflops", "bfloat16_gigaflops", "memory_gigabytes"})
        QVERIFY2(machine[key].toDouble() > 0, key);
}

void TestModelCli::benchRefusesWhatDoesNotFit()
{
    const CliResult tooLong = runCli({"model", "bench", "starter", "--prompt", "2000", "--tokens", "100", "--json"});
    QCOMPARE(tooLong.exitCode, 1);
    QCOMPARE(tooLong.json()["error"].toObject()["code"].toString(), QString("invalid_argument"));
    QVERIFY(tooLong.json()["error"].toObject()["message"].toString().contains("2048"));
    QCOMPARE(runCli({"model", "bench", "starter", "--batch", "0"}).exitCode, 2);
}

QTEST_GUILESS_MAIN(TestModelCli)
#include "tst_model_cli.moc"
