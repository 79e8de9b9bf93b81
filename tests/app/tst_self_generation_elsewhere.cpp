// Runs that learn from chains which a server drew, by the real program.

#include <QtTest>

#include <QFile>
#include <QJsonArray>
#include <QTemporaryDir>

#include <atomic>
#include <memory>
#include <set>

#include "cli_program.h"
#include "precedent/base/json.h"
#include "tests/remote/small_http_server.h"

namespace {

constexpr const char* kKey = "sk-very-secret-4713";
constexpr int kDrawn = 3; ///< steps that draw chains: 24 requests
constexpr int kSteps = 5;

/// No two texts alike, whatever is asked; a fifth of them cut off.
SmallHttpServer::Reply teacher(int number, const SmallHttpServer::Request& /*request*/)
{
    const std::string text = "<think>Chain " + std::to_string(number) + ".</think>" +
        (number % 2 == 0 ? "I can't help with that." : "Here is how: step " + std::to_string(number) + " comes first.");
    return {200, completionSaying(text, number % 5 == 4 ? "length" : "stop"), {}, std::chrono::milliseconds(0), false};
}

QJsonArray rolloutsOf(const QString& casebase, const QString& run)
{
    return runCli({"run", "rollouts", casebase, run, "--json"}).json()["rollouts"].toArray();
}

} // namespace

class TestSelfGenerationElsewhere : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void chainsOfAServerAreScoredKeptAndLearntFrom();
    void theServerIsAskedAsTheRunSays();
    void reasoningGivenApartIsTheChain();
    void killedRunGoesOnWithTheChainsThatItHad();
    void aServerThatFailsLeavesARunThatGoesOn();
    void settingsThatDoNotGoTogetherAreRefused_data();
    void settingsThatDoNotGoTogetherAreRefused();

private:
    [[nodiscard]] QString path(const QString& name) const { return m_folder.filePath(name); }
    [[nodiscard]] QString sampleCopy(const QString& name) const { return QFile::copy(m_sample, path(name)) ? path(name) : QString(); }
    [[nodiscard]] static QStringList startLine(const QString& casebase, const SmallHttpServer& server, const QStringList& more = {});

    QTemporaryDir m_folder;
    QString m_sample;
};

void TestSelfGenerationElsewhere::initTestCase()
{
    qputenv("no_proxy", "127.0.0.1");
    qputenv("TEACHER_KEY", kKey);
    m_sample = path("sample.casebase");
    QCOMPARE(runCli({"casebase", "new", m_sample, "--sample"}).exitCode, 0);
}

QStringList TestSelfGenerationElsewhere::startLine(const QString& casebase, const SmallHttpServer& server, const QStringList& more)
{
    QStringList line{"train", "--casebase", casebase, "--model", "starter", "--preset", "quickstart", "--steps", QString::number(kSteps),
        "--no-estimate", "--json"};
    for (const QString& setting :
        QStringList{"evaluate_before_after=false", "method=sft", "sft_examples=self", "self_generation_steps=" + QString::number(kDrawn),
            "self_generation_threshold=0", "max_completion_length=64", "num_generations=4", "prompts_per_step=2", "batch_size=2",
            "save_steps=2", "temperature=0.5", "top_p=0.75", "self_generation_endpoint=teacher@" + QString::fromStdString(server.url())} +
            more)
        line << "--set" << setting;
    return line;
}

