// Several processes of precedent-cli that train one run together, as torchrun, mpirun and srun start them.

#include <QtTest/QtTest>

#include <QElapsedTimer>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QProcessEnvironment>
#include <QTemporaryDir>

#include <cmath>
#include <csignal>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "app/cli/launcher.h"
#include "cli_program.h"
#include "precedent/formats/safetensors.h"
#include "tests/free_port.h"
#include "tiny_cli_model.h"

using namespace precedent;
using precedent::tests::freePort;

namespace {

constexpr int kForever = 100'000; ///< steps of a run that is ended from outside

QStringList startLine(const QString& casebase, const QString& model, int steps)
{
    QStringList line{"train", "--casebase", casebase, "--model", model, "--preset", "cada", "--steps", QString::number(steps), "--seed",
        "5", "--threads", "1", "--json"};
    for (const char* setting : {"max_completion_length=16", "num_generations=4", "prompts_per_step=3", "save_steps=2", "lora_r=4",
             "beta=0.05", "control=random_rewards", "evaluate_before_after=false"})
        line << "--set" << setting;
    return line;
}

using Ranks = std::vector<std::unique_ptr<QProcess>>;

/// `size` processes of one line, which find each other as torchrun's do.
Ranks startRanks(int size, const QStringList& line)
{
    Ranks ranks;
    const QString port = QString::number(freePort());
    for (int rank = 0; rank < size; ++rank) {
        auto process = std::make_unique<QProcess>();
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert("RANK", QString::number(rank));
        environment.insert("WORLD_SIZE", QString::number(size));
        environment.insert("MASTER_ADDR", "127.0.0.1");
        environment.insert("MASTER_PORT", port);
        process->setProcessEnvironment(environment);
        process->start(QStringLiteral(PRECEDENT_CLI), line);
        ranks.push_back(std::move(process));
    }
    return ranks;
}

std::vector<CliResult> finishRanks(const Ranks& ranks)
{
    std::vector<CliResult> results;
    for (const auto& process : ranks) {
        if (process->state() != QProcess::NotRunning && !process->waitForFinished(kCliTimeoutMs))
            process->kill();
        const bool crashed = process->exitStatus() == QProcess::CrashExit; // then the code is the signal's number
        results.push_back(
            {crashed ? -process->exitCode() : process->exitCode(), process->readAllStandardOutput(), process->readAllStandardError()});
    }
    return results;
}

QJsonObject shown(const QString& casebase) { return runCli({"run", "show", casebase, "run-1", "--json"}).json(); }

/// Until the run has this checkpoint, or no longer lives.
bool waitForCheckpoint(const Ranks& ranks, const QString& casebase, int step)
{
    const QString folder = casebase + ".runs/run-1/checkpoint-" + QString::number(step);
    QElapsedTimer timer;
    timer.start();
    while (!QFileInfo::exists(folder)) {
        if (timer.elapsed() > kCliTimeoutMs || ranks[0]->waitForFinished(50))
            return false;
    }
    return true;
}

std::vector<float> adapterOf(const QString& casebase)
{
    const QString folder = shown(casebase)["checkpoints"].toArray().last().toObject()["folder"].toString();
    std::vector<float> numbers;
    const auto file = formats::SafetensorsFile::open((folder + "/adapter_model.safetensors").toStdString());
    if (!file.ok())
        return numbers;
    for (const auto& tensor : (*file)->tensors()) {
        const std::size_t before = numbers.size();
        numbers.resize(before + tensor.bytes.size() / sizeof(float));
        std::memcpy(numbers.data() + before, tensor.bytes.data(), tensor.bytes.size() / sizeof(float) * sizeof(float));
    }
    return numbers;
}

} // namespace

class TestRanksCli : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void launchersAreUnderstood_data();
    void launchersAreUnderstood();
    void wrongLaunchesAreRefused_data();
    void wrongLaunchesAreRefused();
    void twoProcessesDoWhatOneDoes();
    void compareNamesTheFirstTokenThatDiffers();
    void aKilledRankEndsTheOtherAndAnyNumberGoesOn();
    void aKilledLeaderEndsTheOther();
    void anInterruptOfTheLeaderEndsBoth_data();
    void anInterruptOfTheLeaderEndsBoth();
    void whatKeepsTheLeaderFromBeginningReachesTheOthers();
    void aRankThatNeverComesIsNamed();
    void anInterruptEndsTheWaitForTheOthers();

