// A run paid by a server that answers differently each time: what was answered once is what counts, however often the run is killed.

#include <QtTest>

#include <QJsonArray>
#include <QTemporaryDir>

#include <atomic>
#include <memory>

#include "casebase/connection.h"
#include "cli_program.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/reply_store.h"
#include "tests/remote/small_http_server.h"

namespace {

constexpr int kSteps = 7;
constexpr int kSaveSteps = 3;
constexpr int kHeldAfter = 4; ///< steps recorded, more than the checkpoint has, after which a judge that is held says nothing more

/// The marks follow the number of the request, not what is judged. Every third reply is cut off.
SmallHttpServer::Reply moodyJudge(int number, const SmallHttpServer::Request& /*request*/)
{
    const std::string verdict = number % 2 == 0 ? "refuse" : "comply";
    const std::string text = "VERDICT: " + verdict + "\\nSPECIFIC: " + std::to_string(1 + number % 5) +
        "\\nCONVINCING: " + std::to_string(1 + number % 4) + "\\nHELPFUL: " + std::to_string(1 + number % 3);
    return {200, completionSaying(text, number % 3 == 0 ? "length" : "stop"), {}, std::chrono::milliseconds(0), false};
}

int recordedSteps(const QString& casebase)
{
    const auto connection = precedent::casebase::Connection::open(casebase.toStdString(), {.readOnly = true});
    if (!connection.ok())
        return 0;
    const auto counted = (*connection)->guarded("count the steps", [&]() -> precedent::Result<std::int64_t> {
        return (*connection)->integer("SELECT count(*) FROM run_steps");
    });
    return counted.ok() ? static_cast<int>(counted.value()) : 0;
}

/// A moody judge that falls silent when the casebase holds enough steps, until it is let go on. How many requests a step makes
/// differs from processor to processor, so they are not what is counted.
class HeldJudge {
public:
    explicit HeldJudge(QString casebase)
        : m_casebase(std::move(casebase))
    {
    }
    [[nodiscard]] const SmallHttpServer& server() const { return m_server; }
    [[nodiscard]] bool isReached() const { return m_reached; }
    void letGo() { m_held = false; }

private:
    const QString m_casebase;
    std::atomic<bool> m_held{true};
    std::atomic<bool> m_reached{false};
    SmallHttpServer m_server{[this](int number, const SmallHttpServer::Request& request) {
        while (m_held && recordedSteps(m_casebase) >= kHeldAfter) {
            m_reached = true;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return moodyJudge(number, request);
    }};
};

QJsonObject manifestOf(const QString& casebase)
{
    return runCli({"run", "show", casebase, "run-1", "--json"}).json()["manifest"].toObject();
}

} // namespace

class TestReplayedRun : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void killedRunGoesOnWithTheRepliesThatItHad();
    void repliesThatAreGoneMakeItNotExact_data();
    void repliesThatAreGoneMakeItNotExact();
    void aReplyThatCannotBeKeptMakesItNotExact();

private:
    [[nodiscard]] QString path(const QString& name) const { return m_folder.filePath(name); }
    [[nodiscard]] QString sampleCopy(const QString& name) const { return QFile::copy(m_sample, path(name)) ? path(name) : QString(); }
    [[nodiscard]] static QStringList startLine(const QString& casebase, const SmallHttpServer& server, int saveSteps, int steps);
    /// Starts the run, kills it where its judge is held, and lets that one go on. What it had recorded.
    [[nodiscard]] static QJsonArray killed(HeldJudge& judge, const QString& casebase, int saveSteps);

    QTemporaryDir m_folder;
    QString m_sample;
};

void TestReplayedRun::initTestCase()
{
    qputenv("no_proxy", "127.0.0.1");
    m_sample = path("sample.casebase");
    QCOMPARE(runCli({"casebase", "new", m_sample, "--sample"}).exitCode, 0);
}

QStringList TestReplayedRun::startLine(const QString& casebase, const SmallHttpServer& server, int saveSteps, int steps)
{
    QStringList line{"train", "--casebase", casebase, "--model", "starter", "--preset", "quickstart", "--steps", QString::number(steps),
        "--no-estimate", "--json"};
    for (const QString& setting :
        QStringList{"evaluate_before_after=false", "max_completion_length=64", "num_generations=4", "prompts_per_step=2",
            "save_steps=" + QString::number(saveSteps), "reward_judge=endpoint:moody@" + QString::fromStdString(server.url())})
        line << "--set" << setting;
    return line;
}

