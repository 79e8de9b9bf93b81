// What a run of the command line leaves beside its metrics: the manifest, the estimate with what came true, and the chains that it
// drew to learn from, corrected and learnt from by another run.

#include <QtTest/QtTest>

#include <QFile>
#include <QJsonArray>
#include <QTemporaryDir>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "cli_program.h"
#include "precedent/base/json.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/suite_store.h"
#include "tiny_cli_model.h"

using namespace precedent;

class TestRunRecord : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void manifestHoldsWhatTheRunWasMadeWith();
    void resumedRunIsInTheManifestAndExactOnTheSameMachine();
    void resumeOnAnotherMachineSaysThatItIsNotExact();
    void estimateStandsBesideWhatCameTrue();
    void estimateIsMeasuredUnlessTheLineSaysNotTo();
    void keptExamplesAreExportedCorrectedAndLearntFrom();
    void examplesThatASealedSuiteOverlapsAreExcluded();
    void badExampleIsRefusedWithItsLine_data();
    void badExampleIsRefusedWithItsLine();

private:
    [[nodiscard]] QString path(const QString& name) const { return m_folder.filePath(name); }
    [[nodiscard]] QString sampleCopy(const QString& name) const;
    [[nodiscard]] QString written(const QString& name, const QByteArray& text) const;
    [[nodiscard]] CliResult train(const QString& casebase, const QString& model, int steps, const QStringList& settings) const;
    [[nodiscard]] static QJsonObject readJson(const QString& file);

    QTemporaryDir m_folder;
    QString m_model;
    QString m_sample;
};

void TestRunRecord::initTestCase()
{
    qputenv("XDG_DATA_HOME", path("data").toUtf8());
    qputenv("XDG_CACHE_HOME", path("cache").toUtf8());
    m_model = path("tiny");
    const CliResult made = makeTinyCliModel(path("tiny.json"), m_model);
    QVERIFY2(made.exitCode == 0, made.err.constData());
    m_sample = path("sample.casebase");
    QCOMPARE(runCli({"casebase", "new", m_sample, "--sample"}).exitCode, 0);
}

QString TestRunRecord::sampleCopy(const QString& name) const
{
    const QString copy = path(name);
    return QFile::copy(m_sample, copy) ? copy : QString();
}

QString TestRunRecord::written(const QString& name, const QByteArray& text) const
{
    QFile file(path(name));
    return file.open(QIODevice::WriteOnly) && file.write(text) == text.size() ? file.fileName() : QString();
}

CliResult TestRunRecord::train(const QString& casebase, const QString& model, int steps, const QStringList& settings) const
{
    QStringList line{
        "train", "--casebase", casebase, "--model", model, "--preset", "quickstart", "--steps", QString::number(steps), "--json"};
    for (const QString& setting :
        QStringList{"evaluate_before_after=false", "max_completion_length=16", "num_generations=4", "prompts_per_step=2"} + settings)
        line << "--set" << setting;
    return runCli(line);
}

QJsonObject TestRunRecord::readJson(const QString& file)
{
    QFile opened(file);
    return opened.open(QIODevice::ReadOnly) ? QJsonDocument::fromJson(opened.readAll()).object() : QJsonObject();
}

void TestRunRecord::manifestHoldsWhatTheRunWasMadeWith()
{
    const QString casebase = sampleCopy("manifest.casebase");
    const CliResult trained = train(casebase, m_model, 2, {});
    QVERIFY2(trained.exitCode == 0, trained.err.constData());
    const QJsonObject shown = runCli({"run", "show", casebase, "run-1", "--json"}).json();
    const QJsonObject manifest = readJson(shown["folder"].toString() + "/manifest.json");
    QCOMPARE(shown["manifest"].toObject(), manifest);
    QCOMPARE(manifest["content_hash"], shown["content_hash"]);
    QCOMPARE(manifest["casebase_snapshot"], shown["casebase_snapshot"]);
    QCOMPARE(manifest["spec"], shown["spec"]);
    QCOMPARE(manifest["seeds"].toObject()["run"], shown["spec"].toObject()["seed"]);
    QCOMPARE(manifest["model"].toObject()["sha256"], runCli({"model", "info", m_model, "--json"}).json()["sha256"]);
    QCOMPARE(manifest["state"].toString(), QString("finished"));
    QCOMPARE(manifest["step"].toInt(), 2);
    for (const char* key : {"program", "started", "finished"})
        QVERIFY2(!manifest[key].toString().isEmpty(), key);
    QVERIFY(manifest["engine"].toInt() > 0);
    QVERIFY(!manifest["libraries"].toObject()["libtorch"].toString().isEmpty());
    const QJsonObject machine = manifest["machine"].toObject();
    QVERIFY(!machine["processor"].toString().isEmpty());
    for (const char* key : {"cores", "threads", "memory_bytes"})
        QVERIFY2(machine[key].toDouble() > 0, key);
    for (const char* key : {"floats", "prefill", "decode"})
        QVERIFY2(!manifest["kernels"].toObject()[key].toString().isEmpty(), key);
    QVERIFY(manifest["exact"].toBool() && manifest["resumed"].toArray().isEmpty());
    QCOMPARE(runCli({"run", "delete", casebase, "run-1"}).exitCode, 0);
    QVERIFY(!QFile::exists(shown["folder"].toString()));
}

