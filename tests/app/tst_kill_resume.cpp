// A run that is killed (SIGKILL) at random moments and continued ends as the one that was left alone, bit for bit: metrics,
// rollouts and weights. All kinds of steps are in it: self-generation, warm start, reinforcement learning with dropout.

#include <QtTest/QtTest>

#include <QCryptographicHash>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonArray>
#include <QRandomGenerator>
#include <QTemporaryDir>

#include "cli_program.h"
#include "tiny_cli_model.h"

namespace {

constexpr int kKills = 20;
constexpr int kSteps = 40;

QStringList startLine(const QString& casebase, const QString& model, int seed)
{
    QStringList line{"train", "--casebase", casebase, "--model", model, "--preset", "cada", "--steps", QString::number(kSteps), "--seed",
        QString::number(seed), "--json"};
    for (const char* setting :
        {"max_completion_length=16", "num_generations=4", "prompts_per_step=2", "save_steps=3", "save_total_limit=2", "lora_dropout=0.1",
            "lora_r=4", "self_generation_steps=6", "self_generation_threshold=0", "sft_steps=10", "sft_examples=cases", "batch_size=2"})
        line << "--set" << setting;
    return line;
}

/// Everything that a run recorded, without what a clock decides.
struct Record {
    QJsonArray metrics;
    QJsonArray rollouts;
    QByteArray weights; ///< SHA-256 of the last checkpoint's
    QString state;
};

Record recordOf(const QString& casebase, const QString& run)
{
    Record record;
    record.metrics = timelessMetrics(casebase, run);
    record.rollouts = runCli({"run", "rollouts", casebase, run, "--json"}).json()["rollouts"].toArray();
    const QJsonObject shown = runCli({"run", "show", casebase, run, "--json"}).json();
    record.state = shown["state"].toString();
    const QJsonArray checkpoints = shown["checkpoints"].toArray();
    QFile weights(checkpoints.isEmpty() ? QString() : checkpoints.last().toObject()["folder"].toString() + "/adapter_model.safetensors");
    if (weights.open(QIODevice::ReadOnly))
        record.weights = QCryptographicHash::hash(weights.readAll(), QCryptographicHash::Sha256).toHex();
    return record;
}

} // namespace

class TestKillResume : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void killedRunsEndAsThoseLeftAlone();

private:
    [[nodiscard]] QString path(const QString& name) const { return m_folder.filePath(name); }
    [[nodiscard]] QString sampleCopy(const QString& name) const;
    /// Starts or continues the run and kills the program after a random time. False if it ended before by itself.
    [[nodiscard]] bool lives(const QString& casebase, int seed, qint64 alone);

    QTemporaryDir m_folder;
    QString m_model;
    QString m_sample;
    QRandomGenerator m_random{20};
};

void TestKillResume::initTestCase()
{
    m_model = path("tiny");
    const CliResult made = makeTinyCliModel(path("tiny.json"), m_model);
    QVERIFY2(made.exitCode == 0, made.err.constData());
    m_sample = path("sample.casebase");
    QCOMPARE(runCli({"casebase", "new", m_sample, "--sample"}).exitCode, 0);
}

QString TestKillResume::sampleCopy(const QString& name) const
{
    const QString copy = path(name);
    return QFile::copy(m_sample, copy) ? copy : QString();
}

bool TestKillResume::lives(const QString& casebase, int seed, qint64 alone)
{
    const bool begun = !runCli({"run", "list", casebase, "--json"}).json()["runs"].toArray().isEmpty();
    QProcess program;
    program.start(QStringLiteral(PRECEDENT_CLI),
        begun ? QStringList{"train", "--casebase", casebase, "--resume", "run-1", "--json"} : startLine(casebase, m_model, seed));
    // From the first moments, when models are loaded and inputs frozen, to most of what a whole run takes.
    const int moment = m_random.bounded(20, static_cast<int>(std::max<qint64>(40, alone * 3 / 5)));
    if (program.waitForFinished(moment)) {
        if (program.exitCode() != 0)
            qWarning("%s", program.readAllStandardError().constData());
        return false;
    }
    program.kill();
    program.waitForFinished(kCliTimeoutMs);
    return true;
}

void TestKillResume::killedRunsEndAsThoseLeftAlone()
{
    int kills = 0;
    for (int seed = 1; kills < kKills; ++seed) {
        const QString alone = sampleCopy(QString("alone-%1.casebase").arg(seed));
        QElapsedTimer timer;
        timer.start();
        const CliResult whole = runCli(startLine(alone, m_model, seed));
        QVERIFY2(whole.exitCode == 0, whole.err.constData());
        const qint64 took = timer.elapsed();
        const Record wanted = recordOf(alone, "run-1");
        QCOMPARE(wanted.metrics.size(), kSteps);
        QCOMPARE(wanted.state, QString("finished"));
        QVERIFY(!wanted.weights.isEmpty());

        const QString killed = sampleCopy(QString("killed-%1.casebase").arg(seed));
        const int before = kills;
        while (kills < kKills && lives(killed, seed, took))
            ++kills;
        // What is left of it, to the end.
        const bool begun = !runCli({"run", "list", killed, "--json"}).json()["runs"].toArray().isEmpty();
        const CliResult rest =
            runCli(begun ? QStringList{"train", "--casebase", killed, "--resume", "run-1", "--json"} : startLine(killed, m_model, seed));
        QVERIFY2(rest.exitCode == 0, rest.err.constData());
        const Record got = recordOf(killed, "run-1");
        qInfo("seed %d: killed %d times in a run of %lld ms", seed, kills - before, static_cast<long long>(took));
        QCOMPARE(got.state, QString("finished"));
        QCOMPARE(got.metrics.size(), wanted.metrics.size());
        for (qsizetype i = 0; i < wanted.metrics.size(); ++i)
            QVERIFY2(got.metrics[i] == wanted.metrics[i], qPrintable(QString("step %1").arg(i + 1)));
        QVERIFY(got.rollouts == wanted.rollouts);
        QCOMPARE(got.weights, wanted.weights);
    }
}

QTEST_GUILESS_MAIN(TestKillResume)
#include "tst_kill_resume.moc"
