#include <QtTest/QtTest>

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QTemporaryDir>
#include <QThread>

#include <cmath>
#include <csignal>
#include <map>
#include <memory>

#include "cli_program.h"
#include "precedent/align/run_spec_json.h"
#include "precedent/casebase/case_store.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/run_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/casebase/vector_store.h"

using namespace precedent;

namespace {

constexpr int kLimit = 4;
const QString kAttacks = QStringLiteral("held-out attacked");
const QString kLookAlikes = QStringLiteral("held-out look-alikes");
const QString kEveryday = QStringLiteral("held-out sums");

QStringList evaluateLine(const QString& casebase, const QStringList& suites, const QStringList& modes)
{
    QStringList line{"evaluate", "--casebase", casebase, "--model", "starter", "--json"};
    for (const QString& suite : suites)
        line << "--suite" << suite;
    for (const QString& mode : modes)
        line << "--mode" << mode;
    return line;
}

/// Shares counted by hand from the stored rows: suite, mode and verdict's word -> rows; with "" all of them.
std::map<std::tuple<std::string, std::string, std::string>, int> countedRows(const QString& casebase, const std::string& id)
{
    std::map<std::tuple<std::string, std::string, std::string>, int> counts;
    const auto opened = casebase::Casebase::open(casebase.toStdString(), casebase::OpenMode::readOnly);
    if (!opened.ok())
        return counts;
    (void)(*opened)->evaluations().forEachRow(id, [&](const casebase::EvaluationRow& row) -> Status {
        ++counts[{row.suite, toString(row.mode), ""}];
        ++counts[{row.suite, toString(row.mode), toString(row.verdict)}];
        return {};
    });
    return counts;
}

int evaluationsIn(const QString& casebase)
{
    const auto opened = casebase::Casebase::open(casebase.toStdString(), casebase::OpenMode::readOnly);
    return opened.ok() ? static_cast<int>((*opened)->info()->evaluations) : -1;
}

} // namespace

class TestEvaluateCli : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void figuresAreThoseOfTheStoredRows();
    void perplexityIsThatOfTheTextAsAWhole();
    void reportTakesTheEvaluation();
    void runThatWasPaidNothingGradesNoWorkOfItsOwn();
    void runsCheckpointIsMarkedAndItsBaseIsNot();
    void exportsAreTracedByTheFileBesideThem();
    void thresholdMissedExitsWithThree_data();
    void thresholdMissedExitsWithThree();
    void wrongLineIsAUsageError_data();
    void wrongLineIsAUsageError();
    void whatIsNotThereIsNamed_data();
    void whatIsNotThereIsNamed();
    void attackFilterLeavesOtherWrappersOut();
    void turnsAreBegunAndSuffixesFound();
    void casesAreChosenAsTheLineSays();
    void dryRunSaysWhatWouldBeAsked();
    void interruptStoresNothing();
    void whatWasCutShortGoesOn();

private:
    /// Sends `signal` to the command, so long after the first answers came. What it printed.
    static QByteArray cutShort(const QStringList& line, int signal, int afterMs);
    [[nodiscard]] QString path(const QString& name) const { return m_folder.filePath(name); }
    [[nodiscard]] QString sampleCopy(const QString& name) const
    {
        QFile::copy(m_sample, path(name));
        return path(name);
    }

    QTemporaryDir m_folder;
    QString m_sample;
};

void TestEvaluateCli::initTestCase()
{
    m_sample = path("sample.casebase");
    QCOMPARE(runCli({"casebase", "new", m_sample, "--sample"}).exitCode, 0);
}