void TestRunRecord::resumedRunIsInTheManifestAndExactOnTheSameMachine()
{
    const QString casebase = sampleCopy("resumed.casebase");
    QCOMPARE(train(casebase, m_model, 2, {}).exitCode, 0);
    const CliResult more = runCli({"train", "--resume", "run-1", "--casebase", casebase, "--steps", "3", "--json"});
    QVERIFY2(more.exitCode == 0, more.err.constData());
    const QJsonObject manifest = runCli({"run", "show", casebase, "run-1", "--json"}).json()["manifest"].toObject();
    QCOMPARE(manifest["resumed"].toArray().size(), 1);
    QCOMPARE(manifest["resumed"].toArray()[0].toObject()["step"].toInt(), 2);
    QVERIFY(manifest["resumed"].toArray()[0].toObject()["differs"].toArray().isEmpty());
    QVERIFY(manifest["exact"].toBool());
    QCOMPARE(manifest["step"].toInt(), 3);
}

void TestRunRecord::resumeOnAnotherMachineSaysThatItIsNotExact()
{
    const QString casebase = sampleCopy("elsewhere.casebase");
    QCOMPARE(train(casebase, m_model, 2, {}).exitCode, 0);
    const QString folder = runCli({"run", "show", casebase, "run-1", "--json"}).json()["folder"].toString();
    QJsonObject manifest = readJson(folder + "/manifest.json");
    QJsonObject machine = manifest["machine"].toObject();
    machine["processor"] = "Another processor";
    manifest["machine"] = machine;
    QFile file(folder + "/manifest.json");
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QJsonDocument(manifest).toJson());
    file.close();
    const CliResult more = runCli({"train", "--resume", "run-1", "--casebase", casebase, "--steps", "3", "--json"});
    QVERIFY2(more.exitCode == 0, more.err.constData());
    QVERIFY2(more.err.contains("was Another processor"), more.err.constData());
    const QJsonObject after = readJson(folder + "/manifest.json");
    QVERIFY(!after["exact"].toBool(true));
    QVERIFY(!after["resumed"].toArray()[0].toObject()["differs"].toArray().isEmpty());
}

void TestRunRecord::estimateStandsBesideWhatCameTrue()
{
    const QString casebase = sampleCopy("estimate.casebase");
    const CliResult trained = train(casebase, m_model, 4, {});
    QVERIFY2(trained.exitCode == 0, trained.err.constData());
    QVERIFY2(trained.err.contains("Estimate: "), trained.err.constData());
    QVERIFY2(trained.json()["basis"].toString().startsWith("Measured on this machine"), qPrintable(trained.json()["basis"].toString()));
    const QJsonObject shown = runCli({"run", "show", casebase, "run-1", "--json"}).json();
    for (const char* key : {"seconds_per_step", "train_seconds", "memory_bytes", "disk_bytes"}) {
        const double estimated = trained.json()["estimate"].toObject()[key].toDouble();
        const double took = trained.json()["actual"].toObject()[key].toDouble();
        QVERIFY2(estimated > 0 && took > 0, key);
        const double deviation = trained.json()["deviation_percent"].toObject()[key].toDouble();
        QVERIFY(std::abs(deviation - 100 * (took / estimated - 1)) < 1e-6);
        QCOMPARE(shown["estimate"].toObject()[key].toDouble(), estimated);
    }
    // Bytes do not depend on what else the machine does.
    const double memory = trained.json()["deviation_percent"].toObject()["memory_bytes"].toDouble();
    QVERIFY2(std::abs(memory) < 25, qPrintable(QString::number(memory)));
}

