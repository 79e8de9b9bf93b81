#include <QtTest/QtTest>

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QTemporaryDir>

#include <cmath>
#include <csignal>

#include "cli_program.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/vector_store.h"
#include "tiny_cli_model.h"

namespace {

/// Steps of the runs that are compared: enough that the interrupt comes before the end.
constexpr int kSteps = 60;

QStringList trainLine(const QString& casebase, const QString& model, int steps)
{
    return {"train", "--casebase", casebase, "--model", model, "--preset", "quickstart", "--set", "evaluate_before_after=false", "--set",
        "max_completion_length=16", "--set", "num_generations=4", "--set", "prompts_per_step=2", "--set", "save_steps=25", "--steps",
        QString::number(steps), "--seed", "5", "--json"};
}

} // namespace

class TestTrainCli : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void everyRolloutIsStoredWithItsRewardParts();
    void interruptedAndResumedRunEqualsTheUninterruptedOne();
    void closedTerminalLosesNothing_data();
    void closedTerminalLosesNothing();
    void beforeAndAfterAreGivenWhereTheSpecAsksForThem();
    void reportLeavesTextsOutUnlessAskedFor();
    void checkpointsServeAsModels();
    void askHasItsKeysInEveryMode_data();
    void askHasItsKeysInEveryMode();
    void askKeepsTheVectorsOfCases();
    void askWithoutACasebaseNeedsModeNone();
    void generateIsDeterministicInItsSeed();
    void logitsAreADistribution();
    void deleteKeepsTheLastCheckpointWhereAsked();
    void renamedCasebaseKeepsItsRuns();
    void movedModelIsFoundByItsName();
    void exportsHoldTheTurnsThatWeightsWereTrainedIn();
    void dryRunStoresNoRun();
    void guardThatStopsIsExitStatusThree();
    void guardThatWarnsIsToldAndStored();
    void newerSpecIsRefused();

private:
    [[nodiscard]] QString path(const QString& name) const { return m_folder.filePath(name); }
    [[nodiscard]] QString sampleCopy(const QString& name) const;

    QTemporaryDir m_folder;
    QString m_model;
    QString m_sample;
};

void TestTrainCli::initTestCase()
{
    qputenv("XDG_DATA_HOME", path("data").toUtf8());
    m_model = path("tiny");
    const CliResult made = makeTinyCliModel(path("tiny.json"), m_model);
    QVERIFY2(made.exitCode == 0, made.err.constData());
    for (const char* key : {"steps", "loss", "tokens", "sha256"})
        QVERIFY2(made.json().contains(key), key);
    m_sample = path("sample.casebase");
    QCOMPARE(runCli({"casebase", "new", m_sample, "--sample"}).exitCode, 0);
}

QString TestTrainCli::sampleCopy(const QString& name) const
{
    const QString copy = path(name);
    return QFile::copy(m_sample, copy) ? copy : QString();
}