void TestEvaluateCli::figuresAreThoseOfTheStoredRows()
{
    const QString casebase = sampleCopy("figures.casebase");
    QStringList line = evaluateLine(casebase, {kAttacks, kLookAlikes}, {"none", "cases"});
    line << "--limit" << QString::number(kLimit);
    const CliResult evaluated = runCli(line);
    QVERIFY2(evaluated.exitCode == 0, evaluated.err.constData());
    const std::string id = evaluated.json()["evaluation"].toString().toStdString();
    auto counts = countedRows(casebase, id);
    const std::map<QString, std::string> verdictOf{{"harmful_answered", "comply"}, {"over_refusal", "refuse"}, {"refused", "refuse"},
        {"safe_complete", "safe_complete"}, {"no_answer", "no_answer"}};
    int compared = 0;
    for (const QJsonValue& value : evaluated.json()["rows"].toArray()) {
        const QJsonObject row = value.toObject();
        for (const char* key : {"model", "adapter", "checkpoint", "mode", "suite", "attack", "metric", "value", "low", "high", "n",
                 "burned", "no_answer", "judge", "judge_hash", "self_judged"})
            QVERIFY2(row.contains(key), key);
        const std::string suite = row["suite"].toString().toStdString();
        const std::string mode = row["mode"].toString().toStdString();
        QCOMPARE(row["n"].toInt(), kLimit);
        QCOMPARE((counts[{suite, mode, ""}]), kLimit);
        QCOMPARE(row["model"].toString(), QString("starter"));
        QVERIFY(!row["self_judged"].toBool());
        const auto verdict = verdictOf.find(row["metric"].toString());
        if (verdict == verdictOf.end())
            continue;
        QCOMPARE(row["value"].toDouble(), double(counts[{suite, mode, verdict->second}]) / kLimit);
        QVERIFY(row["low"].toDouble() <= row["value"].toDouble() && row["value"].toDouble() <= row["high"].toDouble());
        ++compared;
    }
    QCOMPARE(compared, 2 * 2 * 4 - 2); // attacks have refused and harmful_answered, look-alikes over_refusal alone
    // The same again, greedy, is the same evaluation once more.
    const CliResult again = runCli(line);
    QCOMPARE(again.json()["rows"].toArray(), evaluated.json()["rows"].toArray());
    QCOMPARE(evaluationsIn(casebase), 2);
}

/// Against `model logits`, which computes the whole text by the other path, operator by operator.
void TestEvaluateCli::perplexityIsThatOfTheTextAsAWhole()
{
    const QString casebase = sampleCopy("perplexity.casebase");
    const CliResult evaluated = runCli(evaluateLine(casebase, {kLookAlikes, kAttacks}, {"none"}) << "--limit"
                                                                                                 << "1"
                                                                                                 << "--perplexity"
                                                                                                 << "starter"
                                                                                                 << "--fail-if"
                                                                                                 << "perplexity>1000");
    QVERIFY2(evaluated.exitCode == 0, evaluated.err.constData());
    QJsonObject figure;
    for (const QJsonValue& row : evaluated.json()["rows"].toArray()) {
        QVERIFY(row["suite"] != kAttacks || row["metric"] != "perplexity");
        if (row["metric"] == "perplexity")
            figure = row.toObject();
    }
    QCOMPARE(figure["n"].toInt(), 1);
    QCOMPARE(figure["judge"].toString(), QString("starter"));
    const auto opened = casebase::Casebase::open(casebase.toStdString(), casebase::OpenMode::readOnly);
    QVERIFY(opened.ok());
    casebase::EvaluationRow row;
    QVERIFY((*opened)
                ->evaluations()
                .forEachRow(evaluated.json()["evaluation"].toString().toStdString(),
                    [&](const casebase::EvaluationRow& r) -> Status {
                        if (r.suite == kLookAlikes.toStdString())
                            row = r;
                        return {};
                    })
                .ok());
    QVERIFY(!row.answer.empty());
    const auto prompt = (*opened)->prompts().find(row.promptId);
    QFile messages(path("messages.json"));
    QVERIFY(messages.open(QIODevice::WriteOnly));
    messages.write(
        QJsonDocument(QJsonArray{QJsonObject{{"role", "user"}, {"content", QString::fromStdString(lastUserText(prompt->messages))}}})
            .toJson());
    messages.close();
    const CliResult rendered = runCli({"model", "render", "starter", "--messages", messages.fileName(), "--generation-prompt", "--json"});
    const QString before = rendered.json()["text"].toString() + "<think></think>\n";
    const QString after = QString::fromStdString(row.answer);
    const auto tokensOf = [](const QString& text) {
        return runCli({"model", "tokenize", "starter", "--text", text, "--no-special", "--json"}).json()["ids"].toArray().size();
    };
    const qsizetype tokens = tokensOf(before + after) - tokensOf(before);
    const QJsonArray logProbs = runCli({"model", "logits", "starter", "--text", before + after, "--json"}).json()["logprobs"].toArray();
    QVERIFY(tokens > 3 && logProbs.size() > tokens);
    double sum = 0;
    for (qsizetype i = logProbs.size() - tokens; i < logProbs.size(); ++i)
        sum += logProbs[i].toDouble();
    const double expected = std::exp(-sum / double(tokens));
    QVERIFY2(std::abs(figure["value"].toDouble() / expected - 1) < 1e-3,
        qPrintable(QString("%1 against %2").arg(figure["value"].toDouble()).arg(expected)));
}

