#include <QtTest/QtTest>

#include <functional>
#include <map>

#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QProcess>
#include <QPushButton>
#include <QScopeGuard>
#include <QSpinBox>
#include <QTabBar>
#include <QTableView>
#include <QTimer>
#include <QToolButton>

#include <unistd.h>

#include "precedent/align/run_spec_json.h"
#include "precedent/casebase/case_store.h"
#include "precedent/casebase/run_store.h"
#include "precedent/workspace/run_estimate.h"
#include "precedent/workspace/run_folders.h"
#include "precedent/workspace/run_notes.h"
#include "tests/ui/window_fixture.h"
#include "ui/inspect/inspect_place.h"
#include "ui/plots/curve_panel.h"
#include "ui/runs/run_panel.h"
#include "ui/shell/issue_list.h"

using namespace precedent;

namespace {

constexpr int kLong = 20000; // ms; the fake engine is quick: only ever waited in full where something is broken

/// Made-up steps of the fake engine, measured by nothing.
ui::RunOrder fakeRun(int steps)
{
    ui::RunOrder order;
    order.spec = *align::preset("quickstart");
    order.spec.model = "starter";
    order.spec.maxSteps = steps;
    order.spec.saveSteps = 2;
    order.spec.evaluateBeforeAfter = false;
    order.spec.promptsPerStep = 2;
    order.spec.numGenerations = 4;
    return order;
}

} // namespace

/// The Runs place on the real window, over an engine that makes its steps up (tests/fake_engine): what it shows and what it does when
/// something goes wrong. Real training in the window is in tst_window.
class TestRunsPlace : public tests::WindowTest {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        qputenv("PRECEDENT_ENGINE", PRECEDENT_FAKE_ENGINE);
        makeSample();
    }
    void init()
    {
        for (const char* name : {"FAKE_STEP_MS", "FAKE_ANSWER_MS", "FAKE_NAN_AT", "FAKE_ROLLOUT_BYTES", "FAKE_CRASH_AT"})
            qunsetenv(name);
        openWindow();
    }
    void cleanup() { closeWindow(); }
    void formEstimatesBeforeAnythingIsWritten();
    void formSaysWhatIsWrong();
    void formStartsWhatItShows();
    void estimateRestsOnTheRunBefore();
    void measuredEstimateStaysWithTheRun();
    void draftStandsOverTheRuns();
    void phasesAreToldUntilThereIsAStep();
    void liveRunIsFoundAsItWasLeft();
    void resultsGoToInspectAndToAPage();
    void keptAnswersAreMarkedAndExported();
    void runsAreFilteredAndCompared();
    void runIsRenamedNotedAndDeleted();
    void curvesAreThoseThatTheStepsHave();
    void alarmsMarkCurvesOfAStoredRun();
    void lossThatIsNoNumberIsToldAndContinued();
    void reasonThatComesLateIsTold();
    void fullDiskStopsTheRunAndLosesNothing();
    void deletedCasebaseLosesNoStep();
    void twoWindowsOnOneFile();
    void modelsKeepTheirContract();

private:
    /// One of 20 steps with these metrics, by its step, and nothing drawn.
    void storeFinishedRun(const QString& path, const std::function<std::map<std::string, double>(int step)>& metrics)
    {
        auto casebase = casebase::Casebase::open(path.toStdString(), casebase::OpenMode::readWrite);
        QVERIFY(casebase.ok());
        casebase::Run run;
        run.specJson = dumpJson(align::toJson(fakeRun(20).spec));
        run.state = "finished";
        run.model = "starter";
        run.steps = 20;
        const auto id = (*casebase)->runs().add(run);
        for (int step = 1; step <= 20; ++step)
            QVERIFY((*casebase)->runs().recordStep(id.value(), {step, metrics(step), 1.0}, {}).ok());
    }
    void openRuns(const QString& name)
    {
        open(copyOfSample(name));
        child<QAction>("runsGo")->trigger();
    }
    [[nodiscard]] ui::RunsPlace* runs() { return child<ui::RunsPlace>("runsPlace"); }
    [[nodiscard]] QString state() { return child<QLabel>("runStateLabel")->property("state").toString(); }
    void runToEnd(const ui::RunOrder& order)
    {
        runs()->start(order);
        QTRY_VERIFY_WITH_TIMEOUT(!runs()->isRunning(), kLong);
    }
    [[nodiscard]] QString labelText(const char* name) { return textIn(*m_window, name); }
    /// Of the panel that stands in for the first step; the place has a second one for what comes before.
    [[nodiscard]] QString waitingText(const char* name) { return textIn(*child<QWidget>("waitingPanel"), name); }
    [[nodiscard]] static QString textIn(const QWidget& widget, const char* name)
    {
        auto* label = widget.findChild<QLabel*>(QString::fromLatin1(name));
        return label != nullptr ? label->text() : QString();
    }
};