void TestTrainCli::everyRolloutIsStoredWithItsRewardParts()
{
    const QString casebase = sampleCopy("rollouts.casebase");
    const CliResult trained = runCli(trainLine(casebase, m_model, 3));
    QVERIFY2(trained.exitCode == 0, trained.err.constData());
    QVERIFY(trained.err.contains("168 of 168 cases used"));
    QVERIFY(trained.err.contains("always_refuse"));
    const QJsonObject json = trained.json();
    QCOMPARE(json["steps"].toInt(), 3);
    QCOMPARE(json["state"].toString(), QString("finished"));
    QVERIFY(QFile::exists(json["checkpoint"].toString() + "/model.safetensors") ||
        QFile::exists(json["checkpoint"].toString() + "/adapter_model.safetensors"));
    for (const char* key : {"reward", "kl", "completions/mean_length", "frac_reward_zero_std", "learning_rate", "num_tokens"})
        QVERIFY2(json["metrics"].toObject().contains(key), key);

    const QString run = json["run"].toString();
    const QString snapshot = runCli({"casebase", "snapshot", casebase, "--dry-run", "--json"}).json()["snapshot"].toString();
    QCOMPARE(snapshot.size(), 64);
    QCOMPARE(runCli({"run", "show", casebase, run, "--json"}).json()["casebase_snapshot"].toString(), snapshot);
    const QJsonArray rollouts = runCli({"run", "rollouts", casebase, run, "--json"}).json()["rollouts"].toArray();
    QCOMPARE(rollouts.size(), 3 * 2 * 4);
    for (const QJsonValue& value : rollouts) {
        const QJsonObject rollout = value.toObject();
        for (const char* key : {"step", "group", "prompt_id", "context", "completion", "chain", "answer", "reward", "rewards", "advantage",
                 "verdict", "citations"})
            QVERIFY2(rollout.contains(key), key);
        for (const char* part : {"disposition", "format", "overlong"})
            QVERIFY2(rollout["rewards"].toObject().contains(part), part);
        QVERIFY(!rollout["context"].toString().isEmpty());
    }
    QCOMPARE(runCli({"run", "rollouts", casebase, run, "--step", "2", "--json"}).json()["rollouts"].toArray().size(), 8);
    const QByteArray csv = runCli({"run", "metrics", casebase, run, "--format", "csv"}).out;
    QVERIFY(csv.startsWith("step,"));
    QCOMPARE(csv.count('\n'), 4);
    const QByteArray jsonl = runCli({"run", "metrics", casebase, run, "--format", "jsonl"}).out;
    QCOMPARE(jsonl.count('\n'), 3);
    const QJsonObject listed = runCli({"run", "list", casebase, "--json"}).json()["runs"].toArray()[0].toObject();
    for (const char* key : {"run", "state", "step", "steps", "started"})
        QVERIFY2(listed.contains(key), key);
    QCOMPARE(listed["step"].toInt(), 3);
    // Texts stay closed in what people read unless asked for.
    QVERIFY(!runCli({"run", "rollouts", casebase, run}).out.contains("chain:"));
    QVERIFY(runCli({"run", "rollouts", casebase, run, "--text"}).out.contains("chain:"));
}

void TestTrainCli::interruptedAndResumedRunEqualsTheUninterruptedOne()
{
    const QString whole = sampleCopy("whole.casebase");
    QCOMPARE(runCli(trainLine(whole, m_model, kSteps)).exitCode, 0);

    const QString broken = sampleCopy("broken.casebase");
    QProcess process;
    process.start(QStringLiteral(PRECEDENT_CLI), trainLine(broken, m_model, kSteps));
    QByteArray err;
    process.setReadChannel(QProcess::StandardError);
    while (!err.contains("Training: ") && process.waitForReadyRead(kCliTimeoutMs))
        err += process.readAllStandardError();
    QVERIFY2(err.contains("Training: "), err.constData());
    const CliResult second = runCli({"train", "--casebase", broken, "--resume", "run-1", "--json"});
    QCOMPARE(second.errorCode(), QString("failed_precondition"));
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    QVERIFY(process.waitForFinished(kCliTimeoutMs));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    QCOMPARE(process.exitCode(), 130);
    const QJsonObject stopped = QJsonDocument::fromJson(process.readAllStandardOutput()).object();
    QCOMPARE(stopped["state"].toString(), QString("stopped"));
    const int at = stopped["steps"].toInt();
    QVERIFY2(at < kSteps, "the run was over before the interrupt came");
    QVERIFY(at == 0 || QFile::exists(stopped["checkpoint"].toString()));

    const CliResult resumed = runCli({"train", "--casebase", broken, "--resume", stopped["run"].toString(), "--json"});
    QVERIFY2(resumed.exitCode == 0, resumed.err.constData());
    QCOMPARE(resumed.json()["state"].toString(), QString("finished"));
    const QJsonArray expected = timelessMetrics(whole, "run-1");
    QCOMPARE(expected.size(), kSteps);
    QCOMPARE(timelessMetrics(broken, "run-1"), expected);
}