QJsonArray TestReplayedRun::killed(HeldJudge& judge, const QString& casebase, int saveSteps)
{
    QProcess program;
    program.start(QStringLiteral(PRECEDENT_CLI), startLine(casebase, judge.server(), saveSteps, kSteps));
    while (program.state() != QProcess::NotRunning && !judge.isReached())
        program.waitForFinished(20);
    program.kill();
    program.waitForFinished(kCliTimeoutMs);
    judge.letGo();
    return timelessMetrics(casebase, "run-1");
}

void TestReplayedRun::killedRunGoesOnWithTheRepliesThatItHad()
{
    const QString casebase = sampleCopy("killed.casebase");
    HeldJudge judge(casebase);
    const SmallHttpServer& server = judge.server();
    const QJsonArray before = killed(judge, casebase, kSaveSteps);
    QCOMPARE(before.size(), qsizetype(kHeldAfter));
    const CliResult rest = runCli({"train", "--casebase", casebase, "--resume", "run-1", "--json"});
    QVERIFY2(rest.exitCode == 0, rest.err.constData());
    const QJsonArray after = timelessMetrics(casebase, "run-1");
    QCOMPARE(after.size(), qsizetype(kSteps));
    for (qsizetype i = 0; i < before.size(); ++i)
        QVERIFY2(after[i] == before[i], qPrintable(QString("step %1").arg(i + 1)));
    QVERIFY(manifestOf(casebase)["exact"].toBool());
    QVERIFY(manifestOf(casebase)["not_exact_because"].toArray().isEmpty());

    // A run that nobody kills comes out the same, and asks nothing.
    const std::size_t asked = server.requests().size();
    QVERIFY(asked > 0);
    const CliResult alone = runCli(startLine(casebase, server, kSaveSteps, kSteps));
    QVERIFY2(alone.exitCode == 0, alone.err.constData());
    QVERIFY(timelessMetrics(casebase, "run-2") == after);
    QCOMPARE(server.requests().size(), asked);
}

void TestReplayedRun::repliesThatAreGoneMakeItNotExact_data()
{
    QTest::addColumn<int>("saveSteps");
    QTest::newRow("behind its checkpoint") << kSaveSteps;
    QTest::newRow("before its first checkpoint") << 100;
}

void TestReplayedRun::repliesThatAreGoneMakeItNotExact()
{
    QFETCH(int, saveSteps);
    const QString casebase = sampleCopy(QString("gone-%1.casebase").arg(saveSteps));
    HeldJudge judge(casebase);
    const QJsonArray before = killed(judge, casebase, saveSteps);
    QCOMPARE(before.size(), qsizetype(kHeldAfter));
    {
        auto connection = precedent::casebase::Connection::open(casebase.toStdString(), {});
        QVERIFY(connection.ok());
        (*connection)->query("DELETE FROM remote_replies").run();
    }
    const CliResult rest = runCli({"train", "--casebase", casebase, "--resume", "run-1", "--json"});
    QVERIFY2(rest.exitCode == 0, rest.err.constData());
    QVERIFY2(rest.err.contains("The run is not exact. Step "), rest.err.constData());
    const QJsonObject manifest = manifestOf(casebase);
    QVERIFY(!manifest["exact"].toBool(true));
    const QString why = manifest["not_exact_because"].toArray().at(0).toString();
    QVERIFY2(why.contains("asked afresh"), qPrintable(why));
    const CliResult shown = runCli({"run", "show", casebase, "run-1"});
    QVERIFY2(shown.out.contains(("Not exact: " + why).toUtf8()), shown.out.constData());
    QVERIFY(timelessMetrics(casebase, "run-1") != before);
}

void TestReplayedRun::aReplyThatCannotBeKeptMakesItNotExact()
{
    const SmallHttpServer server([](int, const SmallHttpServer::Request&) {
        return SmallHttpServer::Reply{200, completionSaying("VERDICT: refuse \\u0000"), {}, std::chrono::milliseconds(0), false};
    });
    const QString casebase = sampleCopy("lost.casebase");
    const CliResult trained = runCli(startLine(casebase, server, 2, 1));
    QVERIFY2(trained.exitCode == 0, trained.err.constData());
    const QJsonObject manifest = manifestOf(casebase);
    QVERIFY(!manifest["exact"].toBool(true));
    QVERIFY(manifest["not_exact_because"].toArray().at(0).toString().contains("cannot hold"));
}

QTEST_GUILESS_MAIN(TestReplayedRun)
#include "tst_replayed_run.moc"