void TestSelfGenerationElsewhere::chainsOfAServerAreScoredKeptAndLearntFrom()
{
    const SmallHttpServer server(teacher);
    const QString casebase = sampleCopy("scored.casebase");
    const CliResult trained = runCli(startLine(casebase, server));
    QVERIFY2(trained.exitCode == 0, trained.err.constData());
    QCOMPARE(server.requests().size(), std::size_t(kDrawn * 8));
    const QJsonArray rollouts = rolloutsOf(casebase, "run-1");
    QCOMPARE(rollouts.size(), qsizetype(kDrawn * 8));
    std::set<QString> chains;
    QStringList verdicts;
    for (const QJsonValue& value : rollouts) {
        const QJsonObject rollout = value.toObject();
        QVERIFY2(rollout["chain"].toString().startsWith("Chain "), qPrintable(rollout["completion"].toString()));
        chains.insert(rollout["chain"].toString());
        verdicts << rollout["verdict"].toString();
        QVERIFY(rollout["rewards"].toObject().contains("format"));
    }
    QCOMPARE(chains.size(), std::size_t(kDrawn * 8));
    QCOMPARE(verdicts.count("no_answer"), 4); // numbers 4, 9, 14 and 19 were cut off
    QVERIFY(verdicts.contains("refuse") && verdicts.contains("comply"));

    const QString exported = path("kept.jsonl");
    QCOMPARE(runCli({"run", "examples", casebase, "run-1", "--export", exported}).exitCode, 0);
    QFile file(exported);
    QVERIFY(file.open(QIODevice::ReadOnly));
    int kept = 0;
    for (const QByteArray& line : file.readAll().split('\n')) {
        if (line.isEmpty())
            continue;
        ++kept;
        const QJsonObject provenance = QJsonDocument::fromJson(line).object()["provenance"].toObject();
        QCOMPARE(provenance["server"].toString().toStdString(), server.url());
        QCOMPARE(provenance["model"].toString(), QString("teacher"));
    }
    QVERIFY(kept > 0);
    const QJsonObject manifest = runCli({"run", "show", casebase, "run-1", "--json"}).json()["manifest"].toObject();
    QCOMPARE(manifest["self_generation_by"].toString().toStdString(), "teacher@" + server.url());
    QVERIFY(manifest["exact"].toBool());
    const QJsonArray steps = timelessMetrics(casebase, "run-1");
    QVERIFY(steps.last().toObject().contains("loss")); // the supervised steps had something to learn from
}

void TestSelfGenerationElsewhere::theServerIsAskedAsTheRunSays()
{
    const SmallHttpServer server(teacher);
    const QString casebase = sampleCopy("asked.casebase");
    const CliResult trained = runCli(startLine(casebase, server,
        {"self_generation_server.key_variable=TEACHER_KEY", "self_generation_server.concurrent=1", "self_generation_mode=cases"}));
    QVERIFY2(trained.exitCode == 0, trained.err.constData());
    QCOMPARE(server.mostAtOnce(), 1);
    std::set<qint64> seeds;
    for (const SmallHttpServer::Request& request : server.requests()) {
        QVERIFY(request.head.find(kKey) != std::string::npos);
        const QJsonObject body = QJsonDocument::fromJson(QByteArray::fromStdString(request.body)).object();
        QCOMPARE(body["model"].toString(), QString("teacher"));
        QCOMPARE(body["temperature"].toDouble(), 0.5);
        QCOMPARE(body["top_p"].toDouble(), 0.75);
        QCOMPARE(body["max_tokens"].toInt(), 64);
        QVERIFY(!body.contains("n"));
        const qint64 seed = body["seed"].toInteger(-1);
        QVERIFY(seed >= 0 && seed <= 0x7fffffff);
        seeds.insert(seed);
        // The context that the own model would be given.
        const QJsonArray messages = body["messages"].toArray();
        QCOMPARE(messages.first().toObject()["role"].toString(), QString("system"));
        QVERIFY(messages.first().toObject()["content"].toString().contains("[S"));
        QCOMPARE(messages.last().toObject()["role"].toString(), QString("user"));
    }
    QCOMPARE(seeds.size(), server.requests().size());
    QFile file(casebase);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QVERIFY(!file.readAll().contains(kKey) && !trained.err.contains(kKey) && !trained.out.contains(kKey));
}

/// Every second reply has it in the text instead, without the delimiter that the server's template has opened it with.
void TestSelfGenerationElsewhere::reasoningGivenApartIsTheChain()
{
    const SmallHttpServer server([](int number, const SmallHttpServer::Request&) {
        SmallHttpServer::Reply reply;
        if (number % 2 != 0) {
            reply.body = completionSaying("Apart " + std::to_string(number) + "</think>Yes.");
            return reply;
        }
        reply.body = R"({"choices":[{"message":{"role":"assistant","content":"Yes.","reasoning_content":"Apart )" + std::to_string(number) +
            R"("},"finish_reason":"stop"}]})";
        return reply;
    });
    const QString casebase = sampleCopy("apart.casebase");
    const CliResult trained = runCli(startLine(casebase, server));
    QVERIFY2(trained.exitCode == 0, trained.err.constData());
    for (const QJsonValue& value : rolloutsOf(casebase, "run-1")) {
        QVERIFY2(value.toObject()["chain"].toString().startsWith("Apart "), qPrintable(value.toObject()["completion"].toString()));
        QCOMPARE(value.toObject()["answer"].toString(), QString("Yes."));
    }
}