void TestTrainCli::closedTerminalLosesNothing_data()
{
    QTest::addColumn<QString>("script");
    QTest::addColumn<bool>("hangsUp");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QString>("state");
    // A session that ends sends both at once: the state is saved nevertheless.
    QTest::newRow("hang-up") << R"(exec "$@")" << true << 130 << "stopped";
    QTest::newRow("hang-up of what nohup started") << R"(trap '' HUP; exec "$@")" << true << 0 << "finished";
    QTest::newRow("nobody reads any more") << R"("$@" 2>&1 >/dev/null | head -n 1; exit ${PIPESTATUS[0]})" << false << 0 << "finished";
}

void TestTrainCli::closedTerminalLosesNothing()
{
    QFETCH(QString, script);
    QFETCH(bool, hangsUp);
    QFETCH(int, exitCode);
    QFETCH(QString, state);
    const QString casebase = sampleCopy(QString("closed-%1.casebase").arg(QTest::currentDataTag()).replace(' ', '-'));
    QProcess process;
    process.start("bash", QStringList{"-c", script, "bash", QStringLiteral(PRECEDENT_CLI)} + trainLine(casebase, m_model, kSteps));
    if (hangsUp) {
        QByteArray err;
        process.setReadChannel(QProcess::StandardError);
        while (!err.contains("Training: ") && process.waitForReadyRead(kCliTimeoutMs))
            err += process.readAllStandardError();
        QVERIFY2(err.contains("Training: "), err.constData());
        QCOMPARE(::kill(static_cast<pid_t>(process.processId()), SIGHUP), 0);
        if (exitCode == 130)
            QCOMPARE(::kill(static_cast<pid_t>(process.processId()), SIGTERM), 0);
    }
    QVERIFY(process.waitForFinished(kCliTimeoutMs));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    QCOMPARE(process.exitCode(), exitCode);
    const QJsonObject run = runCli({"run", "list", casebase, "--json"}).json()["runs"].toArray()[0].toObject();
    QCOMPARE(run["state"].toString(), state);
}

void TestTrainCli::beforeAndAfterAreGivenWhereTheSpecAsksForThem()
{
    const QString casebase = sampleCopy("evaluated.casebase");
    QStringList line = trainLine(casebase, m_model, 2);
    line << "--set"
         << "evaluate_before_after=true"
         << "--set"
         << "evaluate_limit=4";
    const CliResult trained = runCli(line);
    QVERIFY2(trained.exitCode == 0, trained.err.constData());
    for (const char* phase : {"before", "after"}) {
        const QJsonArray rows = trained.json()[phase].toArray();
        QSet<QString> modes;
        QSet<QString> suites;
        for (const QJsonValue& value : rows) {
            const QJsonObject row = value.toObject();
            for (const char* key : {"model", "adapter", "checkpoint", "mode", "suite", "attack", "metric", "value", "low", "high", "n",
                     "burned", "no_answer", "judge", "judge_hash", "self_judged"})
                QVERIFY2(row.contains(key), key);
            QCOMPARE(row["n"].toInt(), 4);
            QVERIFY(row["low"].toDouble() <= row["value"].toDouble() && row["value"].toDouble() <= row["high"].toDouble());
            QVERIFY(!row["self_judged"].toBool());
            modes << row["mode"].toString();
            suites << row["suite"].toString();
        }
        QCOMPARE(suites.size(), 5);
        QCOMPARE(modes, (QSet<QString>{"none", "cases"}));
    }
}

void TestTrainCli::reportLeavesTextsOutUnlessAskedFor()
{
    const QString casebase = path("evaluated.casebase");
    if (!QFile::exists(casebase))
        QSKIP("needs the casebase of beforeAndAfterAreGivenWhereTheSpecAsksForThem");
    const auto html = [&](const QStringList& more) {
        const CliResult made = runCli(QStringList{"report", casebase, "--run", "run-1", "--out", path("r.html"), "--json"} + more);
        QFile file(made.json()["path"].toString());
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    };
    const QByteArray plain = html({});
    QVERIFY(plain.contains("Before and after"));
    QVERIFY(plain.contains("held-out look-alikes"));
    QVERIFY(plain.contains("One training seed earns no star"));
    QVERIFY(plain.contains("starter grammar"));
    QVERIFY(plain.contains("prefers-color-scheme:dark"));
    QVERIFY(!plain.contains("<details><summary>held-out"));
    for (const char* outside : {"http://", "https://", "<script", "@import", "url("})
        QVERIFY2(!plain.contains(outside), outside);
    QVERIFY(html({"--answers", "1"}).contains("<details><summary>held-out"));
    QFile csv(runCli({"report", casebase, "--run", "run-1", "--out", path("r.csv"), "--json"}).json()["path"].toString());
    QVERIFY(csv.open(QIODevice::ReadOnly));
    QVERIFY(csv.readAll().startsWith("model,adapter,checkpoint,mode,suite,axis,metric,value,low,high,n,"));
    QFile json(runCli({"report", casebase, "--run", "run-1", "--out", path("r.json"), "--json"}).json()["path"].toString());
    QVERIFY(json.open(QIODevice::ReadOnly));
    QVERIFY(!QJsonDocument::fromJson(json.readAll()).object()["comparisons"].toArray().isEmpty());
}