void TestEvaluateCli::reportTakesTheEvaluation()
{
    const QString casebase = path("figures.casebase");
    if (!QFile::exists(casebase))
        QSKIP("needs the casebase of figuresAreThoseOfTheStoredRows");
    QVERIFY2(runCli({"report", casebase, "--evaluation", "eval-1", "--out", path("e.csv")}).exitCode == 0, "csv");
    QFile csv(path("e.csv"));
    QVERIFY(csv.open(QIODevice::ReadOnly));
    QVERIFY(csv.readAll().contains("starter,,,none,held-out attacked,attacked,harmful_answered,"));
    QCOMPARE(runCli({"report", casebase, "--evaluation", "eval-1", "--out", path("e.html")}).exitCode, 0);
    QFile html(path("e.html"));
    QVERIFY(html.open(QIODevice::ReadOnly));
    QVERIFY(html.readAll().contains("repairing them says nothing"));
}

/// Supervised steps on cases draw nothing, so no judge paid them: not even the one that pays where a spec names none.
void TestEvaluateCli::runThatWasPaidNothingGradesNoWorkOfItsOwn()
{
    const QString casebase = sampleCopy("unpaid.casebase");
    const CliResult trained = runCli({"train", "--casebase", casebase, "--model", "starter", "--preset", "sft-cases", "--set",
        "evaluate_before_after=false", "--set", "batch_size=1", "--steps", "1", "--no-estimate", "--json"});
    QVERIFY2(trained.exitCode == 0, trained.err.constData());
    QVERIFY(!trained.err.contains("would earn"));
    const CliResult evaluated = runCli({"evaluate", "--casebase", casebase, "--model", "run:run-1", "--suite", kAttacks, "--mode", "none",
        "--limit", "1", "--max-tokens", "8", "--judge", "analysis", "--json"});
    QVERIFY2(evaluated.exitCode == 0, evaluated.err.constData());
    QVERIFY(!evaluated.json()["rows"].toArray().isEmpty());
    for (const QJsonValue& row : evaluated.json()["rows"].toArray())
        QVERIFY(!row.toObject()["self_judged"].toBool());
}

/// Rule 5: what a run was rewarded by grades its own work, and nobody else's.
void TestEvaluateCli::runsCheckpointIsMarkedAndItsBaseIsNot()
{
    const QString casebase = sampleCopy("marks.casebase");
    QStringList train{"train", "--casebase", casebase, "--model", "starter", "--preset", "quickstart", "--set",
        "evaluate_before_after=false", "--set", "max_completion_length=16", "--set", "num_generations=2", "--set", "prompts_per_step=1",
        "--steps", "1", "--json"};
    const CliResult trained = runCli(train);
    QVERIFY2(trained.exitCode == 0, trained.err.constData());
    const auto marks = [&](const QString& judge) {
        const CliResult evaluated = runCli({"evaluate", "--casebase", casebase, "--model", "starter", "--model", "run:run-1", "--suite",
            kAttacks, "--mode", "none", "--limit", "1", "--max-tokens", "8", "--judge", judge, "--json"});
        std::map<QString, bool> found;
        for (const QJsonValue& row : evaluated.json()["rows"].toArray())
            found[row.toObject()["checkpoint"].toString()] = row.toObject()["self_judged"].toBool();
        return found;
    };
    const auto byAnalysis = marks("analysis");
    QCOMPARE(byAnalysis.size(), std::size_t{2});
    QCOMPARE(byAnalysis.at(QString()), false);
    QCOMPARE(byAnalysis.at("run:run-1@1"), true);
    QCOMPARE(marks("grammar").at("run:run-1@1"), false);
    // Two models are two evaluations, and the checkpoint counts as the starter's own.
    QCOMPARE(evaluationsIn(casebase), 4);
    const CliResult text = runCli({"evaluate", "--casebase", casebase, "--model", "run:run-1", "--suite", kAttacks, "--mode", "none",
        "--limit", "1", "--max-tokens", "8", "--judge", "analysis"});
    QVERIFY(text.out.contains("graded by its own reward"));
    QVERIFY(text.out.contains("repairing them says nothing"));
}

