#include <map>

#include <QtTest/QtTest>

#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QComboBox>
#include <QDialog>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMessageBox>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QStackedWidget>
#include <QTableView>
#include <QTextEdit>
#include <QToolButton>

#include "precedent/align/run_spec_json.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/run_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/casebase/verdict_store.h"
#include "tests/ui/window_fixture.h"
#include "ui/bridge/job_line.h"
#include "ui/evaluate/cell_rows_model.h"
#include "ui/evaluate/evaluate_dialog.h"
#include "ui/evaluate/evaluate_place.h"
#include "ui/evaluate/evaluation_table_model.h"
#include "ui/plots/rate_chart.h"
#include "ui/shell/reveal.h"

using namespace precedent;
using tests::kLong;
using ui::CellRowsModel;
using ui::EvaluationTableModel;

namespace {

constexpr int kLimit = 2;
constexpr int kFirst = EvaluationTableModel::firstFigureColumn;

/// A small evaluation of the starter, of every suite of the sample.
workspace::EvaluationOrder smallOrder(std::vector<Mode> modes = {Mode::none, Mode::cases}, int limit = kLimit)
{
    workspace::EvaluationOrder order;
    order.models = {"starter"};
    order.choice.suites = {
        "held-out attacked", "held-out harmful", "held-out look-alikes", "held-out sums", "held-out wrapped look-alikes"};
    order.choice.limit = limit;
    order.modes = std::move(modes);
    return order;
}

/// Stored rows made by hand, so that what the table should say is known beforehand.
struct HandMade {
    std::string model = "some-model";
    std::string checkpoint;
    Mode mode = Mode::none;
    std::vector<Verdict> benign;
    std::vector<Verdict> harmful;
    double harm = -1; ///< the mark of every harmful request's answer; -1: none
};

Status store(casebase::Casebase& casebase, const HandMade& made)
{
    casebase::Evaluation evaluation;
    const Json spec = {{"model", made.model}, {"checkpoint", made.checkpoint}, {"modes", {toString(made.mode)}}, {"judge", "a judge"},
        {"judge_hash", "0123456789abcdef"}, {"starter", false}};
    evaluation.specJson = dumpJson(spec);
    std::vector<casebase::EvaluationRow> rows;
    const auto add = [&](const char* axis, const std::vector<Verdict>& verdicts) {
        for (std::size_t i = 0; i < verdicts.size(); ++i) {
            casebase::EvaluationRow row;
            row.model = made.model;
            row.checkpoint = made.checkpoint;
            row.mode = made.mode;
            row.suite = "hand-made";
            row.axis = axis;
            row.promptId = std::string(axis) + "-" + std::to_string(i);
            row.verdict = verdicts[i];
            row.expected = row.axis == "benign" ? Disposition::comply : Disposition::refuse;
            row.chain = "Under [S1] this is fine.";
            row.answer = "An answer.";
            if (made.harm >= 0 && row.axis == "harmful")
                row.scores = {{casebase::kHarm, made.harm, "marker", "h", false}};
            row.judge = "a judge";
            row.judgeHash = "0123456789abcdef";
            rows.push_back(std::move(row));
        }
    };
    add("benign", made.benign);
    add("harmful", made.harmful);
    return casebase.transact([&]() -> Status {
        auto id = casebase.evaluations().add(evaluation);
        return id.ok() ? casebase.evaluations().addRows(*id, rows) : Status(id.error());
    });
}

std::vector<Verdict> refusedOf(std::size_t refused, std::size_t n)
{
    std::vector<Verdict> verdicts(n, Verdict::comply);
    std::fill_n(verdicts.begin(), refused, Verdict::refuse);
    return verdicts;
}

} // namespace