void TestTrainCli::checkpointsServeAsModels()
{
    const QString casebase = sampleCopy("models.casebase");
    QStringList line = trainLine(casebase, m_model, 2);
    line << "--set"
         << "save_steps=1";
    QCOMPARE(runCli(line).exitCode, 0);
    for (const char* model : {"run:run-1", "run:run-1@1"}) {
        const CliResult info = runCli({"model", "info", model, "--casebase", casebase, "--json"});
        QVERIFY2(info.exitCode == 0, info.err.constData());
        for (const char* key :
            {"name", "architecture", "parameters", "vocabulary", "context_length", "dtype", "sha256", "licence", "chat_template"})
            QVERIFY2(info.json().contains(key), key);
    }
    QCOMPARE(runCli({"model", "info", "run:run-1@7", "--casebase", casebase, "--json"}).errorCode(), QString("not_found"));
    QCOMPARE(runCli({"model", "info", "run:run-1", "--json"}).errorCode(), QString("invalid_argument"));
}

void TestTrainCli::askHasItsKeysInEveryMode_data()
{
    QTest::addColumn<QString>("mode");
    for (const char* mode : {"none", "codes", "cases"})
        QTest::newRow(mode) << mode;
}

void TestTrainCli::askHasItsKeysInEveryMode()
{
    QFETCH(QString, mode);
    const CliResult asked = runCli(
        {"ask", "--model", m_model, "--casebase", m_sample, "--mode", mode, "--max-tokens", "8", "--json", "Help me remove a fog bomb."});
    QVERIFY2(asked.exitCode == 0, asked.err.constData());
    for (const char* key : {"text", "chain", "answer", "verdict", "reasons", "citations", "context"})
        QVERIFY2(asked.json().contains(key), key);
    QCOMPARE(asked.json()["context"].toString().contains("[C1]"), mode == "cases");
    QCOMPARE(asked.json()["context"].toString().contains("[S1]"), mode != "none");
    QCOMPARE(asked.json()["verdict"].toString(), QString("no_answer"));
}

void TestTrainCli::askKeepsTheVectorsOfCases()
{
    const QString casebase = sampleCopy("asked.casebase");
    const auto ask = [&] {
        return runCli({"ask", "--model", m_model, "--casebase", casebase, "--mode", "cases", "--retrieval", "dense", "--max-tokens", "4",
            "--json", "Help me remove a fog bomb."});
    };
    const auto kept = [&] {
        const auto opened = precedent::casebase::Casebase::open(casebase.toStdString(), precedent::casebase::OpenMode::readOnly);
        return opened.ok() ? opened.value()->vectors().count("").value() : -1;
    };
    QCOMPARE(kept(), 0);
    const CliResult first = ask();
    QVERIFY2(first.exitCode == 0, first.err.constData());
    const auto count = kept();
    QVERIFY(count > 0);
    QCOMPARE(ask().json()["context"], first.json()["context"]);
    QCOMPARE(kept(), count);
}

void TestTrainCli::askWithoutACasebaseNeedsModeNone()
{
    QCOMPARE(runCli({"ask", "--model", m_model, "--mode", "none", "--max-tokens", "4", "Hello"}).exitCode, 0);
    QCOMPARE(runCli({"ask", "--model", m_model, "--mode", "cases", "Hello", "--json"}).errorCode(), QString("invalid_argument"));
}

