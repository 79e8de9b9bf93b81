#include <QtTest/QtTest>

#include <csignal>

#include <unistd.h>

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QComboBox>
#include <QDropEvent>
#include <QFontDatabase>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QStandardPaths>
#include <QTabBar>
#include <QTableView>
#include <QTemporaryDir>
#include <QTextEdit>
#include <QToolButton>
#include <QTreeView>

#include "precedent/align/run_spec_json.h"
#include "precedent/casebase/case_store.h"
#include "precedent/casebase/run_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/workspace/sample_casebase.h"
#include "tests/ui/window_fixture.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/plots/curve_panel.h"
#include "ui/runs/runs_place.h"
#include "ui/shell/end_signals.h"
#include "ui/shell/main_window.h"
#include "ui/shell/reveal.h"
#include "ui/shell/theme.h"
#include "ui/shell/type_scale.h"

using namespace precedent;

namespace {

constexpr int kSampleCases = 168;

using tests::kLong;

std::filesystem::path asPath(const QString& text) { return text.toStdString(); }

/// A few short steps of the starter, measured by nothing.
ui::RunOrder shortRun(int steps)
{
    ui::RunOrder order;
    order.spec = *align::preset("quickstart");
    order.spec.model = "starter";
    order.spec.maxSteps = steps;
    order.spec.evaluateBeforeAfter = false;
    order.spec.promptsPerStep = 2;
    order.spec.numGenerations = 4;
    order.spec.maxCompletionLength = 80;
    return order;
}

void dropOn(QWidget& window, const QMimeData& data)
{
    const QPoint at(700, 400);
    QDragEnterEvent enter(at, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window, &enter);
    QDropEvent drop(at, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window, &drop);
}

} // namespace

/// The real window, offscreen, used as a user would: found by objectName, asserted on models and widgets.
class TestWindow : public tests::WindowTest {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { makeSample(); }
    void init() { openWindow(); }
    void cleanup() { closeWindow(); }
    void fontsAreThere();
    void sampleShowsItsCodesAndCases();
    void searchAndFacetsNarrowTheTable();
    void editIsSavedAndUndone();
    void draftComesBackWithItsCase();
    void unknownCitationIsNamed();
    void dropIsShownBeforeItIsStored();
    void anImportSaysWhatBecomesOfItsSuite();
    void fileThatCannotBeReadIsToldInTheDialog();
    void sensitiveTextIsHiddenUntilRevealed();
    void deletedFileIsToldAndCanBeSaved();
    void readOnlyCasebaseIsShownAndNotChanged();
    void fileThatIsNoCasebaseIsAnIssue();
    void runStreamsPausesStopsAndContinues();
    void runEndsWithBeforeAndAfter();
    void closingInMidRunSavesItsState();
    void endOfTheSessionSavesARunUnasked();
    void endSignalsAreTakenOnce();
    void runOfTheCommandLineOpens();
    void commandsAreFoundByTyping();
    void modelsKeepTheirContract();
    void lightAndDarkDiffer();

private:
    /// Writes a file and drops it on the window.
    void dropFile(const QString& name, const QByteArray& content);
    [[nodiscard]] std::string answerOf(const std::string& id);
    [[nodiscard]] QString stateText() { return child<QLabel>("runStateLabel")->property("state").toString(); }
};

std::string TestWindow::answerOf(const std::string& id)
{
    const auto found = read([id](casebase::Casebase& casebase) { return casebase.cases().find(id); });
    return found.ok() ? found.value().answer : std::string("not found");
}

void TestWindow::fontsAreThere()
{
    QVERIFY(QFontDatabase::families().contains(QStringLiteral("Noto Sans")));
    QVERIFY(QFontMetrics(ui::bodyFont()).horizontalAdvance(QStringLiteral("case")) > 0);
}

void TestWindow::sampleShowsItsCodesAndCases()
{
    open(copyOfSample("shows.casebase"));
    auto* table = child<QTableView>("casesTable");
    QTRY_COMPARE(table->model()->rowCount(), kSampleCases);
    QTRY_VERIFY(!table->model()->index(0, 0).data().toString().isEmpty());
    auto* tree = child<QTreeView>("codesTree");
    QTRY_COMPARE(tree->model()->rowCount(), 13); // all cases, and twelve codes
    QCOMPARE(child<QLabel>("caseCountLabel")->text(), QStringLiteral("168 cases"));
    QCOMPARE(child<QLabel>("placeLabel")->text(), QStringLiteral("Casebase"));
    QVERIFY(table->isVisible());
}