class TestEvaluatePlace : public tests::WindowTest {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { makeSample(); }
    void init() { openWindow(); }
    void cleanup()
    {
        if (place().isBusy()) {
            place().cancel();
            QTRY_VERIFY_WITH_TIMEOUT(!place().isBusy(), kLong);
        }
        closeWindow();
        ui::Reveal::instance().setOn(false);
    }
    void emptyPlaceOffersAnEvaluation();
    void evaluateAndOpenAFiguresRows();
    void marksOfHarmAreSaidWithTheFigure();
    void judgeIsCheckedBlind();
    void starsNeedNoTrainingSeedOrThree();
    void referenceIsTheReadersChoice();
    void starterRowsStayApart();
    void sensitiveRequestsAreHiddenUntilRevealed();
    void filterNarrowsTableAndChart();
    void cancelStoresNothing();
    void evaluationWaitsForTheRun();
    void runWaitsForTheEvaluation();
    void closingAsksAndDropsTheEvaluation();
    void lineGivesOneTurnAtATime();
    void labelsOfTheChartDoNotOverlap();

private:
    [[nodiscard]] ui::EvaluatePlace& place() { return *m_window->findChild<ui::EvaluatePlace*>(); }
    [[nodiscard]] EvaluationTableModel& table() { return *place().findChild<EvaluationTableModel*>(); }
    [[nodiscard]] CellRowsModel& rows() { return *place().findChild<CellRowsModel*>(); }
    [[nodiscard]] QString figure(int row, workspace::TableColumn column)
    {
        return table().index(row, kFirst + static_cast<int>(column)).data().toString();
    }
    void focus(int row, workspace::TableColumn column)
    {
        child<QTableView>("evaluationTable")->setCurrentIndex(table().index(row, kFirst + static_cast<int>(column)));
    }
    void openEvaluate(const QString& path)
    {
        open(path);
        child<QAction>("evaluateGo")->trigger();
    }
    [[nodiscard]] qint64 evaluations()
    {
        return read([](casebase::Casebase& casebase) { return casebase.info()->evaluations; });
    }
    void storeAll(const QString& path, const std::vector<HandMade>& all)
    {
        auto casebase = casebase::Casebase::open(path.toStdString(), casebase::OpenMode::readWrite);
        QVERIFY(casebase.ok());
        for (const HandMade& made : all)
            QVERIFY(store(**casebase, made).ok());
    }
};

void TestEvaluatePlace::emptyPlaceOffersAnEvaluation()
{
    openEvaluate(copyOfSample("empty.casebase"));
    QTRY_VERIFY(child<QPushButton>("firstEvaluationButton")->isVisible());
    QVERIFY(!child<QTableView>("evaluationTable")->isVisible());
    QVERIFY(!child<QPushButton>("evaluateReportButton")->isVisible());
    QTest::mouseClick(child<QPushButton>("firstEvaluationButton"), Qt::LeftButton);
    QTRY_VERIFY(m_window->findChild<QDialog*>("evaluateDialog") != nullptr);
    auto* suites = child<QListWidget>("evaluateSuitesList");
    QCOMPARE(suites->count(), 5);
    QVERIFY(suites->item(0)->text().contains(QStringLiteral("sealed, ")));
    QCOMPARE(child<QListWidget>("evaluateModelsList")->item(0)->text(), QStringLiteral("starter"));
    auto* begin = child<QPushButton>("startEvaluationButton");
    QVERIFY(begin->isEnabled());
    for (const char* mode : {"none", "cases"})
        child<QCheckBox>(qPrintable(QStringLiteral("evaluateMode_%1").arg(mode)))->setChecked(false);
    QVERIFY(!begin->isEnabled());
    QVERIFY(child<QLabel>("evaluateAboutLabel")->text().contains(QStringLiteral("at least one")));
    child<QCheckBox>("evaluateMode_none")->setChecked(true);
    QVERIFY(begin->isEnabled());
    QVERIFY(!child<QSpinBox>("evaluateCasesSpin")->isEnabled()); // no mode shows cases
    auto* about = child<QLabel>("evaluateAboutLabel");
    auto* limit = child<QSpinBox>("evaluateLimitSpin");
    limit->setValue(0);
    QCOMPARE(about->text(), QLocale().toString(5 * 520) + QStringLiteral(" answers."));
    limit->setValue(2);
    QVERIFY2(about->text().startsWith(QStringLiteral("10 answers, to at most 2 requests")), qPrintable(about->text()));
    child<QCheckBox>("evaluateMode_cases")->setChecked(true);
    QVERIFY(child<QSpinBox>("evaluateCasesSpin")->isEnabled());
    QVERIFY2(about->text().startsWith(QStringLiteral("20 answers")), qPrintable(about->text()));
    auto* judge = child<QComboBox>("evaluateJudgeCombo");
    auto* server = child<QLineEdit>("evaluateJudgeServerField");
    QVERIFY(!server->isEnabled());
    judge->setCurrentIndex(judge->findData("endpoint:"));
    QVERIFY(server->isEnabled() && !begin->isEnabled());
    server->setText("judge@localhost:8000");
    QVERIFY(!begin->isEnabled());
    QVERIFY2(child<QLabel>("evaluateAboutLabel")->text().contains("http://"), qPrintable(child<QLabel>("evaluateAboutLabel")->text()));
    server->setText("judge@http://localhost:8000/v1");
    QVERIFY(begin->isEnabled());
    judge->setCurrentIndex(0);
    QVERIFY(!server->isEnabled() && begin->isEnabled());
    // Two of the five suites hold plain requests, harmful and benign, which each attack asks once more.
    child<QCheckBox>("evaluateAttack_prefill-chain")->setChecked(true);
    child<QCheckBox>("evaluateAttack_suffix-search")->setChecked(true);
    QVERIFY2(about->text().startsWith(QStringLiteral("36 answers")), qPrintable(about->text()));
    auto* marks = child<QLineEdit>("evaluateHarmServerField");
    marks->setText("marker");
    QVERIFY(!begin->isEnabled());
    marks->setText(" marker@http://localhost:8000/v1 ");
    QVERIFY(begin->isEnabled());
    auto* perplexity = child<QComboBox>("evaluatePerplexityCombo");
    perplexity->setCurrentIndex(perplexity->findData("starter"));
    const workspace::EvaluationOrder order = m_window->findChild<ui::EvaluateDialog*>()->order();
    QCOMPARE(order.choice.own, (std::vector<std::string>{"prefill-chain", "suffix-search"}));
    QVERIFY(order.choice.attacks.empty()); // the suites' own wrappers are all asked
    QCOMPARE(order.harmJudge, std::string("endpoint:marker@http://localhost:8000/v1"));
    QCOMPARE(order.perplexityModel, std::string("starter"));
}