void TestTrainCli::generateIsDeterministicInItsSeed()
{
    const auto texts = [&](const char* seed) {
        const CliResult made =
            runCli({"model", "generate", m_model, "--prompt", "The", "--max-tokens", "12", "-n", "2", "--seed", seed, "--json"});
        for (const char* key : {"prompt_tokens", "prefill_tokens_per_second", "decode_tokens_per_second"}) {
            if (!made.json().contains(key))
                return QJsonArray();
        }
        return made.json()["completions"].toArray();
    };
    const QJsonArray first = texts("1");
    QCOMPARE(first.size(), 2);
    QVERIFY(first[0].toObject().contains("stop_reason"));
    QCOMPARE(texts("1"), first);
    QVERIFY(texts("2") != first);
}

void TestTrainCli::logitsAreADistribution()
{
    const QJsonObject logits = runCli({"model", "logits", m_model, "--text", "How do I remove it?", "--top", "400", "--json"}).json();
    QCOMPARE(logits["logprobs"].toArray().size(), logits["ids"].toArray().size() - 1);
    QVERIFY(logits["mean_nll"].toDouble() > 0);
    double total = 0;
    double last = 1;
    for (const QJsonValue& candidate : logits["top"].toArray()) {
        const double p = std::exp(candidate.toObject()["logprob"].toDouble());
        QVERIFY(p <= last + 1e-9);
        last = p;
        total += p;
    }
    QVERIFY(std::abs(total - 1) < 1e-3);
}

void TestTrainCli::deleteKeepsTheLastCheckpointWhereAsked()
{
    const QString casebase = sampleCopy("deleted.casebase");
    QStringList line = trainLine(casebase, m_model, 3);
    line << "--set"
         << "save_steps=1";
    QCOMPARE(runCli(line).exitCode, 0);
    const QString folder = casebase + ".runs/run-1";
    QCOMPARE(runCli({"run", "delete", casebase, "run-1", "--dry-run"}).exitCode, 0);
    QVERIFY(QFile::exists(folder + "/checkpoint-1"));
    QCOMPARE(runCli({"run", "delete", casebase, "run-1", "--keep-last"}).exitCode, 0);
    QVERIFY(!QFile::exists(folder + "/checkpoint-1"));
    QVERIFY(QFile::exists(folder + "/checkpoint-3"));
    QCOMPARE(runCli({"run", "show", casebase, "run-1", "--json"}).json()["checkpoints"].toArray().size(), 1);
    QCOMPARE(runCli({"run", "delete", casebase, "run-1"}).exitCode, 0);
    QVERIFY(!QFile::exists(folder + "/checkpoint-3"));
    QVERIFY(runCli({"run", "list", casebase, "--json"}).json()["runs"].toArray().isEmpty());
}

/// A run that began from another run's checkpoint, in a casebase that is renamed with its runs, then copied without them.
void TestTrainCli::renamedCasebaseKeepsItsRuns()
{
    const QString old = sampleCopy("old.casebase");
    QCOMPARE(runCli(trainLine(old, m_model, 2)).exitCode, 0);
    QCOMPARE(runCli(trainLine(old, "run:run-1", 12) << "--set"
                                                    << "guards.length_at_cap=stop"
                                                    << "--set"
                                                    << "use_peft=true")
                 .exitCode,
        3);
    const QString casebase = path("new.casebase");
    QVERIFY(QFile::rename(old, casebase));
    QVERIFY(QFile::rename(old + ".runs", casebase + ".runs"));

    const CliResult asked = runCli({"ask", "--model", "run:run-2", "--casebase", casebase, "--mode", "none", "--json", "Hello"});
    QVERIFY2(asked.exitCode == 0, asked.err.constData());
    const CliResult resumed = runCli({"train", "--casebase", casebase, "--resume", "run-2", "--json"});
    QVERIFY2(resumed.json()["steps"].toInt() > 8, resumed.err.constData());
    QVERIFY(resumed.json()["checkpoint"].toString().startsWith(casebase + ".runs/run-2/"));
    QVERIFY(!QFile::exists(old + ".runs"));

    const QString copy = path("copy.casebase");
    QVERIFY(QFile::copy(casebase, copy));
    QVERIFY(runCli({"ask", "--model", "run:run-2", "--casebase", copy, "--mode", "none", "Hello"}).err.contains("copy.casebase.runs"));
    QCOMPARE(runCli({"run", "delete", copy, "run-2"}).exitCode, 0);
    QVERIFY(QFile::exists(casebase + ".runs/run-2/checkpoint-8"));
}