void TestSelfGenerationElsewhere::killedRunGoesOnWithTheChainsThatItHad()
{
    constexpr int kHeldFrom = 2 * 8 + 3; // in the third step
    std::atomic<bool> held = true;
    const SmallHttpServer server([&](int number, const SmallHttpServer::Request& request) {
        while (held && number >= kHeldFrom)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return teacher(number, request);
    });
    const QString casebase = sampleCopy("killed.casebase");
    QProcess program;
    program.start(QStringLiteral(PRECEDENT_CLI), startLine(casebase, server, {"save_steps=100"}));
    while (program.state() != QProcess::NotRunning && server.requests().size() <= kHeldFrom)
        program.waitForFinished(20);
    program.kill();
    program.waitForFinished(kCliTimeoutMs);
    held = false;
    const QJsonArray before = rolloutsOf(casebase, "run-1");
    QCOMPARE(before.size(), qsizetype(2 * 8));
    const CliResult rest = runCli({"train", "--casebase", casebase, "--resume", "run-1", "--json"});
    QVERIFY2(rest.exitCode == 0, rest.err.constData());
    const QJsonArray after = rolloutsOf(casebase, "run-1");
    QCOMPARE(after.size(), qsizetype(kDrawn * 8));
    for (qsizetype i = 0; i < before.size(); ++i)
        QVERIFY2(after[i] == before[i], qPrintable(QString::number(i)));
    QVERIFY(runCli({"run", "show", casebase, "run-1", "--json"}).json()["manifest"].toObject()["exact"].toBool());

    const std::size_t asked = server.requests().size();
    const CliResult alone = runCli(startLine(casebase, server));
    QVERIFY2(alone.exitCode == 0, alone.err.constData());
    QCOMPARE(server.requests().size(), asked);
    QVERIFY(rolloutsOf(casebase, "run-2") == after);
    QVERIFY(timelessMetrics(casebase, "run-2") == timelessMetrics(casebase, "run-1"));
}

void TestSelfGenerationElsewhere::aServerThatFailsLeavesARunThatGoesOn()
{
    std::atomic<bool> broken = true;
    const SmallHttpServer server([&](int number, const SmallHttpServer::Request& request) {
        if (broken && number >= 11) // in the second step
            return SmallHttpServer::Reply{
                503, R"({"error":{"message":"The teacher is asleep."}})", {}, std::chrono::milliseconds(0), false};
        return teacher(number, request);
    });
    const QString casebase = sampleCopy("broken.casebase");
    const CliResult failed = runCli(startLine(casebase, server, {"self_generation_server.retries=0"}));
    QVERIFY(failed.exitCode != 0);
    for (const char* part : {"Self-generation by teacher@", "The teacher is asleep.", "checkpoint-1"})
        QVERIFY2(failed.out.contains(part), failed.out.constData());
    const QJsonArray before = rolloutsOf(casebase, "run-1");
    QCOMPARE(before.size(), qsizetype(8));
    broken = false;
    const CliResult rest = runCli({"train", "--casebase", casebase, "--resume", "run-1", "--json"});
    QVERIFY2(rest.exitCode == 0, rest.err.constData());
    const QJsonArray after = rolloutsOf(casebase, "run-1");
    QCOMPARE(after.size(), qsizetype(kDrawn * 8));
    for (qsizetype i = 0; i < before.size(); ++i)
        QVERIFY(after[i] == before[i]);
    QVERIFY(runCli({"run", "show", casebase, "run-1", "--json"}).json()["manifest"].toObject()["exact"].toBool());
}

void TestSelfGenerationElsewhere::settingsThatDoNotGoTogetherAreRefused_data()
{
    QTest::addColumn<QString>("setting");
    QTest::newRow("no step that draws") << "self_generation_steps=0";
    QTest::newRow("top-k") << "top_k=5";
    QTest::newRow("no address") << "self_generation_endpoint=teacher";
    QTest::newRow("a password") << "self_generation_endpoint=teacher@http://a:b@localhost/v1";
    QTest::newRow("a key that is not set") << "self_generation_server.key_variable=NOBODY_SET_THIS";
}

void TestSelfGenerationElsewhere::settingsThatDoNotGoTogetherAreRefused()
{
    QFETCH(QString, setting);
    const SmallHttpServer server(teacher);
    const QString casebase = sampleCopy("refused-" + QString::number(qHash(setting)) + ".casebase");
    const CliResult refused = runCli(startLine(casebase, server, {setting}));
    QCOMPARE(refused.exitCode, 1);
    QVERIFY(runCli({"run", "list", casebase, "--json"}).json()["runs"].toArray().isEmpty());
    QVERIFY(server.requests().empty());
}

QTEST_GUILESS_MAIN(TestSelfGenerationElsewhere)
#include "tst_self_generation_elsewhere.moc"
