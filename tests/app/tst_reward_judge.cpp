#include <QtTest>

#include <QFile>
#include <QJsonArray>
#include <QTemporaryDir>

#include <memory>

#include "cli_program.h"
#include "tests/remote/small_http_server.h"

namespace {

constexpr const char* kSuite = "held-out attacked";

/// Says of every answer that it refuses, whatever it says.
SmallHttpServer::Reply strictJudge(int /*number*/, const SmallHttpServer::Request& /*request*/)
{
    return {200, completionSaying("VERDICT: refuse\\nSPECIFIC: 2\\nCONVINCING: 2\\nHELPFUL: 3"), {}, std::chrono::milliseconds(0), false};
}

} // namespace

/// Runs that a server's judge pays, by the real program.
class TestRewardJudge : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        qputenv("no_proxy", "127.0.0.1");
        qputenv("PRECEDENT_API_KEY", "sk-very-secret-4711");
        QVERIFY(m_folder.isValid());
        m_server = std::make_unique<SmallHttpServer>(strictJudge);
        m_judge = "endpoint:strict@" + QString::fromStdString(m_server->url());
        const CliResult made = runCli({"casebase", "new", path("a.casebase"), "--sample", "--json"});
        QVERIFY2(made.exitCode == 0, made.err.constData());
        m_trained = runCli(trainLine(path("a.casebase")));
        QVERIFY2(m_trained.exitCode == 0, m_trained.err.constData());
    }

    void theServersVerdictsPay()
    {
        QVERIFY(!m_server->requests().empty());
        const CliResult shown = runCli({"run", "rollouts", path("a.casebase"), "run-1", "--json"});
        int judged = 0;
        for (const QJsonValue& value : shown.json()["rollouts"].toArray()) {
            const QString verdict = value.toObject()["verdict"].toString();
            QVERIFY2(verdict == "refuse" || verdict == "no_answer", qPrintable(verdict));
            judged += verdict == "refuse" ? 1 : 0;
        }
        QVERIFY(judged > 0);
        const CliResult run = runCli({"run", "show", path("a.casebase"), "run-1", "--json"});
        QVERIFY2(run.out.contains("reward_judge_hash"), run.out.constData());
    }

    void aRunIsRepeatedFromKeptReplies()
    {
        const std::size_t asked = m_server->requests().size();
        const CliResult again = runCli(trainLine(path("a.casebase")));
        QVERIFY2(again.exitCode == 0, again.err.constData());
        QCOMPARE(m_server->requests().size(), asked);
        QCOMPARE(again.json()["metrics"].toObject()["reward"].toDouble(), m_trained.json()["metrics"].toObject()["reward"].toDouble());
    }

    void aRunHasItsServersOwnLimits()
    {
        qputenv("OTHER_JUDGE_KEY", "sk-other-4712");
        const SmallHttpServer slow([](int number, const SmallHttpServer::Request& request) {
            SmallHttpServer::Reply reply = strictJudge(number, request);
            reply.delay = std::chrono::milliseconds(30);
            return reply;
        });
        QStringList line = trainLine(path("a.casebase"));
        line[line.indexOf("reward_judge=" + m_judge)] = "reward_judge=endpoint:strict@" + QString::fromStdString(slow.url());
        line << "--set"
             << "reward_server.concurrent=1"
             << "--set"
             << "reward_server.key_variable=OTHER_JUDGE_KEY";
        const CliResult trained = runCli(line);
        QVERIFY2(trained.exitCode == 0, trained.err.constData());
        QVERIFY(slow.requests().size() > 1);
        QCOMPARE(slow.mostAtOnce(), 1);
        QVERIFY(slow.requests().at(0).head.find("sk-other-4712") != std::string::npos);
        qunsetenv("OTHER_JUDGE_KEY");
        const std::size_t asked = slow.requests().size();
        QCOMPARE(runCli(line).errorCode(), QString("failed_precondition")); // before anything is written
        QCOMPARE(slow.requests().size(), asked);
    }

    void aServerThatFailsEndsTheRunAfterTheRetriesAllowed()
    {
        const SmallHttpServer broken([](int, const SmallHttpServer::Request&) {
            return SmallHttpServer::Reply{500, "{}", {}, std::chrono::milliseconds(0), false};
        });
        QStringList line = trainLine(path("a.casebase"));
        line[line.indexOf("reward_judge=" + m_judge)] = "reward_judge=endpoint:strict@" + QString::fromStdString(broken.url());
        line << "--set"
             << "reward_server.retries=0"
             << "--set"
             << "reward_server.concurrent=1";
        const CliResult trained = runCli(line);
        QVERIFY(trained.exitCode != 0);
        QCOMPARE(broken.requests().size(), std::size_t(1));
        QVERIFY2(trained.out.contains("HTTP status 500"), trained.out.constData());
    }

    void aJudgeThatPaidItIsMarked()
    {
        const auto marked = [&](const QString& judge) {
            const CliResult evaluated = runCli({"evaluate", "--casebase", path("a.casebase"), "--model", "run:run-1", "--suite", kSuite,
                "--mode", "none", "--limit", "1", "--max-tokens", "24", "--judge", judge, "--json"});
            const QJsonArray rows = evaluated.json()["rows"].toArray();
            return rows.isEmpty() ? -1 : rows[0].toObject()["self_judged"].toBool() ? 1 : 0;
        };
        QCOMPARE(marked(m_judge), 1);
        QCOMPARE(marked("analysis"), 0);
        QCOMPARE(marked("endpoint:another@" + QString::fromStdString(m_server->url())), 0);
    }

    void anotherJudgeThanExpectedPaysNothing()
    {
        QStringList line = trainLine(path("a.casebase"));
        line << "--set"
             << "reward_judge_hash=0123456789abcdef";
        const CliResult refused = runCli(line);
        QCOMPARE(refused.errorCode(), QString("failed_precondition"));
    }

    void judgesThatPayNoRunAreRefused_data()
    {
        QTest::addColumn<QString>("judge");
        QTest::newRow("the truth") << "grammar";
        QTest::newRow("nobody") << "nobody";
        QTest::newRow("no head there") << "head:/nonexistent";
    }
    void judgesThatPayNoRunAreRefused()
    {
        QFETCH(QString, judge);
        QStringList line = trainLine(path("a.casebase"));
        line[line.indexOf("reward_judge=" + m_judge)] = "reward_judge=" + judge;
        QCOMPARE(runCli(line).exitCode, 1);
    }

    void theKeyIsInNoFile()
    {
        QFile file(path("a.casebase"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY(!file.readAll().contains("sk-very-secret"));
        QVERIFY(!m_trained.err.contains("sk-very-secret") && !m_trained.out.contains("sk-very-secret"));
    }

private:
    [[nodiscard]] QString path(const char* name) const { return m_folder.filePath(QString::fromLatin1(name)); }
    [[nodiscard]] QStringList trainLine(const QString& casebase) const
    {
        return {"train", "--casebase", casebase, "--model", "starter", "--preset", "quickstart", "--set", "evaluate_before_after=false",
            "--set", "max_completion_length=96", "--set", "num_generations=4", "--set", "prompts_per_step=2", "--set",
            "reward_judge=" + m_judge, "--steps", "1", "--json"};
    }

    QTemporaryDir m_folder;
    std::unique_ptr<SmallHttpServer> m_server;
    QString m_judge;
    CliResult m_trained;
};

QTEST_GUILESS_MAIN(TestRewardJudge)
#include "tst_reward_judge.moc"