private:
    [[nodiscard]] QString path(const QString& name) const { return m_folder.filePath(name); }
    [[nodiscard]] QString sampleCopy(const QString& name) const { return QFile::copy(m_sample, path(name)) ? path(name) : QString(); }

    QTemporaryDir m_folder;
    QString m_model;
    QString m_sample;
};

void TestRanksCli::initTestCase()
{
    m_model = path("tiny");
    const CliResult made = makeTinyCliModel(path("tiny.json"), m_model);
    QVERIFY2(made.exitCode == 0, made.err.constData());
    m_sample = path("sample.casebase");
    QCOMPARE(runCli({"casebase", "new", m_sample, "--sample"}).exitCode, 0);
}

void TestRanksCli::launchersAreUnderstood_data()
{
    using Map = QMap<QString, QString>;
    QTest::addColumn<Map>("environment");
    QTest::addColumn<int>("rank");
    QTest::addColumn<int>("size"); // 0: alone
    QTest::addColumn<int>("here");
    QTest::addColumn<int>("local");
    QTest::addColumn<QString>("meets");
    QTest::newRow("nobody") << Map{} << 0 << 0 << 0 << 0 << "";
    QTest::newRow("a world of one") << Map{{"RANK", "0"}, {"WORLD_SIZE", "1"}} << 0 << 0 << 0 << 0 << "";
    QTest::newRow("torchrun") << Map{{"RANK", "3"}, {"WORLD_SIZE", "4"}, {"LOCAL_WORLD_SIZE", "2"}, {"LOCAL_RANK", "1"},
                                     {"MASTER_ADDR", "node1"}, {"MASTER_PORT", "1234"}, {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                                     {"TORCHELASTIC_RESTART_COUNT", "2"}}
                              << 3 << 4 << 2 << 1 << "node1:1235 2";
    QTest::newRow("by hand") << Map{{"RANK", "1"}, {"WORLD_SIZE", "2"}} << 1 << 2 << 0 << 0 << "127.0.0.1:29500";
    QTest::newRow("Open MPI") << Map{{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "2"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}} << 1
                              << 2 << 2 << 1 << "127.0.0.1:29500"; // on one machine: as everywhere
    QTest::newRow("MPICH") << Map{{"PMI_RANK", "1"}, {"PMI_SIZE", "3"}, {"MASTER_PORT", "1"}} << 1 << 3 << 0 << 0 << "127.0.0.1:1";
    QTest::newRow("srun on one machine") << Map{{"SLURM_PROCID", "1"}, {"SLURM_NTASKS", "2"}, {"SLURM_NNODES", "1"}} << 1 << 2 << 2 << 1
                                         << "127.0.0.1:29500";
    QTest::newRow("srun on several") << Map{{"SLURM_PROCID", "5"}, {"SLURM_NTASKS", "6"}, {"SLURM_NNODES", "3"},
                                            {"SLURM_STEP_NUM_TASKS", "6"}, {"SLURM_STEP_TASKS_PER_NODE", "2(x3)"}, {"SLURM_LOCALID", "1"},
                                            {"MASTER_ADDR", "n0"}}
                                     << 5 << 6 << 2 << 1 << "n0:29500";
    const auto onTwo = [](const QString& nodes) {
        return Map{{"SLURM_PROCID", "1"}, {"SLURM_STEP_NUM_TASKS", "2"}, {"SLURM_STEP_TASKS_PER_NODE", "1(x2)"}, {"SLURM_LOCALID", "0"},
            {"SLURM_NNODES", "2"}, {"SLURM_STEP_NODELIST", nodes}, {"SLURM_JOB_NODELIST", "elsewhere"}};
    };
    // Lists as srun of Slurm 22.05 writes them.
    QTest::newRow("srun tells the machines") << onTwo("n[1-2]") << 1 << 2 << 1 << 0 << "n1:29500";
    QTest::newRow("with leading zeros") << onTwo("rack1-n[007,012-014].cluster,m3") << 1 << 2 << 1 << 0 << "rack1-n007.cluster:29500";
    QTest::newRow("of unlike names") << onTwo("gpu-a,gpu-b") << 1 << 2 << 1 << 0 << "gpu-a:29500";
    QTest::newRow("in two dimensions") << onTwo("rack[0-1]n[3-4]") << 1 << 2 << 1 << 0 << "rack0n3:29500";
    QTest::newRow("a list that is cut off") << onTwo("n[1") << 1 << 2 << 1 << 0 << "n1:29500";
    QTest::newRow("a shell in an allocation") << Map{{"SLURM_NTASKS", "4"}} << 0 << 0 << 0 << 0 << "";
}

void TestRanksCli::launchersAreUnderstood()
{
    using Map = QMap<QString, QString>;
    QFETCH(Map, environment);
    QFETCH(int, rank);
    QFETCH(int, size);
    QFETCH(int, here);
    QFETCH(int, local);
    QFETCH(QString, meets);
    std::map<std::string, std::string> texts;
    for (auto it = environment.begin(); it != environment.end(); ++it)
        texts[it.key().toStdString()] = it.value().toStdString();
    const auto launch = cli::launchFrom([&](const char* name) { return texts.contains(name) ? texts.at(name).c_str() : nullptr; });
    QVERIFY2(launch.ok(), launch.ok() ? "" : launch.error().message().c_str());
    QCOMPARE(launch.value().has_value(), size > 0);
    if (size == 0)
        return;
    const core::RankPlace& place = launch.value()->place;
    QCOMPARE(place.rank, rank);
    QCOMPARE(place.size, size);
    QCOMPARE(launch.value()->ranksHere, here);
    QCOMPARE(launch.value()->localRank, local);
    const std::string met = place.address + ":" + std::to_string(place.port) + (place.meeting.empty() ? "" : " " + place.meeting);
    QCOMPARE(QString::fromStdString(met), meets);
}

void TestRanksCli::wrongLaunchesAreRefused_data()
{
    using Map = QMap<QString, QString>;
    QTest::addColumn<Map>("environment");
    QTest::addColumn<QString>("says");
    QTest::newRow("no number") << Map{{"RANK", "0"}, {"WORLD_SIZE", "two"}} << "WORLD_SIZE is \"two\"";
    QTest::newRow("no rank") << Map{{"WORLD_SIZE", "2"}} << "RANK is not set";
    QTest::newRow("rank too high") << Map{{"RANK", "2"}, {"WORLD_SIZE", "2"}} << "ranks count from 0";
    QTest::newRow("several machines, no address")
        << Map{{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}}
        << "MASTER_ADDR does not say";
}

void TestRanksCli::wrongLaunchesAreRefused()
{
    using Map = QMap<QString, QString>;
    QFETCH(Map, environment);
    QFETCH(QString, says);
    QProcess process;
    QProcessEnvironment variables = QProcessEnvironment::systemEnvironment();
    for (auto it = environment.begin(); it != environment.end(); ++it)
        variables.insert(it.key(), it.value());
    process.setProcessEnvironment(variables);
    process.start(QStringLiteral(PRECEDENT_CLI), startLine(m_sample, m_model, 1));
    QVERIFY(process.waitForFinished(kCliTimeoutMs));
    QCOMPARE(process.exitCode(), 1);
    const QString said = process.readAllStandardError();
    QVERIFY2(said.contains(says), qPrintable(said));
}

void TestRanksCli::twoProcessesDoWhatOneDoes()
{
    constexpr int kSteps = 4;
    const QString alone = sampleCopy("alone.casebase"), together = sampleCopy("together.casebase");
    const CliResult one = runCli(startLine(alone, m_model, kSteps));
    QVERIFY2(one.exitCode == 0, one.err.constData());

    const auto two = finishRanks(startRanks(2, startLine(together, m_model, kSteps)));

    QVERIFY2(two[0].exitCode == 0, two[0].err.constData());
    QVERIFY2(two[1].exitCode == 0, two[1].err.constData());
    QCOMPARE(two[0].json()["steps"].toInt(), kSteps);
    QVERIFY2(two[0].err.contains("2 ranks train together"), two[0].err.constData());
    QVERIFY2(two[1].out.isEmpty() && two[1].err.isEmpty(), two[1].err.constData());
    const auto rolloutsAt = [](const QString& casebase, int step) {
        return runCli({"run", "rollouts", casebase, "run-1", "--step", QString::number(step), "--json"}).json()["rollouts"].toArray();
    };
    QCOMPARE(rolloutsAt(alone, 1).size(), 12);
    QCOMPARE(rolloutsAt(together, 1), rolloutsAt(alone, 1));
    const std::vector<float> a = adapterOf(alone), b = adapterOf(together);
    QVERIFY(!a.empty() && a.size() == b.size());
    double squares = 0, apart = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        squares += static_cast<double>(a[i]) * a[i];
        apart += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
    }
    const CliResult compared = runCli({"run", "compare", alone, "run-1", "run-1", "--with", together, "--json"});
    qInfo("adapters apart by %.2g of their size; %s", std::sqrt(apart / squares), compared.out.trimmed().constData());
    QVERIFY(std::sqrt(apart / squares) < 1e-3);
    QCOMPARE(compared.json()["steps"].toInt(), kSteps);
    QVERIFY(compared.json()["same"].toBool() || compared.json()["first"].toObject()["step"].toInt() > 1);
}