void TestWindow::searchAndFacetsNarrowTheTable()
{
    open(copyOfSample("search.casebase"));
    auto* table = child<QTableView>("casesTable");
    QTRY_COMPARE(table->model()->rowCount(), kSampleCases);
    QTest::keyClicks(child<QLineEdit>("caseSearchEdit"), QStringLiteral("barrier"));
    QTRY_VERIFY(table->model()->rowCount() > 0 && table->model()->rowCount() < 20);
    QTRY_VERIFY(table->model()->index(0, 1).data().toString().contains(QStringLiteral("barrier")));
    child<QLineEdit>("caseSearchEdit")->clear();
    QTRY_COMPARE(table->model()->rowCount(), kSampleCases);
    QTest::mouseClick(child<QAbstractButton>("addFacetChip"), Qt::LeftButton);
    QTRY_VERIFY(m_window->findChild<QMenu*>("facetMenu") != nullptr);
    auto* facets = child<QMenu>("facetMenu");
    facets->actions().at(0)->menu()->actions().at(2)->trigger(); // disposition: refuse
    facets->close();
    QTRY_VERIFY(table->model()->rowCount() > 0 && table->model()->rowCount() < kSampleCases);
    QTRY_COMPARE(table->model()->index(0, 3).data().toString(), QStringLiteral("refuse"));
    child<QTreeView>("codesTree")->setCurrentIndex(child<QTreeView>("codesTree")->model()->index(2, 0));
    QTRY_VERIFY(table->model()->rowCount() < 20);
    QTRY_VERIFY(table->model()->index(0, 0).data().toString().startsWith(QStringLiteral("S2-")));
}

void TestWindow::editIsSavedAndUndone()
{
    open(copyOfSample("edit.casebase"));
    auto* table = child<QTableView>("casesTable");
    QTRY_VERIFY(!table->model()->index(2, 0).data().toString().isEmpty());
    table->selectRow(2);
    const std::string id = table->model()->index(2, 0).data().toString().toStdString();
    QTRY_COMPARE(child<QLabel>("caseIdLabel")->text().toStdString(), id);
    const std::string before = answerOf(id);
    auto* answer = child<QTextEdit>("caseAnswerEdit");
    QVERIFY(!child<QPushButton>("saveCaseButton")->isEnabled());
    answer->setPlainText(QStringLiteral("Sure. Ask the keeper first."));
    QVERIFY(child<QPushButton>("saveCaseButton")->isEnabled());
    QTest::mouseClick(child<QPushButton>("saveCaseButton"), Qt::LeftButton);
    QTRY_COMPARE(answerOf(id), std::string("Sure. Ask the keeper first."));
    QTRY_VERIFY(!child<QPushButton>("saveCaseButton")->isEnabled());
    child<QAction>("undo")->trigger();
    QTRY_COMPARE(answerOf(id), before);
    QTRY_COMPARE(answer->toPlainText().toStdString(), before);
    child<QAction>("redo")->trigger();
    QTRY_COMPARE(answerOf(id), std::string("Sure. Ask the keeper first."));
}

void TestWindow::draftComesBackWithItsCase()
{
    const QString path = copyOfSample("draft.casebase");
    open(path);
    auto* table = child<QTableView>("casesTable");
    QTRY_VERIFY(!table->model()->index(5, 0).data().toString().isEmpty());
    table->selectRow(4);
    const QString id = table->model()->index(4, 0).data().toString();
    QTRY_COMPARE(child<QLabel>("caseIdLabel")->text(), id);
    const std::string stored = answerOf(id.toStdString());
    child<QTextEdit>("caseAnswerEdit")->setPlainText(QStringLiteral("half a thought"));
    table->selectRow(5);
    QTRY_VERIFY(child<QLabel>("caseIdLabel")->text() != id);
    // Another window on the same file, as after a crash.
    m_window = std::make_unique<ui::MainWindow>();
    m_window->show();
    open(path);
    table = child<QTableView>("casesTable");
    QTRY_COMPARE(table->model()->index(4, 0).data().toString(), id);
    table->selectRow(4);
    QTRY_COMPARE(child<QTextEdit>("caseAnswerEdit")->toPlainText(), QStringLiteral("half a thought"));
    QCOMPARE(answerOf(id.toStdString()), stored);
}