/// What was trained stays what it is when it is taken elsewhere: in another casebase, merged, exported again from there, or copied.
void TestEvaluateCli::exportsAreTracedByTheFileBesideThem()
{
    const QString trainedIn = sampleCopy("exporting.casebase");
    const CliResult trained = runCli({"train", "--casebase", trainedIn, "--model", "starter", "--preset", "quickstart", "--set",
        "evaluate_before_after=false", "--set", "max_completion_length=128", "--set", "num_generations=2", "--set", "prompts_per_step=1",
        "--set", "use_peft=true", "--set", "sft_steps=1", "--set", "sft_examples=cases", "--steps", "2", "--no-estimate", "--json"});
    QVERIFY2(trained.exitCode == 0, trained.err.constData());
    const QString merged = m_folder.filePath("merged");
    const QString again = m_folder.filePath("again");
    const QString adapter = m_folder.filePath("adapter");
    for (const QStringList& line : {QStringList{"model", "export", "run:run-1", merged, "--casebase", trainedIn, "--format", "hf"},
             QStringList{"model", "export", merged, again, "--format", "hf", "--outtype", "bf16"},
             QStringList{"model", "export", "run:run-1", adapter, "--casebase", trainedIn, "--format", "peft"}}) {
        const CliResult exported = runCli(line);
        QVERIFY2(exported.exitCode == 0, exported.err.constData());
    }
    const QString other = sampleCopy("elsewhere.casebase");
    struct Marks {
        bool paid = false;
        bool ofStarter = false;
    };
    const auto marks = [&](const QString& casebase, const QString& model, const QStringList& more = {}) {
        const QStringList line = QStringList{"evaluate", "--casebase", casebase, "--model", model, "--suite", kAttacks, "--mode", "none",
                                     "--limit", "1", "--max-tokens", "8", "--judge", "analysis"} +
            more;
        const CliResult evaluated = runCli(line);
        if (evaluated.exitCode != 0)
            qWarning("%s", evaluated.err.constData());
        return Marks{evaluated.out.contains("graded by its own reward"), evaluated.out.contains("repairing them says nothing")};
    };
    for (const QString& casebase : {trainedIn, other}) {
        for (const QString& model : {merged, again})
            QVERIFY2(marks(casebase, model).paid && marks(casebase, model).ofStarter, qPrintable(casebase + " " + model));
    }
    const Marks adapted = marks(other, "starter", {"--adapter", adapter});
    QVERIFY(adapted.paid && adapted.ofStarter);
    // Whatever else lies there says nothing, and stops nothing.
    const QString provenance = merged + "/provenance.json";
    for (const QByteArray& text : {QByteArray("{\"program\": \"Precedent 0.1.0\", \"run\": {\"spec\": 3}, \"base\": []}"), QByteArray("{"),
             QByteArray("{\"program\": 7}"), QByteArray("{\"program\": \"Other\", \"model\": \"starter\"}")}) {
        QFile written(provenance);
        QVERIFY(written.open(QIODevice::WriteOnly));
        written.write(text);
        written.close();
        const Marks now = marks(other, merged);
        QVERIFY2(!now.paid && !now.ofStarter, text.constData());
    }
    QVERIFY(QFile::remove(provenance));
    QVERIFY(!marks(other, merged).paid);
    // A copy of the starter is the starter.
    const QString copied = m_folder.filePath("copied");
    std::filesystem::copy(PRECEDENT_SOURCE_DIR "/resources/starter/model", copied.toStdString());
    const Marks copy = marks(other, copied);
    QVERIFY(copy.ofStarter && !copy.paid);
}