void TestRunRecord::estimateIsMeasuredUnlessTheLineSaysNotTo()
{
    const QString casebase = sampleCopy("guess.casebase");
    const QStringList line{"train", "--casebase", casebase, "--model", m_model, "--preset", "quickstart", "--set", "num_generations=4",
        "--set", "max_completion_length=16", "--steps", "3", "--dry-run", "--json"};
    QVERIFY(runCli(line).json()["estimate"].toObject()["basis"].toString().startsWith("Measured on this machine"));
    const QJsonObject guess = runCli(line + QStringList{"--no-estimate"}).json()["estimate"].toObject();
    QVERIFY(guess["basis"].toString().startsWith("Not measured"));
    QVERIFY(guess["memory_bytes"].toDouble() > 0);
    QVERIFY(runCli({"run", "list", casebase, "--json"}).json()["runs"].toArray().isEmpty());
}

void TestRunRecord::keptExamplesAreExportedCorrectedAndLearntFrom()
{
    const QString casebase = sampleCopy("examples.casebase");
    const QStringList drawing{"method=sft", "self_generation_steps=2", "self_generation_threshold=0.1", "max_completion_length=96"};
    const CliResult drawn = train(casebase, "starter", 2, drawing);
    QVERIFY2(drawn.exitCode == 0, drawn.err.constData());
    const QJsonObject listed = runCli({"run", "examples", casebase, "run-1", "--json"}).json();
    QCOMPARE(listed["examples"].toArray().size(), 2 * 2 * 4);
    const int kept = listed["kept"].toInt();
    QVERIFY(kept > 0 && kept <= 4);
    for (const QJsonValue& example : listed["examples"].toArray())
        QVERIFY(!example["kept"].toBool() || example["score"].toDouble() >= 0.1);
    // Beside a kept one stands the worst of its group, if it earned less.
    std::map<std::pair<int, int>, std::array<double, 3>> groups; // the kept one's score, the rejected one's, the least
    for (const QJsonValue& example : listed["examples"].toArray()) {
        auto& [best, rejected, least] =
            groups.try_emplace({example["step"].toInt(), example["group"].toInt()}, std::array{-1.0, -1.0, 2.0}).first->second;
        const double score = example["score"].toDouble();
        QVERIFY(!(example["kept"].toBool() && example["rejected"].toBool()));
        best = example["kept"].toBool() ? score : best;
        rejected = example["rejected"].toBool() ? score : rejected;
        least = std::min(least, score);
    }
    for (const auto& [place, scores] : groups) {
        const auto& [best, rejected, least] = scores;
        QCOMPARE(rejected, best > least ? least : -1.0);
    }

    const QString file = path("kept.jsonl");
    const CliResult exported = runCli({"run", "examples", casebase, "run-1", "--export", file, "--json"});
    QCOMPARE(exported.json()["written"].toInt(), kept);
    QFile lines(file);
    QVERIFY(lines.open(QIODevice::ReadOnly));
    QJsonObject first = QJsonDocument::fromJson(lines.readLine()).object();
    for (const char* key : {"id", "request", "chain", "answer", "score", "kept", "provenance"})
        QVERIFY2(first.contains(key), key);
    QCOMPARE(first["provenance"].toObject()["run"].toString(), QString("run-1"));
    first["answer"] = "A corrected answer.";

    const auto content = [&](const QByteArray& text) {
        const QString corrected = written("corrected.jsonl", text);
        const CliResult dry = runCli({"train", "--casebase", casebase, "--model", "starter", "--preset", "sft-cases", "--set",
            "sft_examples=file", "--set", "sft_file=" + corrected, "--dry-run", "--no-estimate", "--json"});
        return dry.json()["content_hash"].toString();
    };
    const QByteArray line = QJsonDocument(first).toJson(QJsonDocument::Compact) + "\n";
    const QString hash = content(line);
    QCOMPARE(hash.size(), 64);
    QVERIFY(content(QByteArray(line).replace("corrected", "other")) != hash);
    QCOMPARE(content(line + "\n{\"request\": \"Skip me?\", \"answer\": \"No.\", \"kept\": false}\n"), hash);

    const QString corrected = written("corrected.jsonl", line);
    const CliResult taught = runCli({"train", "--casebase", casebase, "--model", "starter", "--preset", "sft-cases", "--set",
        "sft_examples=file", "--set", "sft_file=" + corrected, "--set", "evaluate_before_after=false", "--steps", "2", "--json"});
    QVERIFY2(taught.exitCode == 0, taught.err.constData());
    QVERIFY2(taught.err.contains("1 of 1 examples of sft_file used"), taught.err.constData());
    QVERIFY(taught.json()["metrics"].toObject()["loss"].toDouble() > 0);
    // What was frozen is learnt from: the file itself may go.
    QVERIFY(QFile::remove(corrected));
    const CliResult more = runCli({"train", "--resume", taught.json()["run"].toString(), "--casebase", casebase, "--steps", "3", "--json"});
    QVERIFY2(more.exitCode == 0, more.err.constData());
}