void TestWindow::unknownCitationIsNamed()
{
    open(copyOfSample("citation.casebase"));
    auto* table = child<QTableView>("casesTable");
    QTRY_VERIFY(!table->model()->index(0, 0).data().toString().isEmpty());
    table->selectRow(0);
    QTRY_VERIFY(child<QLabel>("citationsLabel")->text().contains(QStringLiteral("found")));
    child<QTextEdit>("caseChainEdit")->setPlainText(QStringLiteral("By [S1] and [S99] this is fine. So comply."));
    QTRY_COMPARE(child<QLabel>("citationsLabel")->text(), QStringLiteral("not found: S99"));
}

void TestWindow::dropFile(const QString& name, const QByteArray& content)
{
    const QString path = m_folder.filePath(name);
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(content);
    file.close();
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(path)});
    dropOn(*m_window, data);
}

void TestWindow::dropIsShownBeforeItIsStored()
{
    open(copyOfSample("drop.casebase"));
    auto* table = child<QTableView>("casesTable");
    QTRY_COMPARE(table->model()->rowCount(), kSampleCases);
    dropFile(QStringLiteral("new.csv"),
        "question,codes,disposition,chain,answer\n"
        "May I paint the shed?,S1,comply,By [S1] this is fine. So comply.,Yes.\n"
        "May I paint the boat?,S1,comply,By [S1] this is fine. So comply.,Yes.\n"
        ",S1,comply,x,y\n");
    QTRY_VERIFY(m_window->findChild<QLineEdit*>("importMapEdit") != nullptr);
    child<QComboBox>("importAsCombo")->setCurrentIndex(1);
    child<QLineEdit>("importMapEdit")->setText(QStringLiteral("request=question"));
    QTRY_VERIFY2(
        child<QLabel>("importPreview")->text().contains(QStringLiteral("take in: 2.")), qPrintable(child<QLabel>("importPreview")->text()));
    QVERIFY(child<QLabel>("importPreview")->text().contains(QStringLiteral("Not fitting: 1.")));
    QCOMPARE(table->model()->rowCount(), kSampleCases); // nothing yet
    QTRY_VERIFY(child<QPushButton>("importButton")->isEnabled());
    QTest::mouseClick(child<QPushButton>("importButton"), Qt::LeftButton);
    QTRY_COMPARE(table->model()->rowCount(), kSampleCases + 2);
}

void TestWindow::anImportSaysWhatBecomesOfItsSuite()
{
    open(copyOfSample("suite.casebase"));
    dropFile(QStringLiteral("ours.csv"), "prompt,label\nMay I paint the boathouse green?,benign\n");
    QTRY_VERIFY(m_window->findChild<QLineEdit*>("importSuiteEdit") != nullptr);
    child<QLineEdit>("importSuiteEdit")->setText(QStringLiteral("Ours"));
    const auto preview = [&] { return child<QLabel>("importPreview")->text(); };
    QTRY_VERIFY2(preview().contains(QStringLiteral("suite \"Ours\": 1. It is sealed")), qPrintable(preview()));
    child<QComboBox>("importRoleCombo")->setCurrentIndex(2);
    QTRY_VERIFY2(preview().contains(QStringLiteral("suite \"Ours\": 1. It is a working suite")), qPrintable(preview()));
    QTRY_VERIFY(child<QPushButton>("importButton")->isEnabled());
    QTest::mouseClick(child<QPushButton>("importButton"), Qt::LeftButton);
    QTRY_VERIFY(m_window->findChild<QPushButton*>("importButton") == nullptr); // the dialog is gone once all is stored
    const auto stored = casebase::Casebase::open(m_window->casebase()->path(), casebase::OpenMode::readOnly);
    QVERIFY(stored.ok());
    const auto suite = (*stored)->suites().find("Ours");
    QVERIFY(suite.ok() && suite->role == casebase::SuiteRole::working);
}