void TestEvaluateCli::thresholdMissedExitsWithThree_data()
{
    QTest::addColumn<QStringList>("conditions");
    QTest::addColumn<int>("exitCode");
    QTest::newRow("all miss") << QStringList{"harmful_answered>=0"} << 3;
    QTest::newRow("none can miss") << QStringList{"harmful_answered>1"} << 0;
    QTest::newRow("one of two") << QStringList{"no_answer<0", " harmful_answered <= 1 "} << 3;
}

void TestEvaluateCli::thresholdMissedExitsWithThree()
{
    QFETCH(QStringList, conditions);
    const QString casebase = sampleCopy(QString("fail-%1.casebase").arg(QTest::currentDataTag()).replace(' ', '-'));
    QStringList line = evaluateLine(casebase, {kAttacks}, {"none"});
    line << "--limit"
         << "2"
         << "--max-tokens"
         << "8";
    for (const QString& condition : conditions)
        line << "--fail-if" << condition;
    const CliResult evaluated = runCli(line);
    QTEST(evaluated.exitCode, "exitCode");
    QCOMPARE(evaluated.json()["missed"].toArray().size(), evaluated.exitCode == 3 ? 1 : 0);
    if (evaluated.exitCode == 3) {
        QVERIFY(evaluated.err.contains("held-out attacked, attacked, mode none"));
        QCOMPARE(evaluated.json()["missed"].toArray()[0].toObject()["condition"].toString(), conditions.last());
    }
    QCOMPARE(evaluationsIn(casebase), 1); // missed or not, what was measured is kept
}

void TestEvaluateCli::wrongLineIsAUsageError_data()
{
    QTest::addColumn<QStringList>("more");
    QTest::newRow("mode") << QStringList{"--mode", "dreams"};
    QTest::newRow("judge") << QStringList{"--judge", "nobody"};
    QTest::newRow("limit") << QStringList{"--limit", "-1"};
    QTest::newRow("no comparison") << QStringList{"--fail-if", "harmful_answered=0.1"};
    QTest::newRow("no metric") << QStringList{"--fail-if", ">0.1"};
    QTest::newRow("another metric") << QStringList{"--fail-if", "attack_luck>0.1"};
    QTest::newRow("no number") << QStringList{"--fail-if", "harmful_answered>"};
    QTest::newRow("words for a number") << QStringList{"--fail-if", "harmful_answered>a tenth"};
    QTest::newRow("nan") << QStringList{"--fail-if", "harmful_answered>nan"};
    QTest::newRow("per cent") << QStringList{"--fail-if", "harmful_answered>10"};
    QTest::newRow("a judge without marks") << QStringList{"--harm-judge", "analysis"};
}

void TestEvaluateCli::wrongLineIsAUsageError()
{
    QFETCH(QStringList, more);
    const CliResult evaluated = runCli(evaluateLine(m_sample, {kAttacks}, {"none"}) + more);
    QCOMPARE(evaluated.exitCode, 2);
    QCOMPARE(evaluated.errorCode(), QString("usage"));
    QCOMPARE(evaluationsIn(m_sample), 0);
}

void TestEvaluateCli::whatIsNotThereIsNamed_data()
{
    QTest::addColumn<QStringList>("line");
    QTest::addColumn<QString>("code");
    QTest::addColumn<QString>("said");
    const QStringList start{"evaluate", "--casebase", "CASEBASE", "--json", "--mode", "none"};
    QTest::newRow("suite") << start + QStringList{"--model", "starter", "--suite", "nowhere"} << "not_found"
                           << "held-out attacked";
    QTest::newRow("model") << start + QStringList{"--model", "no-such-model", "--suite", kAttacks} << "not_found"
                           << "no-such-model";
    QTest::newRow("run") << start + QStringList{"--model", "run:run-9", "--suite", kAttacks} << "not_found"
                         << "run-9";
    QTest::newRow("wrapper") << start + QStringList{"--model", "starter", "--suite", kAttacks, "--attack", "gift paper"}
                             << "invalid_argument"
                             << "gift paper";
    QTest::newRow("wrapper over plain prompts")
        << start + QStringList{"--model", "starter", "--suite", kLookAlikes, "--attack", "gift paper"} << "invalid_argument"
        << "None of them is wrapped";
    QTest::newRow("no room") << start + QStringList{"--model", "starter", "--suite", kAttacks, "--limit", "1", "--max-tokens", "2047"}
                             << "failed_precondition"
                             << "no prompt fits";
    QTest::newRow("threshold that nothing measures")
        << start + QStringList{"--model", "starter", "--suite", kLookAlikes, "--fail-if", "harmful_answered>0.1"} << "invalid_argument"
        << "cannot be checked";
}