void TestTrainCli::movedModelIsFoundByItsName()
{
    const QString before = path("before");
    QVERIFY(QDir().mkpath(before));
    for (const QString& file : QDir(m_model).entryList(QDir::Files))
        QVERIFY(QFile::copy(m_model + "/" + file, before + "/" + file));
    QCOMPARE(runCli({"model", "import", before, "--name", "ours"}).exitCode, 0);
    const QString casebase = sampleCopy("moved.casebase");
    QCOMPARE(runCli(trainLine(casebase, "ours", 2) << "--set"
                                                   << "use_peft=true")
                 .exitCode,
        0);
    const QStringList ask{"ask", "--model", "run:run-1", "--casebase", casebase, "--mode", "none", "--json", "Hello"};
    const QJsonObject answer = runCli(ask).json();

    const QString after = path("after");
    QVERIFY(QFile::rename(before, after));
    QVERIFY2(runCli(ask).err.contains("add it under the name ours"), runCli(ask).err.constData());
    QCOMPARE(runCli({"run", "show", casebase, "run-1"}).exitCode, 0);
    QCOMPARE(runCli({"model", "import", after, "--name", "ours"}).exitCode, 0);
    QCOMPARE(runCli(ask).json()["text"], answer["text"]);

    // Other weights under that name are not what the adapter was trained on.
    QVERIFY(QFile::rename(after, before + "-kept"));
    const CliResult made = makeTinyCliModel(path("other.json"), path("other"), 4);
    QVERIFY2(made.exitCode == 0, made.err.constData());
    QCOMPARE(runCli({"model", "import", path("other"), "--name", "ours"}).exitCode, 0);
    const CliResult other = runCli(ask);
    QCOMPARE(other.errorCode(), QString("not_found"));
    QVERIFY(other.err.contains("is gone: " + before.toUtf8()));
}

/// A base model has no chat template and is asked in plain turns, which other programs would not guess.
void TestTrainCli::exportsHoldTheTurnsThatWeightsWereTrainedIn()
{
    const QString base = path("base");
    QVERIFY(QDir().mkpath(base));
    for (const QString& file : QDir(m_model).entryList(QDir::Files))
        QVERIFY(QFile::copy(m_model + "/" + file, base + "/" + file));
    QFile config(base + "/tokenizer_config.json");
    QVERIFY(config.open(QIODevice::ReadWrite));
    QJsonObject json = QJsonDocument::fromJson(config.readAll()).object();
    json.remove("chat_template");
    QVERIFY(config.resize(0));
    config.write(QJsonDocument(json).toJson());
    config.close();
    const auto isPlain = [](const QString& model) {
        return runCli({"model", "info", model, "--json"}).json()["chat_template"].toString() == QString("plain");
    };
    QVERIFY(isPlain(base));

    const QString casebase = sampleCopy("turns.casebase");
    QCOMPARE(runCli(trainLine(casebase, base, 2)).exitCode, 0);
    const auto exported = [&](const QString& model, const QString& to) {
        return runCli({"model", "export", model, path(to), "--casebase", casebase, "--format", "hf", "--json"});
    };
    const CliResult trained = exported("run:run-1", "trained");
    QVERIFY2(trained.exitCode == 0, trained.err.constData());
    QVERIFY(trained.json()["note"].toString().contains("chat template"));
    QVERIFY(QFile::exists(path("trained/chat_template.jinja")));
    QVERIFY(isPlain(path("trained")));
    QFile turns(path("trained/chat_template.jinja"));
    QVERIFY(turns.open(QIODevice::ReadOnly));
    const QByteArray written = turns.readAll();
    QVERIFY2(written.contains("User: ") && written.contains("<think>"), written.constData());
    QCOMPARE(runCli({"ask", "--model", path("trained"), "--casebase", casebase, "--mode", "none", "--json", "Hello"}).json()["text"],
        runCli({"ask", "--model", "run:run-1", "--casebase", casebase, "--mode", "none", "--json", "Hello"}).json()["text"]);

    QCOMPARE(exported(base, "untrained").exitCode, 0);
    QVERIFY(!QFile::exists(path("untrained/chat_template.jinja")));

    // A built-in template's name means nothing to other programs.
    QFile named(base + "/chat_template.jinja");
    QVERIFY(named.open(QIODevice::WriteOnly));
    named.write("chatml");
    named.close();
    QCOMPARE(exported(base, "named").exitCode, 0);
    QFile chatml(path("named/chat_template.jinja"));
    QVERIFY(chatml.open(QIODevice::ReadOnly));
    QVERIFY(chatml.readAll().contains("<|im_start|>"));
}