void TestRunRecord::examplesThatASealedSuiteOverlapsAreExcluded()
{
    const QString casebase = path("sealed.casebase");
    QCOMPARE(runCli({"casebase", "new", casebase, "--sample"}).exitCode, 0);
    const auto opened = casebase::Casebase::open(casebase.toStdString(), casebase::OpenMode::readOnly);
    QVERIFY(opened.ok());
    casebase::PromptFilter sealed;
    const auto suites = (*opened)->suites().all();
    for (const casebase::Suite& suite : *suites) {
        if (suite.role == casebase::SuiteRole::sealed)
            sealed.suite = suite.name;
    }
    const auto held = (*opened)->prompts().all(sealed, 0, 1);
    QCOMPARE(held->size(), std::size_t{1});
    const Json overlapping = {{"request", lastUserText(held->front().messages)}, {"answer", "Like this."}};
    const QString file = written("overlap.jsonl",
        QByteArray::fromStdString(dumpJson(overlapping)) +
            "\n{\"request\": \"Which bread keeps for a week on the shelf of a kitchen?\", \"answer\": \"Rye.\"}\n");
    const CliResult dry = runCli({"train", "--casebase", casebase, "--model", m_model, "--preset", "sft-cases", "--set",
        "sft_examples=file", "--set", "sft_file=" + file, "--dry-run", "--no-estimate", "--json"});
    QVERIFY2(dry.exitCode == 0, dry.err.constData());
    QVERIFY2(dry.err.contains("1 of 2 examples of sft_file used"), dry.err.constData());
    QVERIFY2(dry.err.contains("overlaps a sealed suite and is excluded: line-1"), dry.err.constData());
    QCOMPARE(dry.json()["freeze"].toObject()["examples_excluded"].toArray().size(), 1);
}

void TestRunRecord::badExampleIsRefusedWithItsLine_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("says");
    QTest::newRow("no JSON") << QByteArray("{") << QByteArray("line 2: it");
    QTest::newRow("no object") << QByteArray("[1]") << QByteArray("line 2: it is no JSON object");
    QTest::newRow("no request") << QByteArray(R"({"answer": "Yes."})") << QByteArray("line 2: there is no `request`");
    QTest::newRow("a request without a user") << QByteArray(R"({"request": [{"role": "system", "content": "Be kind."}], "answer": "Yes."})")
                                              << QByteArray("line 2: `request` has no turn of the user");
    QTest::newRow("no answer") << QByteArray(R"({"request": "May I?", "answer": " "})") << QByteArray("line 2: there is no `answer`");
    QTest::newRow("a chain that is no text") << QByteArray(R"({"request": "May I?", "answer": "Yes.", "chain": 3})")
                                             << QByteArray("line 2: `chain` is no text");
    QTest::newRow("kept that is neither") << QByteArray(R"({"request": "May I?", "answer": "Yes.", "kept": "no"})")
                                          << QByteArray("line 2: `kept` is neither");
}

void TestRunRecord::badExampleIsRefusedWithItsLine()
{
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, says);
    const QString file = written("bad.jsonl", "{\"request\": \"May I?\", \"answer\": \"Yes.\"}\n" + line + "\n");
    const CliResult refused = runCli({"train", "--casebase", m_sample, "--model", m_model, "--preset", "sft-cases", "--set",
        "sft_examples=file", "--set", "sft_file=" + file, "--dry-run", "--no-estimate", "--json"});
    QCOMPARE(refused.exitCode, 1);
    QVERIFY2(refused.err.contains(says), refused.err.constData());
}

QTEST_GUILESS_MAIN(TestRunRecord)
#include "tst_run_record.moc"