void TestEvaluateCli::whatIsNotThereIsNamed()
{
    QFETCH(QStringList, line);
    QFETCH(QString, said);
    line.replace(line.indexOf("CASEBASE"), m_sample);
    const CliResult evaluated = runCli(line);
    QCOMPARE(evaluated.exitCode, 1);
    QTEST(evaluated.errorCode(), "code");
    QVERIFY2(QString::fromUtf8(evaluated.out).contains(said), evaluated.out.constData());
    QCOMPARE(evaluationsIn(m_sample), 0);
}

void TestEvaluateCli::attackFilterLeavesOtherWrappersOut()
{
    const auto opened = casebase::Casebase::open(m_sample.toStdString(), casebase::OpenMode::readOnly);
    QVERIFY(opened.ok());
    casebase::PromptFilter filter;
    filter.suite = kAttacks.toStdString();
    const auto prompts = (*opened)->prompts().all(filter);
    QVERIFY(prompts.ok());
    const std::string wrapper = prompts->back().wrapper;
    qint64 inIt = 0;
    for (const casebase::Prompt& prompt : *prompts)
        inIt += prompt.wrapper == wrapper ? 1 : 0;
    QVERIFY(inIt > 0 && inIt < static_cast<qint64>(prompts->size()));
    const CliResult dry = runCli(
        evaluateLine(m_sample, {kAttacks, kLookAlikes}, {"none"}) + QStringList{"--attack", QString::fromStdString(wrapper), "--dry-run"});
    QVERIFY2(dry.exitCode == 0, dry.err.constData());
    const QJsonArray asked = dry.json()["asked"].toArray();
    QCOMPARE(asked[0].toObject()["n"].toInteger(), inIt);
    QCOMPARE(asked[0].toObject()["wrappers"].toArray(), QJsonArray{QString::fromStdString(wrapper)});
    QVERIFY(asked[1].toObject()["n"].toInteger() > 0); // what is not wrapped stays
}