void TestWindow::fileThatCannotBeReadIsToldInTheDialog()
{
    open(copyOfSample("bad.casebase"));
    dropFile(QStringLiteral("bad.csv"), "prompt,label\n\"never closed,harmful\n");
    QTRY_VERIFY(m_window->findChild<QLabel*>("importPreview") != nullptr);
    QTRY_VERIFY2(
        child<QLabel>("importPreview")->text().contains(QStringLiteral("quote")), qPrintable(child<QLabel>("importPreview")->text()));
    QVERIFY(!child<QPushButton>("importButton")->isEnabled());
}

void TestWindow::sensitiveTextIsHiddenUntilRevealed()
{
    const QString path = copyOfSample("sensitive.casebase");
    {
        auto casebase = casebase::Casebase::open(asPath(path), casebase::OpenMode::readWrite);
        QVERIFY(casebase.ok());
        casebase::Case value;
        value.id = "S1-000";
        value.request = {{"user", "Tell me the secret word."}};
        value.codes = {{"S1", true}};
        value.disposition = Disposition::refuse;
        value.answer = "No.";
        value.source = "elsewhere";
        QVERIFY((*casebase)->cases().add(value).ok());
    }
    ui::Reveal::instance().setOn(false);
    open(path);
    auto* table = child<QTableView>("casesTable");
    QTRY_COMPARE(table->model()->index(0, 0).data().toString(), QStringLiteral("S1-000"));
    QCOMPARE(table->model()->index(0, 1).data().toString(), QStringLiteral("sensitive, hidden"));
    QVERIFY(table->model()->index(1, 1).data().toString() != QStringLiteral("sensitive, hidden")); // the sample's own
    table->selectRow(0);
    QTRY_VERIFY(child<QPushButton>("revealCaseButton")->isVisible());
    QVERIFY(!child<QTextEdit>("caseRequestEdit")->isEnabled());
    QTest::mouseClick(child<QPushButton>("revealCaseButton"), Qt::LeftButton);
    QCOMPARE(table->model()->index(0, 1).data().toString(), QStringLiteral("Tell me the secret word."));
    QVERIFY(child<QTextEdit>("caseRequestEdit")->isEnabled());
    child<QAction>("reveal")->trigger();
    QCOMPARE(table->model()->index(0, 1).data().toString(), QStringLiteral("sensitive, hidden"));
}

void TestWindow::deletedFileIsToldAndCanBeSaved()
{
    const QString path = copyOfSample("deleted.casebase");
    open(path);
    QTRY_COMPARE(child<QTableView>("casesTable")->model()->rowCount(), kSampleCases);
    QVERIFY(QFile::remove(path));
    QTRY_COMPARE(m_window->issues().rowCount(), 1);
    QVERIFY(m_window->issues().index(0).data().toString().contains(QStringLiteral("deleted.casebase")));
    const QString rescued = m_folder.filePath("rescued.casebase");
    m_window->saveCopy(rescued);
    QTRY_VERIFY(QFile::exists(rescued));
    QTRY_VERIFY(casebase::Casebase::open(asPath(rescued), casebase::OpenMode::readOnly).ok());
    auto casebase = casebase::Casebase::open(asPath(rescued), casebase::OpenMode::readOnly);
    QCOMPARE((*casebase)->cases().count().value(), kSampleCases);
}

void TestWindow::readOnlyCasebaseIsShownAndNotChanged()
{
    if (::geteuid() == 0)
        QSKIP("root may write everywhere, so nothing is read-only to it");
    const QString path = copyOfSample("readonly.casebase");
    QVERIFY(QFile::setPermissions(path, QFile::ReadOwner));
    open(path);
    QTRY_COMPARE(child<QTableView>("casesTable")->model()->rowCount(), kSampleCases);
    child<QTableView>("casesTable")->selectRow(0);
    QTRY_VERIFY(child<QTextEdit>("caseAnswerEdit")->isReadOnly());
}