void TestRanksCli::compareNamesTheFirstTokenThatDiffers()
{
    const QString casebase = sampleCopy("compared.casebase");
    QCOMPARE(runCli(startLine(casebase, m_model, 1)).exitCode, 0);
    QCOMPARE(runCli(startLine(casebase, m_model, 1)).exitCode, 0);
    QVERIFY(runCli({"run", "compare", casebase, "run-1", "run-2", "--json"}).json()["same"].toBool());

    QStringList hotter = startLine(casebase, m_model, 1);
    hotter << "--set"
           << "temperature=1.3";
    QCOMPARE(runCli(hotter).exitCode, 0);
    const QJsonObject compared = runCli({"run", "compare", casebase, "run-1", "run-3", "--json"}).json();
    QVERIFY(!compared["same"].toBool());
    const QJsonObject first = compared["first"].toObject();
    QCOMPARE(first["step"].toInt(), 1);
    QCOMPARE(first["what"].toString(), QString("completion"));
    QVERIFY(!first["prompt_id"].toString().isEmpty());
    QVERIFY(first["token"].toInt(-1) >= 0 && first["token"].toInt() < 16);
    const auto rollouts = [&](const char* run) {
        return runCli({"run", "rollouts", casebase, run, "--json"}).json()["rollouts"].toArray();
    };
    const qsizetype at = compared["rollouts"].toInt() - 1;
    const QByteArray left = rollouts("run-1")[at].toObject()["completion"].toString().toUtf8(),
                     right = rollouts("run-3")[at].toObject()["completion"].toString().toUtf8();
    QVERIFY(left != right);
    QCOMPARE(left.left(first["character"].toInt()), right.left(first["character"].toInt()));
    for (qsizetype i = 0; i < at; ++i)
        QCOMPARE(rollouts("run-1")[i].toObject()["completion"], rollouts("run-3")[i].toObject()["completion"]);
}