void TestRunsPlace::formEstimatesBeforeAnythingIsWritten()
{
    openRuns("form.casebase");
    child<QAction>("newRun")->trigger();
    QTRY_VERIFY(child<QWidget>("launchDialog")->isVisible());
    QTRY_VERIFY_WITH_TIMEOUT(labelText("estimateBasis").startsWith(QStringLiteral("Not measured on this machine yet")), kLong);
    QVERIFY(labelText("estimateTotal").contains(QStringLiteral("min")) || labelText("estimateTotal").contains(QStringLiteral("s")));
    QVERIFY(m_window->findChild<QWidget*>(QStringLiteral("earningsCard")) != nullptr);
    QCOMPARE(labelText("launchCasebaseLabel"), QStringLiteral("form.casebase"));
    const auto stored = read([](casebase::Casebase& casebase) { return casebase.runs().all(); });
    QCOMPARE(stored.value().size(), std::size_t{0});
    QVERIFY(child<QPushButton>("startRunButton")->isEnabled());
    QTest::mouseClick(child<QPushButton>("cancelLaunchButton"), Qt::LeftButton);
    QVERIFY(!child<QWidget>("launchDialog")->isVisible());
    QVERIFY(child<QPushButton>("startQuickstartButton")->isVisible());
}

void TestRunsPlace::formSaysWhatIsWrong()
{
    openRuns("wrong.casebase");
    child<QAction>("newRun")->trigger();
    child<QComboBox>("modelCombo")->setCurrentText(QStringLiteral("/nowhere/at/all"));
    QTRY_VERIFY(!child<QPushButton>("startRunButton")->isEnabled());
    QTRY_VERIFY(labelText("launchProblem").contains(QStringLiteral("/nowhere/at/all")));
    child<QComboBox>("modelCombo")->setCurrentText(QStringLiteral("run:run-9")); // only the casebase knows that there is none
    QTRY_VERIFY_WITH_TIMEOUT(!child<QPushButton>("startRunButton")->isEnabled(), kLong);
    QTRY_VERIFY(labelText("launchProblem").contains(QStringLiteral("run-9")));
    child<QComboBox>("modelCombo")->setCurrentText(QStringLiteral("starter"));
    QTRY_VERIFY(child<QPushButton>("startRunButton")->isEnabled());
    child<QDoubleSpinBox>("temperatureSpin")->setValue(0.2);
    QVERIFY(labelText("temperatureNote").contains(QStringLiteral("too alike")));
    child<QDoubleSpinBox>("temperatureSpin")->setValue(1);
    QVERIFY(!labelText("temperatureNote").contains(QStringLiteral("too alike")));
}