void TestWindow::fileThatIsNoCasebaseIsAnIssue()
{
    const QString path = m_folder.filePath("not.casebase");
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray(5000, 'x'));
    file.close();
    m_window->openCasebase(asPath(path));
    QTRY_COMPARE(m_window->issues().rowCount(), 1);
    QVERIFY(m_window->issues().index(0).data().toString().contains(QStringLiteral("not.casebase")));
    QVERIFY(m_window->casebase() == nullptr);
    m_window->openCasebase(asPath(m_folder.filePath("nowhere.casebase")));
    QTRY_COMPARE(m_window->issues().rowCount(), 2);
    QCOMPARE(child<QToolButton>("issuesButton")->text(), QStringLiteral("2 issues"));
}

void TestWindow::runStreamsPausesStopsAndContinues()
{
    open(copyOfSample("run.casebase"));
    const QAbstractItemModelTester tester(
        child<QTableView>("rolloutsTable")->model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    auto* runs = child<ui::RunsPlace>("runsPlace");
    child<QAction>("runsGo")->trigger();
    auto* writing = child<QTextEdit>("writingText");
    QString streamed;
    QObject scope; // a failed check leaves this function while the run goes on
    connect(writing, &QTextEdit::textChanged, &scope, [&] {
        if (streamed.size() < writing->toPlainText().size())
            streamed = writing->toPlainText();
    });
    runs->start(shortRun(400));
    QTRY_VERIFY_WITH_TIMEOUT(child<ui::CurvePanel>("curve0")->pointCount() >= 2, kLong);
    QVERIFY2(streamed.size() > 20, qPrintable(streamed));
    auto* rollouts = child<QTableView>("rolloutsTable");
    QTRY_COMPARE(rollouts->model()->rowCount(), 4);
    QTRY_VERIFY(!child<QTextEdit>("rolloutChainText")->toPlainText().isEmpty());

    QTest::mouseClick(child<QPushButton>("pauseButton"), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(stateText(), QStringLiteral("paused"), kLong);
    QTest::qWait(300); // what was under way has arrived
    const int paused = child<ui::CurvePanel>("curve0")->pointCount();
    QTest::qWait(1500);
    QCOMPARE(child<ui::CurvePanel>("curve0")->pointCount(), paused);
    QTest::mouseClick(child<QPushButton>("pauseButton"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(child<ui::CurvePanel>("curve0")->pointCount() > paused, kLong);

    QTest::mouseClick(child<QPushButton>("stopButton"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(!runs->isRunning(), kLong);
    QCOMPARE(stateText(), QStringLiteral("stopped"));
    QTRY_VERIFY(child<QPushButton>("continueButton")->isVisible());
    const int stopped = child<ui::CurvePanel>("curve0")->pointCount();
    QTest::mouseClick(child<QPushButton>("continueButton"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(child<ui::CurvePanel>("curve0")->pointCount() > stopped, kLong);
    QCOMPARE(child<QListView>("runsList")->model()->rowCount(), 1);
    QCOMPARE(m_window->issues().rowCount(), 0);
}

void TestWindow::runEndsWithBeforeAndAfter()
{
    open(copyOfSample("results.casebase"));
    auto* runs = child<ui::RunsPlace>("runsPlace");
    child<QAction>("runsGo")->trigger();
    ui::RunOrder order = shortRun(2);
    order.spec.evaluateBeforeAfter = true;
    order.spec.evaluateLimit = 4;
    runs->start(order);
    QTRY_VERIFY_WITH_TIMEOUT(runs->isRunning() && !child<QLabel>("runPositionLabel")->text().isEmpty(), kLong);
    QTRY_VERIFY_WITH_TIMEOUT(!runs->isRunning(), kLong);
    QTRY_COMPARE(child<QTabBar>("runTabs")->currentIndex(), 1);
    QTRY_VERIFY(m_window->findChild<QLabel*>("resultsHeadline") != nullptr);
    QTRY_VERIFY(child<QLabel>("starterNotice")->isVisible()); // shown in the turn after it is made
    // Five axes in two modes, and each figure of an axis.
    QVERIFY(child<QTableView>("resultsTable")->model()->rowCount() >= 10);
    QCOMPARE(stateText(), QStringLiteral("finished"));
    QCOMPARE(m_window->issues().rowCount(), 0);
}

void TestWindow::closingInMidRunSavesItsState()
{
    const QString path = copyOfSample("close.casebase");
    open(path);
    auto* runs = child<ui::RunsPlace>("runsPlace");
    child<QAction>("runsGo")->trigger();
    runs->start(shortRun(400));
    QTRY_VERIFY_WITH_TIMEOUT(child<ui::CurvePanel>("curve0")->pointCount() >= 1, kLong);
    const auto answer = [](QMessageBox::StandardButton button) {
        QTimer::singleShot(300, [button] {
            auto* box = qobject_cast<QMessageBox*>(QApplication::activeModalWidget());
            QVERIFY(box != nullptr);
            QTest::mouseClick(box->button(button), Qt::LeftButton);
        });
    };
    answer(QMessageBox::Cancel);
    QVERIFY(!m_window->close());
    QVERIFY(runs->isRunning());
    answer(QMessageBox::Yes);
    QVERIFY(!m_window->close()); // it waits for the state to be saved
    QTRY_VERIFY_WITH_TIMEOUT(!m_window->isVisible(), kLong);
    QVERIFY(!runs->isRunning());
    m_window = std::make_unique<ui::MainWindow>();
    m_window->show();
    open(path);
    child<QAction>("runsGo")->trigger();
    QTRY_COMPARE(child<QListView>("runsList")->model()->rowCount(), 1);
    QTRY_VERIFY(child<ui::CurvePanel>("curve0")->pointCount() >= 1);
    QTRY_VERIFY(child<QPushButton>("continueButton")->isVisible());
    auto casebase = casebase::Casebase::open(asPath(path), casebase::OpenMode::readOnly);
    QVERIFY(casebase.ok());
    const auto checkpoints = (*casebase)->runs().checkpoints("run-1");
    QVERIFY(checkpoints.ok());
    QVERIFY(!checkpoints.value().empty());
}

void TestWindow::endOfTheSessionSavesARunUnasked()
{
    const QString path = copyOfSample("session.casebase");
    open(path);
    auto* runs = child<ui::RunsPlace>("runsPlace");
    child<QAction>("runsGo")->trigger();
    runs->start(shortRun(400));
    QTRY_VERIFY_WITH_TIMEOUT(child<ui::CurvePanel>("curve0")->pointCount() >= 1, kLong);
    const ui::EndSignals end;
    connect(&end, &ui::EndSignals::asked, m_window.get(), &ui::MainWindow::closeUnasked);
    bool stood = false;
    QTimer::singleShot(300, m_window.get(), [&stood] { // while the window asks whether to close
        stood = QApplication::activeModalWidget() != nullptr;
        ::kill(::getpid(), SIGHUP);
        ::kill(::getpid(), SIGTERM);
    });
    QVERIFY(!m_window->close());
    QVERIFY(stood);
    QTRY_VERIFY_WITH_TIMEOUT(!m_window->isVisible(), kLong);
    QVERIFY(QApplication::activeModalWidget() == nullptr);
    auto casebase = casebase::Casebase::open(asPath(path), casebase::OpenMode::readOnly);
    QVERIFY(casebase.ok());
    const auto run = (*casebase)->runs().find("run-1");
    QVERIFY(run.ok());
    QCOMPARE(run->state, std::string("stopped"));
    const auto checkpoints = (*casebase)->runs().checkpoints("run-1");
    QVERIFY(checkpoints.ok());
    QVERIFY(!checkpoints.value().empty());
}

void TestWindow::endSignalsAreTakenOnce()
{
    std::signal(SIGINT, SIG_IGN); // as of what a shell put in the background
    {
        const ui::EndSignals end;
        QSignalSpy asked(&end, &ui::EndSignals::asked);
        ::kill(::getpid(), SIGINT);
        QTest::qWait(50);
        QCOMPARE(asked.count(), 0);
        ::kill(::getpid(), SIGTERM);
        QTRY_COMPARE(asked.count(), 1);
        struct sigaction left { };
        QCOMPARE(sigaction(SIGTERM, nullptr, &left), 0);
        QVERIFY(left.sa_handler == SIG_DFL); // so that the next one ends a program that hangs
    }
    QVERIFY(std::signal(SIGINT, SIG_DFL) == SIG_IGN);
    QVERIFY(std::signal(SIGHUP, SIG_DFL) == SIG_DFL);
}

void TestWindow::runOfTheCommandLineOpens()
{
    const QString path = copyOfSample("recorded.casebase");
    {
        auto casebase = casebase::Casebase::open(asPath(path), casebase::OpenMode::readWrite);
        QVERIFY(casebase.ok());
        casebase::Run run;
        run.name = "recorded";
        run.specJson = dumpJson(align::toJson(shortRun(2).spec));
        run.state = "running"; // its program is gone
        run.model = "starter";
        run.steps = 2;
        const auto id = (*casebase)->runs().add(run);
        QVERIFY(id.ok());
        for (int step = 1; step <= 1; ++step) {
            casebase::Rollout rollout;
            rollout.step = step;
            rollout.promptId = "gone";
            rollout.chain = "By [S1] this is fine. So comply.";
            rollout.answer = "Sure.";
            rollout.verdict = Verdict::comply;
            rollout.reward = 0.75;
            QVERIFY((*casebase)->runs().recordStep(id.value(), {step, {{"reward", 0.75}, {"kl", 0.1}}, 1.0}, {rollout}).ok());
        }
    }
    open(path);
    child<QAction>("runsGo")->trigger();
    QTRY_COMPARE(child<QTextEdit>("rolloutChainText")->toPlainText(), QStringLiteral("By [S1] this is fine. So comply."));
    QCOMPARE(child<QTableView>("rolloutsTable")->model()->index(0, 2).data().toString(), QLocale().toString(0.75, 'f', 2));
    QCOMPARE(child<QLabel>("runNameLabel")->text(), QStringLiteral("recorded"));
    QCOMPARE(stateText(), QStringLiteral("stopped"));
}

void TestWindow::commandsAreFoundByTyping()
{
    child<QAction>("showCommands")->trigger();
    auto* field = child<QLineEdit>("commandEdit");
    auto* list = child<QListView>("commandList");
    const QAbstractItemModelTester tester(list->model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    const int all = list->model()->rowCount();
    QVERIFY(all > 8);
    QTest::keyClicks(field, QStringLiteral("quick"));
    QVERIFY(list->model()->rowCount() >= 1 && list->model()->rowCount() < all);
    QTest::keyClick(field, Qt::Key_Escape);
}

void TestWindow::modelsKeepTheirContract()
{
    std::vector<std::unique_ptr<QAbstractItemModelTester>> testers;
    for (const char* name : {"casesTable", "codesTree", "runsList", "rolloutsTable", "recentList"}) {
        auto* view = child<QAbstractItemView>(name);
        testers.push_back(
            std::make_unique<QAbstractItemModelTester>(view->model(), QAbstractItemModelTester::FailureReportingMode::QtTest));
    }
    testers.push_back(
        std::make_unique<QAbstractItemModelTester>(&m_window->issues(), QAbstractItemModelTester::FailureReportingMode::QtTest));
    open(copyOfSample("contract.casebase"));
    auto* table = child<QTableView>("casesTable");
    QTRY_COMPARE(table->model()->rowCount(), kSampleCases);
    table->sortByColumn(3, Qt::DescendingOrder);
    QTRY_COMPARE(table->model()->index(0, 3).data().toString(), QStringLiteral("safe_complete"));
    table->scrollToBottom();
    QTRY_VERIFY(!table->model()->index(kSampleCases - 1, 0).data().toString().isEmpty());
    m_window->issues().add(QStringLiteral("a"), {});
    m_window->issues().add(QStringLiteral("a"), {});
    m_window->issues().clear();
}

void TestWindow::lightAndDarkDiffer()
{
    ui::Theme& theme = ui::Theme::instance();
    theme.setChoice(ui::ThemeChoice::light);
    const auto lightness = [this] { return m_window->grab().toImage().pixelColor(600, 600).lightness(); };
    QTRY_VERIFY(lightness() > 200);
    theme.setChoice(ui::ThemeChoice::dark);
    QTRY_VERIFY(lightness() < 60);
    theme.setChoice(ui::ThemeChoice::light);
}

QTEST_MAIN(TestWindow)
#include "tst_window.moc"
