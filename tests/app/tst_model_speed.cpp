#include <QtTest/QtTest>

#include <thread>

#include <QTemporaryDir>

#include "precedent/workspace/model_export.h"
#include "precedent/workspace/model_speed.h"
#include "tests/app/model_folder.h"

using namespace precedent;
using namespace precedent::workspace;
using tests::read;
using tests::write;
namespace fs = std::filesystem;

namespace {

ModelSpeed someSpeed(double tokensPerSecond)
{
    ModelSpeed speed;
    speed.result.rows = {{1, 128, tokensPerSecond, 45.5, 0.5, 0.25}, {8, 128, 900, 200, 0.4, 1.25}};
    speed.result.peakRssBytes = 5'000'000'000;
    speed.result.machine = {"A processor", 2, "amx", "avx512", "avx2", 470, 869, 32.5};
    speed.measuredMs = 1'700'000'000'000;
    return speed;
}

} // namespace

class TestModelSpeed : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void requestFitsTheContext_data();
    void requestFitsTheContext();
    void lastSpeedOfEachModelIsKept();
    void damagedLogsAreToldAndKept_data();
    void damagedLogsAreToldAndKept();
    void programsThatKeepAtOnceLoseNothing();
    void keyNamesWeightsNotWords();
    void exportPlaceMustBeFree();

private:
    [[nodiscard]] fs::path path(const char* name) const { return m_folder->filePath(QString::fromLatin1(name)).toStdString(); }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestModelSpeed::requestFitsTheContext_data()
{
    QTest::addColumn<int>("context");
    QTest::addColumn<QList<int>>("prompts");
    QTest::addColumn<int>("tokens");
    QTest::newRow("long") << 2048 << QList<int>{128, 800} << 128;
    QTest::newRow("just enough") << 928 << QList<int>{128, 800} << 128;
    QTest::newRow("cut") << 512 << QList<int>{128, 384} << 128;
    QTest::newRow("one is left") << 256 << QList<int>{128} << 128;
    QTest::newRow("short") << 64 << QList<int>{32} << 32;
    QTest::newRow("tiny") << 3 << QList<int>{1} << 2;
}

void TestModelSpeed::requestFitsTheContext()
{
    QFETCH(int, context);
    QFETCH(QList<int>, prompts);
    QFETCH(int, tokens);
    const core::BenchRequest request = speedRequest(context);
    QCOMPARE(QList<int>(request.prompts.begin(), request.prompts.end()), prompts);
    QCOMPARE(request.tokens, tokens);
    QCOMPARE(request.batches, (std::vector<int>{1, 8, 16}));
    for (const int prompt : request.prompts)
        QVERIFY(prompt + request.tokens <= context);
}

void TestModelSpeed::lastSpeedOfEachModelIsKept()
{
    SpeedLog log(path("data/speeds.json"));
    QVERIFY(log.all().value().empty());
    QVERIFY(log.keep("/models/a", someSpeed(1000)).ok());
    QVERIFY(log.keep("/models/b", someSpeed(2000)).ok());
    QVERIFY(log.keep("/models/a", someSpeed(3000)).ok());
    const auto all = SpeedLog(path("data/speeds.json")).all();
    QVERIFY(all.ok());
    QCOMPARE(all.value().size(), std::size_t{2});
    const ModelSpeed& a = all.value().at("/models/a");
    QCOMPARE(a.measuredMs, std::int64_t{1'700'000'000'000});
    QCOMPARE(a.result.rows.size(), std::size_t{2});
    QCOMPARE(a.result.rows[0].prefillTokensPerSecond, 3000.0);
    QCOMPARE(a.result.rows[1].bandwidthShare, 1.25);
    QCOMPARE(a.result.peakRssBytes, std::int64_t{5'000'000'000});
    // Nothing that was measured is lost on the way through the file.
    QCOMPARE(dumpJson(speedToJson(a.result)), dumpJson(speedToJson(someSpeed(3000).result)));
}

void TestModelSpeed::damagedLogsAreToldAndKept_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("code");
    QTest::newRow("no JSON") << QByteArray("{ not json") << static_cast<int>(ErrorCode::corrupt);
    QTest::newRow("another file") << QByteArray(R"({"format": "precedent-models", "version": 1, "models": {}})")
                                  << static_cast<int>(ErrorCode::corrupt);
    QTest::newRow("a number for a row")
        << QByteArray(
               R"({"format": "precedent-speeds", "version": 1, "models": {"a": {"measured_ms": 1, "rows": [7], "peak_rss_bytes": 1, "machine": {}}}})")
        << static_cast<int>(ErrorCode::corrupt);
    QTest::newRow("no time") << QByteArray(R"({"format": "precedent-speeds", "version": 1, "models": {"a": 3}})")
                             << static_cast<int>(ErrorCode::corrupt);
    QTest::newRow("newer") << QByteArray(R"({"format": "precedent-speeds", "version": 2, "models": {}})")
                           << static_cast<int>(ErrorCode::tooNew);
}

void TestModelSpeed::damagedLogsAreToldAndKept()
{
    QFETCH(QByteArray, bytes);
    QFETCH(int, code);
    write(path("speeds.json"), bytes);
    SpeedLog log(path("speeds.json"));
    const auto all = log.all();
    QVERIFY(!all.ok());
    QCOMPARE(static_cast<int>(all.error().code()), code);
    QVERIFY(QString::fromStdString(all.error().message()).contains(QStringLiteral("speeds.json")));
    QVERIFY(!log.keep("/models/a", someSpeed(1)).ok());
    QCOMPARE(read(path("speeds.json")), bytes);
}

void TestModelSpeed::programsThatKeepAtOnceLoseNothing()
{
    {
        std::vector<std::jthread> programs;
        for (int i = 0; i < 8; ++i)
            programs.emplace_back([this, i] { (void)SpeedLog(path("speeds.json")).keep("/models/" + std::to_string(i), someSpeed(i)); });
    }
    QCOMPARE(SpeedLog(path("speeds.json")).all().value().size(), std::size_t{8});
}

void TestModelSpeed::keyNamesWeightsNotWords()
{
    fs::create_directories(path("model"));
    fs::create_directory_symlink(path("model"), path("link"));
    QCOMPARE(speedKey(path("link")), speedKey(path("model")));
    QCOMPARE(speedKey(path("model").string() + "/"), speedKey(path("model")));
    QVERIFY(speedKey(path("model"), path("adapter")) != speedKey(path("model")));
    QVERIFY(speedKey(path("model"), path("adapter")) != speedKey(path("model"), path("other")));
}

void TestModelSpeed::exportPlaceMustBeFree()
{
    QVERIFY(checkExportPlace(path("free").string()).ok());
    QCOMPARE(checkExportPlace("").error().code(), ErrorCode::invalidArgument);
    fs::create_directories(path("taken"));
    fs::create_symlink(path("nowhere"), path("dangling"));
    for (const char* name : {"taken", "taken/", "dangling"})
        QCOMPARE(checkExportPlace(path(name).string()).error().code(), ErrorCode::alreadyExists);
}

QTEST_MAIN(TestModelSpeed)
#include "tst_model_speed.moc"