void TestRanksCli::aKilledRankEndsTheOtherAndAnyNumberGoesOn()
{
    const QString casebase = sampleCopy("killed.casebase");
    const Ranks ranks = startRanks(2, startLine(casebase, m_model, kForever));
    QVERIFY(waitForCheckpoint(ranks, casebase, 4));
    ranks[1]->kill();

    const auto ended = finishRanks(ranks);

    QCOMPARE(ended[0].exitCode, 1);
    QVERIFY2(ended[0].err.contains("Rank 1 was lost") && ended[0].err.contains("any number of ranks can go on"),
        ended[0].err.right(800).constData());
    const QJsonObject run = shown(casebase);
    QCOMPARE(run["state"].toString(), QString("failed"));
    const int last = run["checkpoints"].toArray().last().toObject()["step"].toInt();
    QVERIFY(last >= 4);
    QCOMPARE(run["step"].toInt(), last); // no whole step is lost
    QVERIFY2(run["message"].toString().contains(QString("step %1;").arg(last)), qPrintable(run["message"].toString()));

    const auto resume = [&](int steps) {
        return QStringList{
            "train", "--casebase", casebase, "--resume", "run-1", "--steps", QString::number(steps), "--threads", "1", "--json"};
    };
    const CliResult one = runCli(resume(last + 2));
    QVERIFY2(one.exitCode == 0, one.err.constData());
    QCOMPARE(one.json()["steps"].toInt(), last + 2);
    const auto two = finishRanks(startRanks(2, resume(last + 4)));
    QVERIFY2(two[0].exitCode == 0 && two[1].exitCode == 0, (two[0].err + two[1].err).constData());
    QCOMPARE(shown(casebase)["step"].toInt(), last + 4);
    QCOMPARE(shown(casebase)["state"].toString(), QString("finished"));
}