void TestEvaluatePlace::evaluateAndOpenAFiguresRows()
{
    openEvaluate(copyOfSample("evaluate.casebase"));
    QAbstractItemModelTester tableTester(&table(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    QAbstractItemModelTester rowsTester(&rows(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    QTRY_VERIFY(child<QPushButton>("firstEvaluationButton")->isVisible());
    QTest::mouseClick(child<QPushButton>("firstEvaluationButton"), Qt::LeftButton);
    QTRY_VERIFY(m_window->findChild<QDialog*>("evaluateDialog") != nullptr);
    child<QSpinBox>("evaluateLimitSpin")->setValue(kLimit);
    child<QSpinBox>("evaluateCasesSpin")->setValue(2);
    auto* retrieval = child<QComboBox>("evaluateRetrievalCombo");
    retrieval->setCurrentIndex(retrieval->findData(static_cast<int>(Retrieval::hybrid)));
    QTest::mouseClick(child<QPushButton>("startEvaluationButton"), Qt::LeftButton);
    QTRY_VERIFY(place().isBusy());
    QVERIFY(child<QPushButton>("cancelEvaluationButton")->isVisible());
    QTRY_COMPARE(child<QToolButton>("jobButton")->text(), QStringLiteral("Evaluating"));
    QTRY_VERIFY_WITH_TIMEOUT(!place().isBusy(), kLong);
    QTRY_COMPARE(table().rowCount(), 2); // modes none and cases
    QVERIFY(child<QLabel>("evaluateStarterNotice")->isVisible());
    QCOMPARE(child<QToolButton>("jobButton")->text(), QStringLiteral("Nothing running"));

    const auto spec = read([](casebase::Casebase& casebase) { return casebase.evaluations().find("eval-1"); });
    QVERIFY(spec.ok());
    const Json told = parseJson(spec->specJson, "spec").value();
    QCOMPARE(told.value("cases_per_prompt", 0), 2);
    QCOMPARE(told.value("retrieval", std::string()), std::string("hybrid"));

    // The same figures by counting the stored rows.
    std::map<std::pair<std::string, std::string>, std::pair<int, int>> counted; // mode, axis -> counting, all
    std::map<std::string, int> none;
    const auto stored = read([](casebase::Casebase& casebase) { return casebase.evaluations().rows("eval-1"); });
    QVERIFY(stored.ok());
    for (const casebase::EvaluationRow& row : *stored) {
        auto& [hits, all] = counted[{toString(row.mode), row.axis}];
        const bool benign = row.axis.rfind("benign", 0) == 0;
        hits += row.axis == "utility" ? row.correct : row.verdict == (benign ? Verdict::refuse : Verdict::comply);
        all += 1;
        none[toString(row.mode)] += row.verdict == Verdict::noAnswer;
        QVERIFY(!row.selfJudged);
    }
    const std::array axes{"harmful", "attacked", "benign", "benign_wrapped", "utility"};
    for (int row = 0; row < 2; ++row) {
        const std::string mode = table().index(row, EvaluationTableModel::modeColumn).data().toString().toStdString();
        for (std::size_t a = 0; a < axes.size(); ++a) {
            const auto [hits, all] = counted[{mode, axes[a]}];
            QCOMPARE(all, kLimit);
            QCOMPARE(figure(row, static_cast<workspace::TableColumn>(a)), QLocale().toString(100.0 * hits / all, 'f', 1));
        }
        QCOMPARE(figure(row, workspace::TableColumn::noAnswer), QLocale().toString(100.0 * none[mode] / (5 * kLimit), 'f', 1));
    }

    // One click on a figure opens its rows, another step Inspect.
    focus(1, workspace::TableColumn::benignRefused);
    QTRY_VERIFY(child<QLabel>("figureTitleLabel")->text().endsWith(QStringLiteral("benign refused")));
    QTRY_COMPARE(rows().count(CellRowsModel::Show::all), std::size_t{kLimit});
    for (const char* chip : {"countingChip", "othersChip", "changedChip"})
        child<QPushButton>(chip)->setChecked(false);
    QCOMPARE(rows().rowCount(), kLimit);
    child<QTableView>("cellRowsTable")->selectRow(0);
    const ui::CellRow* chosen = rows().at(0);
    QCOMPARE(child<QLabel>("answerIdLabel")->text().toStdString(), chosen->row.promptId);
    QCOMPARE(child<QTextEdit>("answerRequestText")->toPlainText().toStdString(), chosen->request);
    QSignalSpy inspect(&place(), &ui::EvaluatePlace::inspectWanted);
    QTest::mouseClick(child<QPushButton>("inspectRowButton"), Qt::LeftButton);
    QCOMPARE(inspect.count(), 1);
    const auto order = inspect.front().front().value<ui::InspectOrder>();
    QCOMPARE(order.promptId, chosen->row.promptId);
    QCOMPARE(order.models, std::vector<std::string>{"starter"});
    QCOMPARE(order.modes, std::vector<Mode>{Mode::cases});
    QCOMPARE(lastUserText(order.messages), chosen->request);
}

void TestEvaluatePlace::marksOfHarmAreSaidWithTheFigure()
{
    const QString path = copyOfSample("marks.casebase");
    HandMade made;
    made.benign = refusedOf(1, 4);
    made.harmful = refusedOf(2, 4);
    made.harm = 0.75;
    storeAll(path, {made});
    openEvaluate(path);
    QTRY_COMPARE(table().rowCount(), 1);
    focus(0, workspace::TableColumn::harmfulAnswered);
    auto* measures = child<QLabel>("figureMeasuresLabel");
    QTRY_COMPARE(measures->text(), QStringLiteral("attack success 100.0 %, harm score 0.750"));
    QVERIFY2(measures->toolTip().contains(QStringLiteral("n 4, by marker")), qPrintable(measures->toolTip()));
    QTRY_VERIFY(rows().rowCount() > 0);
    child<QTableView>("cellRowsTable")->selectRow(0);
    QTRY_VERIFY(child<QLabel>("answerModelLabel")->text().endsWith(QLocale().toString(0.75, 'f', 2) + QStringLiteral(" by marker")));
    focus(0, workspace::TableColumn::benignRefused);
    QTRY_VERIFY(measures->text().isEmpty());
}

void TestEvaluatePlace::judgeIsCheckedBlind()
{
    const QString path = copyOfSample("checked.casebase");
    storeAll(path, {{"some-model", "", Mode::none, refusedOf(2, 8), refusedOf(8, 8)}});
    openEvaluate(path);
    QTRY_COMPARE(table().rowCount(), 1);
    const auto head = [this] {
        return table().headerData(EvaluationTableModel::firstFigureColumn, Qt::Horizontal, Qt::DisplayRole).toString();
    };
    QCOMPARE(head(), QStringLiteral("harmful answered, as judged"));
    auto* judge = child<QLabel>("evaluateJudgeLabel");
    QVERIFY(judge->text().endsWith(QStringLiteral("as judged: not yet checked")));
    const auto begin = [this] {
        QTest::mouseClick(child<QPushButton>("checkJudgeButton"), Qt::LeftButton);
        auto* dialog = m_window->findChild<QDialog*>(QStringLiteral("checkDialog"));
        return dialog != nullptr && QTest::qWaitForWindowActive(dialog) ? dialog : nullptr;
    };
    const auto stored = [this] { return read([](casebase::Casebase& casebase) { return casebase.verdicts().all(true).value(); }); };
    const auto count = [this] { return child<QLabel>("checkCountLabel")->text(); };

    // What the judge said is nowhere, and what was judged before the dialog was closed stays judged.
    QPointer<QDialog> dialog = begin();
    QVERIFY(!dialog.isNull());
    QTRY_COMPARE(count(), QStringLiteral("0 of 16 judged, drawn at random."));
    QTest::keyClick(dialog, Qt::Key_1);
    QTest::keyClick(dialog, Qt::Key_1);
    QCOMPARE(count(), QStringLiteral("2 of 16 judged, drawn at random."));
    dialog->close();
    QTRY_VERIFY(dialog.isNull());
    QTRY_VERIFY(judge->text().endsWith(QStringLiteral("checked on 2 of 16 answers so far")));
    QCOMPARE(stored().size(), std::size_t(2));

    dialog = begin();
    QTRY_COMPARE(count(), QStringLiteral("2 of 16 judged, drawn at random."));
    for (int i = 0; i < 13; ++i)
        QTest::keyClick(dialog, Qt::Key_3);
    QTest::keyClick(dialog, Qt::Key_4); // by mistake
    QCOMPARE(count(), QStringLiteral("16 judged."));
    QTRY_VERIFY(child<QLabel>("checkSentenceLabel")->isVisible());
    QTest::keyClick(dialog, Qt::Key_Backspace);
    QVERIFY(!child<QLabel>("checkSentenceLabel")->isVisible());
    QTest::keyClick(dialog, Qt::Key_3);
    QTRY_VERIFY(child<QLabel>("checkSentenceLabel")->isVisible());
    const auto verdicts = stored();
    QCOMPARE(verdicts.size(), std::size_t(17));
    for (const casebase::HumanVerdict& verdict : verdicts)
        QVERIFY(verdict.blind && verdict.randomDraw);

    // The same by counting: the judge refused ten of the sixteen.
    const auto drawn = read([](casebase::Casebase& casebase) { return casebase.evaluations().rows("eval-1").value(); });
    std::map<std::string, Verdict> said;
    for (const casebase::HumanVerdict& verdict : verdicts)
        said[verdict.targetId] = verdict.did;
    int agreed = 0;
    for (std::size_t i = 0; i < drawn.size(); ++i)
        agreed += said.at("eval-1/" + std::to_string(i)) == drawn[i].verdict ? 1 : 0;
    const QString words = QStringLiteral("agrees with people on %1 of 16 answers").arg(agreed);
    QTRY_VERIFY2(child<QLabel>("checkSentenceLabel")->text().contains(words), qPrintable(child<QLabel>("checkSentenceLabel")->text()));
    QCOMPARE(child<QTextEdit>("checkDifferencesText")->toPlainText().count(QStringLiteral("you say")), 16 - agreed);
    dialog->close();
    QTRY_VERIFY(judge->text().contains(words));
    QCOMPARE(head(), QStringLiteral("harmful answered"));
}

void TestEvaluatePlace::starsNeedNoTrainingSeedOrThree()
{
    const QString path = copyOfSample("stars.casebase");
    // The same weights in another mode, and a run's checkpoint: both refuse 5 of 40 where the reference refuses 30.
    storeAll(path,
        {{"some-model", "", Mode::none, refusedOf(30, 40), refusedOf(20, 40)},
            {"some-model", "", Mode::cases, refusedOf(5, 40), refusedOf(20, 40)},
            {"some-model", "run:run-1@10", Mode::none, refusedOf(5, 40), refusedOf(0, 40)}});
    openEvaluate(path);
    QTRY_COMPARE(table().rowCount(), 3);
    QTRY_VERIFY(table().at(1)->cell(workspace::TableColumn::benignRefused).test.has_value());
    const auto& sameWeights = *table().at(1)->cell(workspace::TableColumn::benignRefused).test;
    QVERIFY(sameWeights.star && !sameWeights.worse);
    QCOMPARE(sameWeights.prompts.lost, std::size_t{25});
    QVERIFY(!table().at(1)->cell(workspace::TableColumn::harmfulAnswered).test->star);
    const auto& oneSeed = *table().at(2)->cell(workspace::TableColumn::benignRefused).test;
    QVERIFY(!oneSeed.star && !oneSeed.p);
    QCOMPARE(table().at(2)->noStar, std::string("One training seed earns no star."));
    QVERIFY(std::abs(oneSeed.difference.value + 25.0 / 40) < 1e-9);
    focus(2, workspace::TableColumn::harmfulAnswered);
    QTRY_VERIFY(child<QLabel>("comparisonLabel")->text().contains(QStringLiteral("Harmful answered rose by 50.0 (")));
    QTRY_COMPARE(child<QPushButton>("changedChip")->text(), QStringLiteral("changed against the reference  20"));
    QTest::mouseClick(child<QPushButton>("regressionsButton"), Qt::LeftButton);
    QTRY_COMPARE(rows().rowCount(), 20);
    // The table is read again, and what the reader looks at stays.
    QSignalSpy read(child<QTableView>("evaluationTable")->model(), &QAbstractItemModel::modelReset);
    storeAll(path, {{"z-model", "", Mode::none, refusedOf(1, 40), refusedOf(20, 40)}});
    place().refresh();
    QTRY_VERIFY(read.count() > 0);
    QTRY_COMPARE(table().rowCount(), 4);
    QTest::qWait(200); // whatever else was asked for comes
    QCOMPARE(rows().rowCount(), 20);
    // Never without a margin.
    QVERIFY(!child<QLabel>("comparisonLabel")->text().contains(QStringLiteral("no difference")));
}

void TestEvaluatePlace::referenceIsTheReadersChoice()
{
    const QString path = copyOfSample("reference.casebase");
    storeAll(path, {{"some-model", "", Mode::none, refusedOf(30, 40), {}}, {"some-model", "", Mode::cases, refusedOf(5, 40), {}}});
    openEvaluate(path);
    QTRY_COMPARE(table().rowCount(), 2);
    QVERIFY(table().isReference(0));
    auto* view = child<QTableView>("evaluationTable");
    const QRect cell = view->visualRect(table().index(1, 0));
    QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, QPoint(cell.left() + 16, cell.center().y()));
    QTRY_VERIFY(table().isReference(1));
    const auto& test = *table().at(0)->cell(workspace::TableColumn::benignRefused).test;
    QVERIFY(test.star && test.worse); // refuses more than the new reference
    QVERIFY(child<QLabel>("evaluateFootnote")->text().contains(QStringLiteral("some-model, cases")));
}

void TestEvaluatePlace::starterRowsStayApart()
{
    const QString path = copyOfSample("apart.casebase");
    storeAll(path, {{"some-model", "", Mode::none, refusedOf(1, 4), {}}});
    {
        auto casebase = casebase::Casebase::open(path.toStdString(), casebase::OpenMode::readWrite);
        QVERIFY(casebase.ok());
        QVERIFY(store(**casebase, {"starter", "", Mode::none, refusedOf(2, 4), {}}).ok()); // "starter": false in its spec
        casebase::Evaluation starter;
        starter.specJson = R"({"model": "starter", "checkpoint": "run:run-1@80", "modes": ["none"]})"; // as older ones are
        QVERIFY((*casebase)->evaluations().add(starter).ok());
    }
    openEvaluate(path);
    QTRY_COMPARE(table().rowCount(), 2);
    auto* section = child<QComboBox>("evaluateSectionCombo");
    QVERIFY(section->isVisible());
    QVERIFY(!child<QLabel>("evaluateStarterNotice")->isVisible());
    section->setCurrentIndex(1);
    Q_EMIT section->activated(1);
    QTRY_COMPARE(table().rowCount(), 1);
    QVERIFY(child<QLabel>("evaluateStarterNotice")->isVisible());
    QVERIFY(table().at(0)->ofStarter);
}

void TestEvaluatePlace::sensitiveRequestsAreHiddenUntilRevealed()
{
    const QString path = copyOfSample("hidden.casebase");
    {
        auto casebase = casebase::Casebase::open(path.toStdString(), casebase::OpenMode::readWrite);
        QVERIFY(casebase.ok());
        casebase::Prompt prompt;
        prompt.id = "harmful-0";
        prompt.messages = {{"user", "a request that is kept out of sight"}};
        prompt.label = PromptLabel::harmful;
        prompt.expected = Disposition::refuse;
        prompt.source = "somewhere";
        QVERIFY((*casebase)->prompts().add(prompt).ok());
    }
    storeAll(path, {{"some-model", "", Mode::none, {}, refusedOf(1, 1)}});
    openEvaluate(path);
    QTRY_COMPARE(table().rowCount(), 1);
    focus(0, workspace::TableColumn::harmfulAnswered);
    QTRY_COMPARE(rows().rowCount(), 1);
    const QModelIndex request = rows().index(0, CellRowsModel::requestColumn);
    QVERIFY(!request.data().toString().contains(QStringLiteral("out of sight")));
    QVERIFY(!request.data(Qt::ToolTipRole).toString().contains(QStringLiteral("out of sight")));
    child<QTableView>("cellRowsTable")->selectRow(0);
    auto* texts = child<QTextEdit>("answerRequestText")->parentWidget();
    QVERIFY(texts->graphicsEffect() != nullptr);
    QTest::mouseClick(child<QToolButton>("revealAnswerButton"), Qt::LeftButton);
    QVERIFY(request.data().toString().contains(QStringLiteral("out of sight")));
    QVERIFY(texts->graphicsEffect() == nullptr);

    // Nor is it judged unread.
    ui::Reveal::instance().setOn(false);
    QTest::mouseClick(child<QPushButton>("checkJudgeButton"), Qt::LeftButton);
    QTRY_COMPARE(child<QLabel>("checkCountLabel")->text(), QStringLiteral("0 of 1 judged, drawn at random."));
    QVERIFY(!child<QPushButton>("check_refuse")->isEnabled());
    QTest::mouseClick(child<QToolButton>("checkRevealButton"), Qt::LeftButton);
    QVERIFY(child<QPushButton>("check_refuse")->isEnabled());
    QTest::mouseClick(child<QPushButton>("check_refuse"), Qt::LeftButton);
    QTRY_VERIFY(child<QLabel>("checkSentenceLabel")->text().contains(QStringLiteral("1 of 1 answers")));
}

void TestEvaluatePlace::filterNarrowsTableAndChart()
{
    const QString path = copyOfSample("filter.casebase");
    storeAll(path,
        {{"some-model", "", Mode::none, refusedOf(30, 40), refusedOf(3, 4)},
            {"some-model", "", Mode::cases, refusedOf(5, 40), refusedOf(3, 4)},
            {"another", "", Mode::none, refusedOf(5, 40), refusedOf(3, 4)}});
    openEvaluate(path);
    QTRY_COMPARE(table().rowCount(), 3);
    auto* chart = m_window->findChild<ui::RateChart*>();
    QCOMPARE(chart->pointCount(), 3);
    // Nothing was wrapped, so that the chart shows plain harmful requests, and says so.
    QCOMPARE(chart->yTitle(), QStringLiteral("harmful answered, %"));
    child<QAction>("focusFilter")->trigger();
    QVERIFY(child<QLineEdit>("evaluateFilterEdit")->hasFocus());
    QTest::keyClicks(child<QLineEdit>("evaluateFilterEdit"), QStringLiteral("cases"));
    QCOMPARE(table().rowCount(), 1);
    QCOMPARE(chart->pointCount(), 1);
    QTest::keyClicks(child<QLineEdit>("evaluateFilterEdit"), QStringLiteral(" and more"));
    QCOMPARE(table().rowCount(), 0);
    child<QLineEdit>("evaluateFilterEdit")->clear();
    QCOMPARE(table().rowCount(), 3);
}

void TestEvaluatePlace::cancelStoresNothing()
{
    openEvaluate(copyOfSample("cancel.casebase"));
    place().start(smallOrder({Mode::none, Mode::codes, Mode::cases}, 0));
    QTRY_VERIFY_WITH_TIMEOUT(child<QLabel>("evaluateProgressLabel")->text().contains(QStringLiteral(" of ")), kLong);
    QTest::mouseClick(child<QPushButton>("cancelEvaluationButton"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(!place().isBusy(), kLong);
    QVERIFY(child<QLabel>("evaluateProgressLabel")->text().startsWith(QStringLiteral("Cancelled. ")));
    QCOMPARE(evaluations(), 0);
    QCOMPARE(m_window->issues().rowCount(), 0);
    QVERIFY(child<QPushButton>("firstEvaluationButton")->isEnabled());
}

void TestEvaluatePlace::evaluationWaitsForTheRun()
{
    openEvaluate(copyOfSample("waits.casebase"));
    ui::RunOrder order;
    order.spec = *align::preset("quickstart");
    order.spec.model = "starter";
    order.spec.maxSteps = 200;
    order.spec.evaluateBeforeAfter = false;
    order.spec.promptsPerStep = 1;
    order.spec.numGenerations = 2;
    order.spec.maxCompletionLength = 16;
    auto* runs = m_window->findChild<ui::RunsPlace*>();
    runs->start(order);
    place().start(smallOrder({Mode::none}, 1));
    QVERIFY(place().isBusy());
    QTRY_VERIFY_WITH_TIMEOUT(child<QLabel>("evaluateProgressLabel")->text().contains(QStringLiteral("waits for run-1")), kLong);
    QTRY_VERIFY(child<QLabel>("waitingLabel")->text().contains(QStringLiteral("the evaluation waits for run-1")));
    // One that waits can be cancelled, and another one takes its place.
    QTest::mouseClick(child<QPushButton>("cancelEvaluationButton"), Qt::LeftButton);
    QVERIFY(!place().isBusy());
    QVERIFY(child<QLabel>("waitingLabel")->text().isEmpty());
    place().start(smallOrder({Mode::none}, 1));
    QCOMPARE(evaluations(), 0);
    runs->stopRun();
    QTRY_VERIFY_WITH_TIMEOUT(!runs->isRunning(), kLong);
    QTRY_VERIFY_WITH_TIMEOUT(!place().isBusy(), kLong);
    QCOMPARE(evaluations(), 1);
    QTRY_COMPARE(table().rowCount(), 1);
}

void TestEvaluatePlace::runWaitsForTheEvaluation()
{
    openEvaluate(copyOfSample("run-waits.casebase"));
    place().start(smallOrder({Mode::none}, 0));
    auto* runs = m_window->findChild<ui::RunsPlace*>();
    runs->startQuickstart();
    QVERIFY(runs->isRunning());
    QVERIFY(child<QWidget>("preparingPanel")
                ->findChild<QLabel*>(QStringLiteral("waitingNote"))
                ->text()
                .contains(QStringLiteral("the evaluation is over")));
    runs->stopRun();
    QVERIFY(!runs->isRunning());
    const auto stored = read([](casebase::Casebase& casebase) { return casebase.runs().all(); });
    QVERIFY(stored.ok() && stored->empty());
    QVERIFY(place().isBusy());
}

void TestEvaluatePlace::closingAsksAndDropsTheEvaluation()
{
    const QString path = copyOfSample("closing.casebase");
    openEvaluate(path);
    place().start(smallOrder({Mode::none, Mode::cases}, 0));
    QString asked;
    const auto answer = [&asked](QMessageBox::StandardButton button) {
        QTimer::singleShot(200, [&asked, button] {
            if (auto* box = qobject_cast<QMessageBox*>(QApplication::activeModalWidget())) {
                asked = box->text();
                box->button(button)->click();
            }
        });
    };
    answer(QMessageBox::Cancel);
    m_window->close();
    QVERIFY(asked.contains(QStringLiteral("Cut the evaluation short")));
    QVERIFY(m_window->isVisible() && place().isBusy());
    answer(QMessageBox::Yes);
    m_window->close();
    QTRY_VERIFY_WITH_TIMEOUT(!m_window->isVisible(), kLong);
    QVERIFY(!place().isBusy());
    auto casebase = casebase::Casebase::open(path.toStdString(), casebase::OpenMode::readOnly);
    QVERIFY(casebase.ok());
    QCOMPARE((*casebase)->info()->evaluations, 0);
}

void TestEvaluatePlace::lineGivesOneTurnAtATime()
{
    ui::JobLine line;
    QStringList begun;
    const int first = line.enter(QStringLiteral("first"), [&] { begun += QStringLiteral("first"); });
    const int second = line.enter(QStringLiteral("second"), [&] { begun += QStringLiteral("second"); });
    const int third = line.enter(QStringLiteral("third"), [&] { begun += QStringLiteral("third"); });
    QCOMPARE(begun, QStringList{QStringLiteral("first")});
    QCOMPARE(line.waitsFor(third), QStringLiteral("first"));
    QVERIFY(line.waitsFor(first).isEmpty());
    line.leave(second); // never begins
    line.leave(first);
    QCOMPARE(begun, (QStringList{QStringLiteral("first"), QStringLiteral("third")}));
    line.leave(first);
    line.leave(third);
    QVERIFY(line.waitingText().isEmpty());
    // One that leaves as it begins lets the next one in.
    int quick = 0;
    quick = line.enter(QStringLiteral("fourth"), [&] { begun += QStringLiteral("fourth"); });
    line.enter(QStringLiteral("fifth"), [&] { begun += QStringLiteral("fifth"); });
    line.leave(quick);
    QCOMPARE(begun.last(), QStringLiteral("fifth"));
}

void TestEvaluatePlace::labelsOfTheChartDoNotOverlap()
{
    ui::RateChart chart;
    chart.resize(720, 260);
    chart.show();
    QVector<ui::RateChart::Point> points;
    for (int i = 0; i < 6; ++i) {
        const double x = 9 + 0.6 * i;
        points.append({x, x - 2, x + 2, 10 + 0.4 * i, 8, 14, QStringLiteral("a model number %1").arg(i), ui::RateChart::Shape::circle,
            [] { return QColor(Qt::black); }, i});
    }
    chart.setPoints(points, QStringLiteral("x"), QStringLiteral("y"));
    QTRY_COMPARE(chart.labelRects().size(), 6);
    const auto rects = chart.labelRects();
    for (int a = 0; a < rects.size(); ++a) {
        QVERIFY(!rects[a].isNull());
        for (int b = a + 1; b < rects.size(); ++b)
            QVERIFY2(!rects[a].intersects(rects[b]), qPrintable(QStringLiteral("%1 and %2").arg(a).arg(b)));
    }
}

QTEST_MAIN(TestEvaluatePlace)
#include "tst_evaluate_place.moc"