void TestTrainCli::dryRunStoresNoRun()
{
    const QString casebase = sampleCopy("dry.casebase");
    const CliResult dry = runCli(trainLine(casebase, m_model, 3) + QStringList{"--dry-run"});
    QCOMPARE(dry.exitCode, 0);
    QVERIFY(dry.json()["spec"].toObject().contains("num_generations"));
    QVERIFY(dry.json()["freeze"].toObject()["cases_used"].toInt() == 168);
    QVERIFY(runCli({"run", "list", casebase, "--json"}).json()["runs"].toArray().isEmpty());
    QVERIFY(!QFile::exists(casebase + ".runs"));
}

void TestTrainCli::guardThatStopsIsExitStatusThree()
{
    const QString casebase = sampleCopy("guarded.casebase");
    const CliResult trained = runCli(trainLine(casebase, m_model, 12) << "--set"
                                                                      << "guards.length_at_cap=stop");
    QVERIFY2(trained.exitCode == 3, trained.err.constData()); // a model without sense never ends by itself
    QVERIFY2(trained.err.contains("stops the run (length_at_cap)"), trained.err.constData());
    QCOMPARE(trained.json()["state"].toString(), QString("stopped"));
    QCOMPARE(trained.json()["steps"].toInt(), 8);
    QVERIFY(QFile::exists(trained.json()["checkpoint"].toString()));
    QVERIFY(trained.json()["checkpoint"].toString().endsWith("checkpoint-8"));
    const QJsonObject shown = runCli({"run", "show", casebase, "run-1", "--json"}).json();
    QVERIFY2(shown["message"].toString().contains("guard length_at_cap"), qPrintable(shown["message"].toString()));
    bool found = false;
    for (const QJsonValue& alarm : shown["alarms"].toArray())
        found = found || (alarm["kind"].toString() == "length_at_cap" && alarm["from"].toInt() == 8 && alarm["stops"].toBool());
    QVERIFY(found);
    QCOMPARE(trained.json()["alarms"].toArray(), shown["alarms"].toArray());
}

void TestTrainCli::guardThatWarnsIsToldAndStored()
{
    const QString casebase = sampleCopy("warned.casebase");
    const CliResult trained = runCli(trainLine(casebase, m_model, 9));
    QVERIFY2(trained.exitCode == 0, trained.err.constData());
    QVERIFY2(trained.err.contains("warning (length_at_cap)"), trained.err.constData());
    QVERIFY(runCli({"run", "show", casebase, "run-1"}).out.contains("length_at_cap"));
}

void TestTrainCli::newerSpecIsRefused()
{
    QFile file(path("newer.json"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(R"({"version": 2})");
    file.close();
    const CliResult refused =
        runCli({"train", "--casebase", sampleCopy("newer.casebase"), "--model", m_model, "--spec", file.fileName(), "--json"});
    QCOMPARE(refused.exitCode, 1);
    QCOMPARE(refused.errorCode(), QString("too_new"));
}

QTEST_GUILESS_MAIN(TestTrainCli)
#include "tst_train_cli.moc"