void TestRunsPlace::formStartsWhatItShows()
{
    openRuns("starts.casebase");
    child<QAction>("newRun")->trigger();
    QTest::mouseClick(child<QAbstractButton>("preset_da"), Qt::LeftButton);
    child<QSpinBox>("stepsSpin")->setValue(3);
    child<QSpinBox>("seedSpin")->setValue(77);
    child<QSpinBox>("promptsSpin")->setValue(2);
    QTest::mouseClick(child<QAbstractButton>("modeSegments_none"), Qt::LeftButton);
    QTRY_VERIFY(child<QPushButton>("startRunButton")->isEnabled());
    QTest::mouseClick(child<QPushButton>("startRunButton"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(child<ui::CurvePanel>("curve0")->pointCount() == 3, kLong);
    QTRY_VERIFY_WITH_TIMEOUT(!runs()->isRunning(), kLong);
    const auto stored = read([](casebase::Casebase& casebase) { return casebase.runs().find("run-1"); });
    QVERIFY(stored.ok());
    const auto spec = align::runSpecFromJson(*parseJson(stored.value().specJson, "spec"), core::RunSpec{});
    QCOMPARE(spec.value().preset, std::string("da"));
    QCOMPARE(spec.value().seed, std::uint64_t{77});
    QCOMPARE(spec.value().promptsPerStep, 2);
    QCOMPARE(spec.value().modeWeights, (std::map<std::string, double>{{"none", 1.0}}));
    QCOMPARE(spec.value().temperature, align::preset("da")->temperature);
    QCOMPARE(state(), QStringLiteral("finished"));
    const auto estimate = read([](casebase::Casebase& casebase) { return workspace::estimateOf(casebase, "run-1"); });
    QVERIFY(estimate.value().has_value());
    QCOMPARE(estimate.value()->answers, std::int64_t{3 * 2 * 8});
    const auto outcome = read([](casebase::Casebase& casebase) { return workspace::outcomeOf(casebase, "run-1"); });
    QVERIFY(outcome.value().memoryBytes > 0);
    QVERIFY(outcome.value().diskBytes >= 1000); // a checkpoint of the fake engine
}

void TestRunsPlace::estimateRestsOnTheRunBefore()
{
    openRuns("rests.casebase");
    qputenv("FAKE_STEP_MS", "50");
    runToEnd(fakeRun(4));
    child<QAction>("newRun")->trigger();
    QTRY_VERIFY_WITH_TIMEOUT(labelText("estimateBasis").startsWith(QStringLiteral("From 4 steps of run-1")), kLong);
    QTest::mouseClick(child<QPushButton>("cancelLaunchButton"), Qt::LeftButton);
    QTRY_COMPARE(labelText("runNameLabel"), QStringLiteral("quickstart"));
}

void TestRunsPlace::measuredEstimateStaysWithTheRun()
{
    openRuns("measured.casebase");
    ui::RunOrder order = fakeRun(2);
    order.measured = workspace::RunEstimate();
    order.measured->secondsPerStep = 0.125;
    order.measured->basis = "Measured.";
    runToEnd(order);
    const auto estimate = read([](casebase::Casebase& casebase) { return workspace::estimateOf(casebase, "run-1"); });
    QVERIFY(estimate.value().has_value());
    QCOMPARE(estimate.value()->secondsPerStep, 0.125);
    QCOMPARE(estimate.value()->basis, std::string("Measured."));
}

void TestRunsPlace::draftStandsOverTheRuns()
{
    openRuns("draft.casebase");
    runToEnd(fakeRun(2));
    auto* list = child<QListView>("runsList");
    QTRY_COMPARE(list->model()->rowCount(), 1);
    QTRY_VERIFY(list->selectionModel()->hasSelection());
    auto* draft = child<QWidget>("draftRow");
    QVERIFY(!draft->isVisible());
    child<QAction>("newRun")->trigger();
    QVERIFY(draft->isVisible());
    QCOMPARE(draft->accessibleName(), QStringLiteral("New run: Quickstart on starter, not started"));
    QVERIFY(!list->selectionModel()->hasSelection());
    QTest::mouseClick(child<QAbstractButton>("preset_da"), Qt::LeftButton);
    QCOMPARE(draft->accessibleName(), QStringLiteral("New run: DA on starter, not started"));
    QTest::mouseClick(child<QPushButton>("cancelLaunchButton"), Qt::LeftButton);
    QVERIFY(!draft->isVisible());
    QVERIFY(list->selectionModel()->hasSelection());
    child<QAction>("newRun")->trigger();
    QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualRect(list->model()->index(0, 0)).center());
    QVERIFY(!draft->isVisible() && child<QWidget>("runPanel")->isVisible());
}

void TestRunsPlace::phasesAreToldUntilThereIsAStep()
{
    openRuns("phases.casebase");
    qputenv("FAKE_ANSWER_MS", "10");
    qputenv("FAKE_STEP_MS", "500");
    ui::RunOrder order = fakeRun(2);
    order.spec.evaluateBeforeAfter = true;
    order.spec.evaluateLimit = 12;
    QStringList titles;
    QObject scope;
    QTimer look;
    connect(&look, &QTimer::timeout, &scope, [&] {
        const auto* panel = m_window->findChild<QWidget*>(QStringLiteral("waitingPanel"));
        if (panel != nullptr && panel->isVisible() && !titles.contains(waitingText("waitingTitle")))
            titles += waitingText("waitingTitle");
    });
    look.start(5);
    runs()->start(order);
    QVERIFY(child<QWidget>("preparingPanel")->isVisible());
    QTRY_COMPARE_WITH_TIMEOUT(waitingText("waitingTitle"), QStringLiteral("Measuring before training"), kLong);
    QTRY_VERIFY_WITH_TIMEOUT(waitingText("waitingDetail").contains(QStringLiteral("of 120 answers")), kLong); // 12 * 5 suites * 2 modes
    QTRY_VERIFY(waitingText("waitingFacts").contains(QStringLiteral("cases used")));
    QVERIFY(!child<QPushButton>("pauseButton")->isVisible()); // there is no step to pause after
    QTRY_VERIFY_WITH_TIMEOUT(!runs()->isRunning(), kLong);
    QCOMPARE(titles.mid(titles.size() - 3),
        (QStringList{QStringLiteral("Measuring before training"), QStringLiteral("Writing the first answers"),
            QStringLiteral("Measuring after training")}));
    QVERIFY(!child<QWidget>("waitingPanel")->isVisible());
}

void TestRunsPlace::liveRunIsFoundAsItWasLeft()
{
    openRuns("returned.casebase");
    runToEnd(fakeRun(2));
    qputenv("FAKE_STEP_MS", "300");
    runs()->start(fakeRun(60));
    QTRY_VERIFY_WITH_TIMEOUT(labelText("runPositionLabel").startsWith(QStringLiteral("step 2 of 60")), kLong);
    QVERIFY(child<QPushButton>("pauseButton")->isVisible());
    runs()->showRun(QStringLiteral("run-1"));
    QTRY_COMPARE(state(), QStringLiteral("finished"));
    QVERIFY(!child<QPushButton>("pauseButton")->isVisible());
    runs()->showRun(QStringLiteral("run-2"));
    QCOMPARE(state(), QStringLiteral("running"));
    QVERIFY(child<QPushButton>("pauseButton")->isVisible());
    QVERIFY(labelText("runPositionLabel").contains(QStringLiteral("left")));
    QTRY_VERIFY(child<QTableView>("rolloutsTable")->isVisible()); // and no word of measuring
    runs()->stopRun();
    QTRY_VERIFY_WITH_TIMEOUT(!runs()->isRunning(), kLong);
}

void TestRunsPlace::resultsGoToInspectAndToAPage()
{
    openRuns("page.casebase");
    ui::RunOrder order = fakeRun(2);
    order.spec.evaluateBeforeAfter = true;
    order.spec.evaluateLimit = 2;
    runToEnd(order);
    QTRY_VERIFY(child<QPushButton>("inspectRunButton")->isVisible());
    QTRY_VERIFY(m_window->findChildren<QLabel*>(QStringLiteral("intervalLabel")).size() >= 6);
    ui::InspectOrder asked;
    QObject scope;
    connect(runs(), &ui::RunsPlace::inspectWanted, &scope, [&asked](const ui::InspectOrder& wanted) { asked = wanted; });
    QTest::mouseClick(child<QPushButton>("inspectRunButton"), Qt::LeftButton);
    QCOMPARE(asked.models, (std::vector<std::string>{"starter", "run:run-1"}));
    QCOMPARE(asked.modes, (std::vector<Mode>{Mode::none, Mode::cases}));
    QVERIFY(asked.messages.empty());
    QCOMPARE(child<QLabel>("placeLabel")->text(), QStringLiteral("Inspect"));
    child<QAction>("runsGo")->trigger();
    child<QTabBar>("runTabs")->setCurrentIndex(0);
    QTRY_VERIFY(child<QToolButton>("inspectRolloutButton")->isVisible());
    QTest::mouseClick(child<QToolButton>("inspectRolloutButton"), Qt::LeftButton);
    QVERIFY(!asked.promptId.empty());
    QVERIFY(!asked.messages.empty());
    child<QAction>("runsGo")->trigger();
    const QString page = m_folder.filePath("report.html");
    child<ui::RunPanel>("runPanel")->saveReport(page);
    QTRY_VERIFY(QFile::exists(page));
    QFile file(page);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray html = file.readAll();
    QVERIFY(html.contains("<html") && html.contains("run-1"));
    QVERIFY(!html.contains(asked.messages.back().content.c_str())); // texts stay here unless asked for
    // A made-up checkpoint has no weights, which Inspect tells; what follows is about the page.
    QTRY_VERIFY_WITH_TIMEOUT(!child<ui::InspectPlace>("inspectPlace")->isBusy(), kLong);
    m_window->issues().clear();
    child<ui::RunPanel>("runPanel")->saveReport(QStringLiteral("/nowhere/at/all.html"));
    QTRY_COMPARE(m_window->issues().rowCount(), 1);
}

void TestRunsPlace::keptAnswersAreMarkedAndExported()
{
    openRuns("kept.casebase");
    ui::RunOrder order = fakeRun(4);
    order.spec.selfGenerationSteps = 3;
    order.spec.sftSteps = 1;
    order.spec.selfGenerationThreshold = 0.75;
    runToEnd(order); // checkpoints after steps 2 and 4
    const auto* table = child<QTableView>("rolloutsTable");
    const auto inColumn = [table](int row, int column) { return table->model()->index(row, column).data().toString(); };
    const auto headerOf = [table](int column) { return table->model()->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString(); };
    const auto showStep = [this, table](int step) {
        auto* steps = child<QComboBox>("stepCombo");
        const int at = steps->findData(step);
        steps->setCurrentIndex(at);
        QSignalSpy shown(table->model(), &QAbstractItemModel::modelReset);
        Q_EMIT steps->activated(at);
        return shown.wait();
    };
    auto* exporting = child<QToolButton>("exportExamplesButton");
    QTRY_COMPARE(child<QComboBox>("stepCombo")->count(), 4);
    QVERIFY(showStep(4));
    QCOMPARE(headerOf(3), QStringLiteral("advantage"));
    QVERIFY(!exporting->isVisible());
    QVERIFY(showStep(1));
    QCOMPARE(headerOf(3), QStringLiteral("learnt from"));
    QVERIFY(exporting->isVisible() && !exporting->isEnabled()); // no checkpoint of the fake engine says anything

    const auto checkpoints = read([](casebase::Casebase& casebase) { return casebase.runs().checkpoints("run-1"); });
    QCOMPARE(checkpoints.value().size(), std::size_t{2});
    const QString folder = QString::fromStdString(
        workspace::folderFromStored(m_folder.filePath("kept.casebase").toStdString(), checkpoints.value().back().folder).string());
    QFile examples(folder + "/examples.json");
    QVERIFY(examples.open(QIODevice::WriteOnly));
    examples.write(R"({"left_out": 3, "examples": [{"step": 1, "group": 0, "index": 2, "rejected_index": 1}]})");
    examples.close();
    QVERIFY(showStep(1));
    QVERIFY(exporting->isEnabled());
    QCOMPARE(inColumn(0, 0), QStringLiteral("3")); // the kept one first
    QCOMPARE(inColumn(0, 3), QStringLiteral("kept"));
    QCOMPARE(inColumn(1, 0), QStringLiteral("2"));
    QCOMPARE(inColumn(1, 3), QStringLiteral("rejected"));
    QCOMPARE(inColumn(2, 3), QString());
    QVERIFY(!labelText("groupLabel").contains(QStringLiteral("None is kept")));
    QTest::mouseClick(child<QToolButton>("nextRequestButton"), Qt::LeftButton);
    QCOMPARE(inColumn(0, 3), QString());
    QVERIFY2(
        labelText("groupLabel").contains(QStringLiteral("None is kept: no whole answer earned 0.75")), qPrintable(labelText("groupLabel")));

    const QString file = m_folder.filePath("kept.jsonl");
    child<ui::RunPanel>("runPanel")->saveExamples(file);
    QTRY_COMPARE(exporting->text(), QStringLiteral("1 answer written"));
    QFile lines(file);
    QVERIFY(lines.open(QIODevice::ReadOnly));
    const QJsonObject line = QJsonDocument::fromJson(lines.readLine()).object();
    QCOMPARE(line["provenance"].toObject()["index"].toInt(), 2);
    QVERIFY(lines.atEnd());
    m_window->issues().clear();
    child<ui::RunPanel>("runPanel")->saveExamples(QStringLiteral("/nowhere/at/all.jsonl"));
    QTRY_COMPARE(m_window->issues().rowCount(), 1);
}

void TestRunsPlace::runsAreFilteredAndCompared()
{
    openRuns("compare.casebase");
    runToEnd(fakeRun(3));
    ui::RunOrder other = fakeRun(5);
    other.spec.preset = "control-random";
    runToEnd(other);
    auto* list = child<QListView>("runsList");
    QTRY_COMPARE(list->model()->rowCount(), 2);
    child<QAction>("focusFilter")->trigger();
    auto* filter = child<QLineEdit>("runFilterEdit");
    QTest::keyClicks(filter, QStringLiteral("random"));
    QCOMPARE(list->model()->rowCount(), 1);
    QCOMPARE(labelText("runCountLabel"), QStringLiteral("1 of 2 runs"));
    filter->setText(QStringLiteral("finished starter")); // state and model
    QCOMPARE(list->model()->rowCount(), 2);
    filter->setText(QStringLiteral("no such run"));
    QCOMPARE(list->model()->rowCount(), 0);
    filter->clear();
    QVERIFY(!child<QPushButton>("compareButton")->isEnabled());
    list->selectAll();
    QVERIFY(child<QPushButton>("compareButton")->isEnabled());
    QTest::mouseClick(child<QPushButton>("compareButton"), Qt::LeftButton);
    QTRY_VERIFY(m_window->findChild<ui::CurvePanel*>(QStringLiteral("compareCurve0")) != nullptr);
    QCOMPARE(child<ui::CurvePanel>("compareCurve0")->pointCount(), 5); // the longer one's steps
    QVERIFY(m_window->findChild<QLabel*>(QStringLiteral("compareNoFigures")) != nullptr);
    QTest::mouseClick(child<QPushButton>("closeCompareButton"), Qt::LeftButton);
    QTRY_VERIFY(child<QWidget>("runPanel")->isVisible());
}

void TestRunsPlace::runIsRenamedNotedAndDeleted()
{
    openRuns("rename.casebase");
    runToEnd(fakeRun(2));
    runToEnd(fakeRun(2));
    auto* list = child<QListView>("runsList");
    QTRY_COMPARE(list->model()->rowCount(), 2);
    list->model()->setData(list->model()->index(0, 0), QStringLiteral("With more refusals"));
    QTRY_COMPARE(labelText("runNameLabel"), QStringLiteral("With more refusals"));
    QVERIFY(!list->model()->setData(list->model()->index(0, 0), QStringLiteral("   ")));
    child<QTabBar>("runTabs")->setCurrentIndex(2);
    QTest::keyClicks(child<QPlainTextEdit>("runNotesEdit"), QStringLiteral("beta was too low"));
    QTRY_COMPARE(
        read([](casebase::Casebase& casebase) { return workspace::runNotes(casebase, "run-2"); }).value(), std::string("beta was too low"));
    list->setCurrentIndex(list->model()->index(1, 0));
    QTRY_COMPARE(child<QPlainTextEdit>("runNotesEdit")->toPlainText(), QString());
    list->setCurrentIndex(list->model()->index(0, 0));
    QTRY_COMPARE(child<QPlainTextEdit>("runNotesEdit")->toPlainText(), QStringLiteral("beta was too low"));

    const QString folder = m_folder.filePath("rename.casebase.runs");
    const auto removeCurrent = [&](const char* button) {
        child<QAction>("deleteRun")->trigger();
        QTRY_VERIFY(m_window->findChild<QMessageBox*>(QStringLiteral("deleteRunBox")) != nullptr);
        QTest::mouseClick(child<QPushButton>(button), Qt::LeftButton);
    };
    removeCurrent("deleteRecordButton");
    QTRY_COMPARE(list->model()->rowCount(), 1);
    QVERIFY(QFile::exists(folder + QStringLiteral("/run-2/checkpoint-2")));
    QTRY_VERIFY(m_window->findChild<QMessageBox*>(QStringLiteral("deleteRunBox")) == nullptr);
    QTRY_COMPARE(list->currentIndex().row(), 0);
    removeCurrent("deleteEverythingButton");
    QTRY_COMPARE(list->model()->rowCount(), 0);
    QVERIFY(!QFile::exists(folder + QStringLiteral("/run-1")));
    QTRY_VERIFY(child<QPushButton>("startQuickstartButton")->isVisible());
    QCOMPARE(m_window->issues().rowCount(), 0);
}

/// Steps that draw nothing have no rewards to show, but a loss.
void TestRunsPlace::curvesAreThoseThatTheStepsHave()
{
    const QString path = copyOfSample("supervised.casebase");
    storeFinishedRun(path, [](int step) {
        return std::map<std::string, double>{
            {"loss", 2.0 / step}, {"grad_norm", 1.0}, {"learning_rate", 1e-4}, {"entropy", 0.5}, {"tokens_per_second", 900.0}};
    });
    open(path);
    child<QAction>("runsGo")->trigger();
    QTRY_VERIFY(child<ui::CurvePanel>("curve8")->isVisible()); // loss
    QCOMPARE(child<ui::CurvePanel>("curve8")->pointCount(), 20);
    for (const char* shown : {"curve11", "curve12", "curve5"})
        QVERIFY2(child<ui::CurvePanel>(shown)->isVisible(), shown);
    QVERIFY(!child<ui::CurvePanel>("curve6")->isVisible()); // tokens a second: in the next row
    QTest::mouseClick(child<QToolButton>("moreCurvesButton"), Qt::LeftButton);
    QVERIFY(child<ui::CurvePanel>("curve6")->isVisible() && !child<ui::CurvePanel>("curve8")->isVisible());
    QTest::mouseClick(child<QToolButton>("moreCurvesButton"), Qt::LeftButton);
    QVERIFY(child<ui::CurvePanel>("curve8")->isVisible());
    QTRY_COMPARE(labelText("rolloutTitle"), QStringLiteral("This step drew no answers"));
    for (const char* none : {"curve0", "curve1", "curve2", "curve3", "curve4", "curve7", "curve9", "curve10"})
        QVERIFY2(!child<ui::CurvePanel>(none)->isVisible(), none);
}

void TestRunsPlace::alarmsMarkCurvesOfAStoredRun()
{
    const QString path = copyOfSample("alarms.casebase");
    storeFinishedRun(path, [](int step) { return std::map<std::string, double>{{"reward", 0.5}, {"kl", step > 12 ? 0.9 : 0.1}}; });
    open(path);
    child<QAction>("runsGo")->trigger();
    QTRY_COMPARE(child<ui::CurvePanel>("curve2")->markCount(), 1); // KL
    QCOMPARE(child<ui::CurvePanel>("curve0")->markCount(), 0);
    QVERIFY(child<QToolButton>("runAlarmsButton")->isVisible());
    QCOMPARE(child<QToolButton>("runAlarmsButton")->text(), QStringLiteral("1 alarm"));
    QVERIFY(child<QToolButton>("runAlarmsButton")->toolTip().contains(QStringLiteral("Step 13")));
    QTest::mouseClick(child<QToolButton>("runAlarmsButton"), Qt::LeftButton);
    QVERIFY(child<QWidget>("aboutRunPanel")->isVisible());
    QCOMPARE(m_window->issues().rowCount(), 0); // it is history
}

void TestRunsPlace::lossThatIsNoNumberIsToldAndContinued()
{
    openRuns("nan.casebase");
    qputenv("FAKE_NAN_AT", "6");
    runToEnd(fakeRun(8));
    QCOMPARE(state(), QStringLiteral("failed"));
    QCOMPARE(m_window->issues().rowCount(), 1);
    const QString issue = m_window->issues().index(0).data().toString();
    QVERIFY2(issue.contains(QStringLiteral("step 6 is not a number")) && issue.contains(QStringLiteral("weights are those of step 5")),
        qPrintable(issue));
    QVERIFY(m_window->issues()
                .index(0)
                .data(ui::IssueList::hintRole)
                .toString()
                .contains(QStringLiteral("continued from its last checkpoint")));
    QTRY_VERIFY(child<QLabel>("runStateLabel")->toolTip().contains(QStringLiteral("step 6 is not a number")));
    QTRY_COMPARE(child<ui::CurvePanel>("curve0")->pointCount(), 5);
    QTRY_COMPARE(child<QListView>("runsList")->model()->index(0, 0).data(Qt::UserRole + 2).toString(), QStringLiteral("failed"));
    const auto checkpoints = read([](casebase::Casebase& casebase) { return casebase.runs().checkpoints("run-1"); });
    QCOMPARE(checkpoints.value().back().step, 5);
    qunsetenv("FAKE_NAN_AT");
    QTRY_VERIFY(child<QPushButton>("continueButton")->isVisible());
    QTest::mouseClick(child<QPushButton>("continueButton"), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(state(), QStringLiteral("finished"), kLong);
    QTRY_COMPARE(child<ui::CurvePanel>("curve0")->pointCount(), 8);
}

void TestRunsPlace::reasonThatComesLateIsTold()
{
    openRuns("late.casebase");
    qputenv("FAKE_NAN_AT", "3");
    qputenv("FAKE_LATE_END", "1");
    runToEnd(fakeRun(4));
    qunsetenv("FAKE_NAN_AT");
    qunsetenv("FAKE_LATE_END");
    QCOMPARE(state(), QStringLiteral("failed"));
    QCOMPARE(m_window->issues().rowCount(), 1);
    const QString issue = m_window->issues().index(0).data().toString();
    QVERIFY2(issue.contains(QStringLiteral("step 3 is not a number")), qPrintable(issue));
}

void TestRunsPlace::fullDiskStopsTheRunAndLosesNothing()
{
    const QString disk = m_folder.filePath("disk");
    QVERIFY(QDir().mkpath(disk));
    const auto mount = [&](const char* options) {
        return QProcess::execute(QStringLiteral("mount"),
            {QStringLiteral("-t"), QStringLiteral("tmpfs"), QStringLiteral("-o"), QString::fromLatin1(options), QStringLiteral("tmpfs"),
                disk});
    };
    if (::geteuid() != 0 || mount("size=12m") != 0)
        QSKIP("a small disk can only be mounted by root");
    const auto unmount = qScopeGuard([&] {
        closeWindow();
        openWindow(); // cleanup() closes one
        QProcess::execute(QStringLiteral("umount"), {QStringLiteral("-l"), disk});
    });
    const QString path = disk + QStringLiteral("/full.casebase");
    QVERIFY(QFile::copy(m_sample, path));
    open(path);
    child<QAction>("runsGo")->trigger();
    qputenv("FAKE_ROLLOUT_BYTES", "100000"); // eight a step
    runToEnd(fakeRun(40));
    QCOMPARE(state(), QStringLiteral("failed"));
    QVERIFY(m_window->issues().rowCount() >= 1);
    const QString issue = m_window->issues().index(0).data().toString();
    QVERIFY2(issue.contains(QStringLiteral("full")), qPrintable(issue));
    QTRY_VERIFY(child<QPushButton>("continueButton")->isVisible());
    const int kept = child<ui::CurvePanel>("curve0")->pointCount();
    QVERIFY(kept >= 2 && kept < 40);

    QCOMPARE(mount("remount,size=200m"), 0);
    QTest::mouseClick(child<QPushButton>("continueButton"), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(state(), QStringLiteral("finished"), kLong);
    const auto steps = read([](casebase::Casebase& casebase) { return casebase.runs().steps("run-1"); });
    QCOMPARE(steps.value().size(), std::size_t{40}); // none is missing
    for (std::size_t i = 0; i < steps.value().size(); ++i)
        QCOMPARE(steps.value()[i].step, static_cast<int>(i) + 1);
    const auto problems = read([](casebase::Casebase& casebase) { return casebase.check(); });
    QVERIFY(problems.value().empty());
}

void TestRunsPlace::deletedCasebaseLosesNoStep()
{
    openRuns("gone.casebase");
    qputenv("FAKE_STEP_MS", "60");
    runs()->start(fakeRun(15));
    QTRY_VERIFY_WITH_TIMEOUT(child<ui::CurvePanel>("curve0")->pointCount() >= 2, kLong);
    QVERIFY(QFile::remove(m_folder.filePath("gone.casebase")));
    QTRY_VERIFY_WITH_TIMEOUT(m_window->issues().rowCount() >= 1, kLong);
    QVERIFY(m_window->issues().index(0).data().toString().contains(QStringLiteral("deleted")));
    QTRY_VERIFY_WITH_TIMEOUT(!runs()->isRunning(), kLong);
    QCOMPARE(state(), QStringLiteral("finished"));
    const QString rescued = m_folder.filePath("rescued-run.casebase");
    m_window->saveCopy(rescued);
    QTRY_VERIFY(QFile::exists(rescued));
    auto casebase = casebase::Casebase::open(rescued.toStdString(), casebase::OpenMode::readOnly);
    QVERIFY(casebase.ok());
    QCOMPARE((*casebase)->runs().steps("run-1").value().size(), std::size_t{15});
}

void TestRunsPlace::twoWindowsOnOneFile()
{
    openRuns("two.casebase");
    qputenv("FAKE_STEP_MS", "100");
    runs()->start(fakeRun(400));
    QTRY_VERIFY_WITH_TIMEOUT(child<ui::CurvePanel>("curve0")->pointCount() >= 2, kLong);
    ui::MainWindow second;
    second.show();
    second.openCasebase(m_folder.filePath("two.casebase").toStdString());
    QTRY_VERIFY_WITH_TIMEOUT(second.casebase() != nullptr, kLong);
    second.findChild<QAction*>(QStringLiteral("runsGo"))->trigger();
    auto* stateThere = second.findChild<QLabel*>(QStringLiteral("runStateLabel"));
    QTRY_COMPARE_WITH_TIMEOUT(stateThere->property("state").toString(), QStringLiteral("elsewhere"), kLong);
    QCOMPARE(stateThere->text(), QStringLiteral("running elsewhere"));
    QVERIFY(!second.findChild<QPushButton*>(QStringLiteral("continueButton"))->isVisible());
    QCOMPARE(state(), QStringLiteral("running"));

    auto* place = second.findChild<ui::RunsPlace*>();
    place->start({{}, false, "run-1"}); // as if it had been clicked just before
    QTRY_COMPARE_WITH_TIMEOUT(second.issues().rowCount(), 1, kLong);
    QVERIFY(second.issues().index(0).data().toString().contains(QStringLiteral("being trained by another")));
    QVERIFY(runs()->isRunning());

    // What one window writes the other finds when it asks.
    const int cases = second.findChild<QTableView*>(QStringLiteral("casesTable"))->model()->rowCount();
    const auto added = read([](casebase::Casebase& casebase) {
        casebase::Case value;
        value.id = "S1-999";
        value.request = {{"user", "May I lend my zebra?"}};
        value.codes = {{"S1", true}};
        value.disposition = Disposition::comply;
        value.answer = "Yes.";
        value.source = "elsewhere";
        return casebase.cases().add(value);
    });
    QVERIFY(added.ok());
    auto* search = second.findChild<QLineEdit*>(QStringLiteral("caseSearchEdit"));
    auto* table = second.findChild<QTableView*>(QStringLiteral("casesTable"));
    search->setText(QStringLiteral("zebra"));
    QTRY_COMPARE(table->model()->rowCount(), 1);
    search->clear();
    QTRY_COMPARE(table->model()->rowCount(), cases + 1);

    runs()->stopRun();
    QTRY_VERIFY_WITH_TIMEOUT(!runs()->isRunning(), kLong);
    QTRY_COMPARE_WITH_TIMEOUT(stateThere->property("state").toString(), QStringLiteral("stopped"), kLong);
    QTRY_VERIFY(second.findChild<QPushButton*>(QStringLiteral("continueButton"))->isVisible());
}

void TestRunsPlace::modelsKeepTheirContract()
{
    openRuns("contract.casebase");
    auto* list = child<QListView>("runsList");
    const QAbstractItemModelTester tester(list->model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    const QAbstractItemModelTester source(
        qobject_cast<QAbstractProxyModel*>(list->model())->sourceModel(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    runToEnd(fakeRun(2));
    QTRY_COMPARE(list->model()->rowCount(), 1);
    child<QLineEdit>("runFilterEdit")->setText(QStringLiteral("x"));
    child<QLineEdit>("runFilterEdit")->clear();
    list->model()->setData(list->model()->index(0, 0), QStringLiteral("renamed"));
    QTRY_COMPARE(labelText("runNameLabel"), QStringLiteral("renamed"));
}

QTEST_MAIN(TestRunsPlace)
#include "tst_runs_place.moc"