void TestRanksCli::aKilledLeaderEndsTheOther()
{
    const QString casebase = sampleCopy("leader.casebase");
    const Ranks ranks = startRanks(2, startLine(casebase, m_model, kForever));
    QVERIFY(waitForCheckpoint(ranks, casebase, 2));
    ranks[0]->kill();
    const auto ended = finishRanks(ranks);
    QCOMPARE(ended[1].exitCode, 1);
    QVERIFY2(ended[1].err.contains("rank 1: Rank 0 was lost") && ended[1].err.contains("The last checkpoint is that of step"),
        ended[1].err.constData());
    QVERIFY(ended[1].out.isEmpty());
}

void TestRanksCli::anInterruptOfTheLeaderEndsBoth_data()
{
    QTest::addColumn<bool>("both");
    QTest::newRow("of rank 0 alone") << false;
    QTest::newRow("of every rank, and passed on by the launcher") << true;
}

void TestRanksCli::anInterruptOfTheLeaderEndsBoth()
{
    QFETCH(bool, both);
    const QString casebase = sampleCopy(both ? "both.casebase" : "interrupted.casebase");
    const Ranks ranks = startRanks(2, startLine(casebase, m_model, kForever));
    QVERIFY(waitForCheckpoint(ranks, casebase, 2));
    for (std::size_t rank = 0; rank < (both ? 2U : 1U); ++rank) {
        QCOMPARE(::kill(static_cast<pid_t>(ranks[rank]->processId()), SIGINT), 0);
        if (both)
            QCOMPARE(::kill(static_cast<pid_t>(ranks[rank]->processId()), SIGTERM), 0);
    }
    const auto ended = finishRanks(ranks);
    QVERIFY2(ended[0].exitCode == 130 && ended[1].exitCode == 130, (ended[0].err + ended[1].err).constData());
    QVERIFY2(ended[1].err.isEmpty(), ended[1].err.constData());
    const QJsonObject run = shown(casebase);
    QCOMPARE(run["state"].toString(), QString("stopped"));
    QCOMPARE(run["checkpoints"].toArray().last().toObject()["step"].toInt(), run["step"].toInt());
}

void TestRanksCli::whatKeepsTheLeaderFromBeginningReachesTheOthers()
{
    const auto ended = finishRanks(startRanks(2, startLine(path("none.casebase"), m_model, 1)));
    QCOMPARE(ended[0].exitCode, 1);
    QVERIFY(!ended[0].json()["error"].toObject().isEmpty());
    QCOMPARE(ended[1].exitCode, 1);
    QVERIFY2(ended[1].err.contains("rank 1: Rank 0 could not begin the run: ") && ended[1].err.contains("none.casebase"),
        ended[1].err.constData());
    QVERIFY(ended[1].out.isEmpty());
}

void TestRanksCli::aRankThatNeverComesIsNamed()
{
    QProcess process;
    QProcessEnvironment variables = QProcessEnvironment::systemEnvironment();
    variables.insert("RANK", "0");
    variables.insert("WORLD_SIZE", "2");
    variables.insert("MASTER_PORT", QString::number(freePort()));
    process.setProcessEnvironment(variables);
    process.start(QStringLiteral(PRECEDENT_CLI),
        startLine(m_sample, m_model, 1) << "--meet-timeout"
                                        << "1");
    QVERIFY(process.waitForFinished(kCliTimeoutMs));
    QCOMPARE(process.exitCode(), 1);
    const QString said = process.readAllStandardError();
    QVERIFY2(said.contains("did not come to 127.0.0.1:") && said.contains(": 1."), qPrintable(said));
}

void TestRanksCli::anInterruptEndsTheWaitForTheOthers()
{
    Ranks ranks = startRanks(2, startLine(m_sample, m_model, 1));
    ranks[1]->kill();
    QVERIFY(ranks[1]->waitForFinished(kCliTimeoutMs));
    QVERIFY(!ranks[0]->waitForFinished(3000)); // it has opened the engine and waits
    QCOMPARE(::kill(static_cast<pid_t>(ranks[0]->processId()), SIGTERM), 0);
    QVERIFY(ranks[0]->waitForFinished(5000));
    QCOMPARE(ranks[0]->exitCode(), 130);
}

QTEST_GUILESS_MAIN(TestRanksCli)
#include "tst_ranks_cli.moc"