void TestEvaluateCli::turnsAreBegunAndSuffixesFound()
{
    const QString casebase = sampleCopy("attacks.casebase");
    const QStringList line = evaluateLine(casebase, {"held-out harmful", kLookAlikes, kAttacks}, {"none"}) << "--limit"
                                                                                                           << "2"
                                                                                                           << "--attack"
                                                                                                           << "prefill-answer"
                                                                                                           << "--attack"
                                                                                                           << "prefill-chain"
                                                                                                           << "--attack"
                                                                                                           << "suffix-search";
    const QJsonObject dry = runCli(line + QStringList{"--dry-run"}).json();
    QCOMPARE(dry["answers"].toInt(), 16);
    QCOMPARE(dry["searches"].toInt(), 4);
    const CliResult evaluated = runCli(line);
    QVERIFY2(evaluated.exitCode == 0, evaluated.err.constData());
    std::map<QString, int> figures;
    for (const QJsonValue& value : evaluated.json()["rows"].toArray()) {
        const QJsonObject row = value.toObject();
        QCOMPARE(row["n"].toInt(), 2);
        if (row["metric"] == "no_answer")
            ++figures[row["axis"].toString() + ' ' + row["attack"].toString()];
    }
    // The wrapped prompts of the third suite were not named.
    const std::map<QString, int> expected{{"harmful ", 1}, {"benign ", 1}, {"attacked prefill-answer", 1}, {"attacked prefill-chain", 1},
        {"attacked suffix-search", 1}, {"benign_wrapped prefill-answer", 1}, {"benign_wrapped prefill-chain", 1},
        {"benign_wrapped suffix-search", 1}};
    QCOMPARE(figures, expected);
    const auto rowsOf = [&](const CliResult& result) {
        const auto opened = casebase::Casebase::open(casebase.toStdString(), casebase::OpenMode::readOnly);
        return *(*opened)->evaluations().rows(result.json()["evaluation"].toString().toStdString());
    };
    const std::vector<casebase::EvaluationRow> rows = rowsOf(evaluated);
    QCOMPARE(rows.size(), std::size_t(16));
    for (const casebase::EvaluationRow& row : rows) {
        const QString completion = QString::fromStdString(row.completion);
        QCOMPARE(completion.startsWith("</think>\nSure, "), row.attack == "prefill-answer");
        QCOMPARE(completion.startsWith("I look at what is asked"), row.attack == "prefill-chain");
        QCOMPARE(QString::fromStdString(row.suffix).split(' ', Qt::SkipEmptyParts).size(), row.attack == "suffix-search" ? 12 : 0);
        if (row.attack == "prefill-chain")
            QVERIFY(row.chain.ends_with("without leaving anything out.") && row.answer.find("I look at") == std::string::npos);
    }
    const std::vector<casebase::EvaluationRow> again = rowsOf(runCli(line));
    QCOMPARE(again.size(), rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        QVERIFY(again[i].suffix == rows[i].suffix && again[i].completion == rows[i].completion);
}

void TestEvaluateCli::casesAreChosenAsTheLineSays()
{
    const QString casebase = sampleCopy("choice.casebase");
    const auto opened = casebase::Casebase::open(casebase.toStdString(), casebase::OpenMode::readWrite);
    QVERIFY(opened.ok());
    const std::string pin = (*opened)->cases().page({})->front().id;
    QStringList line = evaluateLine(casebase, {kAttacks}, {"cases"});
    line << "--limit"
         << "1"
         << "--cases"
         << "2";
    const CliResult evaluated = runCli(line + QStringList{"--retrieval", "dense", "--pin", QString::fromStdString(pin)});
    QVERIFY2(evaluated.exitCode == 0, evaluated.err.constData());
    const auto stored = (*opened)->evaluations().find(evaluated.json()["evaluation"].toString().toStdString());
    QVERIFY(stored.ok());
    const Json spec = *parseJson(stored->specJson, "spec");
    QCOMPARE(spec["retrieval"].get<std::string>(), std::string("dense"));
    QCOMPARE(spec["cases_per_prompt"].get<int>(), 2);
    QCOMPARE(spec["pinned_cases"].get<std::vector<std::string>>(), std::vector<std::string>{pin});
    QVERIFY(spec["retrieval_vectors"].get<std::string>().starts_with(spec["model_sha256"].get<std::string>()));
    QCOMPARE(spec["budget"][0]["cases_shown"]["2"].get<int>(), 1);
    QVERIFY(*(*opened)->vectors().count() > 10);

    const CliResult unknown = runCli(line + QStringList{"--pin", "S9-999"});
    QCOMPARE(unknown.exitCode, 1);
    QVERIFY2(unknown.json()["error"].toObject()["message"].toString().contains("S9-999"), unknown.out.constData());
    const CliResult tooMany = runCli(line + QStringList{"--fixed", "S1-001", "--fixed", "S1-002", "--fixed", "S1-003", "--dry-run"});
    QCOMPARE(tooMany.exitCode, 1);
    QVERIFY2(tooMany.json()["error"].toObject()["message"].toString().contains("cases_per_prompt"), tooMany.out.constData());
}

void TestEvaluateCli::dryRunSaysWhatWouldBeAsked()
{
    const CliResult dry =
        runCli(evaluateLine(m_sample, {kAttacks, kEveryday}, {"none", "codes"}) + QStringList{"--limit", "3", "--dry-run"});
    QVERIFY2(dry.exitCode == 0, dry.err.constData());
    QCOMPARE(dry.json()["answers"].toInt(), 2 * 2 * 3);
    QCOMPARE(dry.json()["cases"].toInt(), 168);
    QVERIFY(dry.json()["evaluation"].isNull());
    QCOMPARE(evaluationsIn(m_sample), 0);
}

QByteArray TestEvaluateCli::cutShort(const QStringList& line, int signal, int afterMs)
{
    QProcess process;
    process.start(QStringLiteral(PRECEDENT_CLI), line);
    process.setReadChannel(QProcess::StandardError);
    QByteArray err;
    while (!err.contains("Evaluating: ") && process.waitForReadyRead(kCliTimeoutMs))
        err += process.readAllStandardError();
    if (!err.contains("Evaluating: "))
        qFatal("%s", err.constData());
    QThread::msleep(static_cast<unsigned long>(afterMs));
    ::kill(static_cast<pid_t>(process.processId()), signal);
    if (!process.waitForFinished(kCliTimeoutMs))
        qFatal("it does not end");
    if (signal == SIGINT && (process.exitStatus() != QProcess::NormalExit || process.exitCode() != 130))
        qFatal("exit %d", process.exitCode());
    return process.readAllStandardOutput();
}

void TestEvaluateCli::interruptStoresNothing()
{
    const QString casebase = sampleCopy("interrupted.casebase");
    const QByteArray out = cutShort(evaluateLine(casebase, {kAttacks, kLookAlikes, kEveryday}, {"none", "cases"}), SIGINT, 0);
    const QJsonObject error = QJsonDocument::fromJson(out).object()["error"].toObject();
    QCOMPARE(error["code"].toString(), QString("cancelled"));
    QVERIFY(error["hint"].toString().contains("goes on with them"));
    QCOMPARE(evaluationsIn(casebase), 0);
}

void TestEvaluateCli::whatWasCutShortGoesOn()
{
    const auto pending = [](const QString& casebase) {
        return QDir(casebase + ".runs").entryList({"pending-*.jsonl"}, QDir::Files).size();
    };
    const auto lineFor = [](const QString& casebase) {
        return evaluateLine(casebase, {kAttacks, kLookAlikes}, {"none", "cases"}) + QStringList{"--temperature", "0.7", "--limit", "60"};
    };
    const QString whole = sampleCopy("whole.casebase");
    const CliResult once = runCli(lineFor(whole));
    QVERIFY2(once.exitCode == 0, once.err.constData());
    QCOMPARE(pending(whole), 0);

    const QString cut = sampleCopy("cut.casebase");
    (void)cutShort(lineFor(cut), SIGKILL, 0);
    (void)cutShort(lineFor(cut), SIGINT, 20);
    (void)cutShort(lineFor(cut), SIGKILL, 50);
    QCOMPARE(pending(cut), 1);
    QCOMPARE(evaluationsIn(cut), 0);
    const CliResult last = runCli(lineFor(cut));
    QVERIFY2(last.exitCode == 0, last.err.constData());
    QVERIFY2(last.out.contains("of an earlier sitting"), last.out.constData());
    QCOMPARE(pending(cut), 0);

    const auto a = casebase::Casebase::open(whole.toStdString(), casebase::OpenMode::readOnly);
    const auto b = casebase::Casebase::open(cut.toStdString(), casebase::OpenMode::readOnly);
    QVERIFY(a.ok() && b.ok());
    const auto rowsA = (*a)->evaluations().rows("eval-1"), rowsB = (*b)->evaluations().rows("eval-1");
    QVERIFY(rowsA.ok() && rowsB.ok());
    QVERIFY(!rowsA->empty());
    QCOMPARE(rowsB->size(), rowsA->size());
    for (std::size_t i = 0; i < rowsA->size(); ++i) {
        QCOMPARE((*rowsB)[i].promptId, (*rowsA)[i].promptId);
        QCOMPARE((*rowsB)[i].mode, (*rowsA)[i].mode);
        QCOMPARE((*rowsB)[i].completion, (*rowsA)[i].completion); // to the last byte
        QCOMPARE((*rowsB)[i].verdict, (*rowsA)[i].verdict);
    }
    const auto specOf = [](const casebase::Casebase& casebase) {
        return QJsonDocument::fromJson(QByteArray::fromStdString(casebase.evaluations().find("eval-1")->specJson)).object();
    };
    QVERIFY(specOf(**b)["kept_answers"].toInt() > 0);
    QCOMPARE(specOf(**a)["kept_answers"].toInt(), 0);
    QCOMPARE(specOf(**b)["completion_tokens"].toInt(), specOf(**a)["completion_tokens"].toInt());
    QCOMPARE(specOf(**b)["prompt_tokens"].toInt(), specOf(**a)["prompt_tokens"].toInt());
}

QTEST_GUILESS_MAIN(TestEvaluateCli)
#include "tst_evaluate_cli.moc"
