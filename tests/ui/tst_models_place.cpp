#include <QtTest/QtTest>

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDropEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMimeData>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QToolButton>

#include "precedent/align/run_spec_json.h"
#include "precedent/casebase/run_store.h"
#include "precedent/workspace/model_registry.h"
#include "tests/app/model_folder.h"
#include "tests/ui/window_fixture.h"
#include "ui/models/checkpoint_table_model.h"
#include "ui/models/model_card_view.h"
#include "ui/models/models_place.h"
#include "ui/runs/launch_page.h"
#include "ui/shell/preferences.h"

using namespace precedent;

namespace {

constexpr const char* kStarterSha256 = "a48983cd4ce5f4d6a0c3130423d5cf4388034422bc220cd7f9d62c8d395faf5a";

void dropOn(QWidget& window, const QString& path)
{
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(path)});
    const QPoint at(500, 400);
    QDragEnterEvent enter(at, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window, &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent drop(at, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window, &drop);
}

} // namespace

class TestModelsPlace : public tests::WindowTest {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { makeSample(); }
    void init();
    void cleanup() { closeWindow(); }
    void starterHasItsNumbers();
    void folderIsAddedByItsFunctionAndByDrop();
    void droppedGgufFileIsAModel();
    void droppedFolderOpensThePlaceFromAnywhere();
    void folderThatCannotBeLoadedIsAnIssue_data();
    void folderThatCannotBeLoadedIsAnIssue();
    void damagedListIsAnIssueAndTheStarterStays();
    void removedModelComesBackByUndo();
    void modelThatIsGoneSaysSo();
    void checkpointsStandUnderTheirBase();
    void checkpointsAreSeenAtEitherRowHeight();
    void baseOutsideTheListHasACard();
    void aRunsCheckpointsAppear();
    void searchFindsModelsAndWhatRunsMade();
    void newRunStartsFromTheModel();
    void checkCanBeCancelledAndAskedFor();

private:
    void show();
    [[nodiscard]] ui::ModelCardView* card(const QString& name) const
    {
        return m_window->findChild<ui::ModelCardView*>(QStringLiteral("modelCard-") + name);
    }
    [[nodiscard]] QString fact(const QString& model, const char* name) const
    {
        const auto* label = card(model) != nullptr ? card(model)->findChild<QLabel*>(QString::fromLatin1(name)) : nullptr;
        return label != nullptr ? label->text() : QString();
    }
    [[nodiscard]] QString detail(const char* name) const
    {
        const auto* label = m_window->findChild<QLabel*>(QString::fromLatin1(name));
        return label != nullptr ? label->text().remove(QChar(0x200b)) : QString();
    }
    [[nodiscard]] QString copyOfStarter(const QString& name) const;
    void addCheckpoint(const std::string& model, const std::string& name, int step);
    [[nodiscard]] int issues() const { return m_window->issues().rowCount(); }

    std::unique_ptr<QTemporaryDir> m_home; ///< the user's data, new for each test
    int m_casebases = 0;
};

void TestModelsPlace::init()
{
    m_home = std::make_unique<QTemporaryDir>();
    qputenv("XDG_DATA_HOME", m_home->filePath("data").toUtf8());
    qputenv("XDG_CACHE_HOME", m_home->filePath("cache").toUtf8());
    openWindow();
    open(copyOfSample(QStringLiteral("models-%1.casebase").arg(++m_casebases)));
}

void TestModelsPlace::show()
{
    child<QAction>("modelsGo")->trigger();
    QTRY_VERIFY(child<ui::ModelsPlace>("modelsPlace")->isVisible());
    QTRY_VERIFY(card("starter") != nullptr && card("starter")->wasRead());
}

QString TestModelsPlace::copyOfStarter(const QString& name) const
{
    const QString folder = m_home->filePath(name);
    return tests::copyStarter(folder.toStdString()) ? folder : QString();
}

/// A run of `model` with one adapter, as a program that trained would have left it.
void TestModelsPlace::addCheckpoint(const std::string& model, const std::string& name, int step)
{
    const auto stored = read([&](casebase::Casebase& casebase) -> Result<std::string> {
        casebase::Run run;
        run.name = name;
        run.model = model;
        run.specJson = R"({"preset": "cada", "loss_type": "dapo", "seed": 7})";
        run.state = "finished";
        auto id = casebase.runs().add(run);
        if (!id.ok())
            return id;
        const std::string folder = casebase.path().string() + ".runs/" + *id + "/checkpoint-" + std::to_string(step);
        std::filesystem::create_directories(folder);
        QFile config(QString::fromStdString(folder + "/adapter_config.json"));
        if (!config.open(QIODevice::WriteOnly) || config.write(R"({"r": 16, "lora_alpha": 32, "target_modules": ["q_proj"]})") < 0)
            return Error(ErrorCode::io, "adapter_config.json");
        PRECEDENT_TRY(casebase.runs().recordStep(*id, {step, {{"reward", 0.78}}, 1}, {}));
        PRECEDENT_TRY(casebase.runs().recordCheckpoint(*id, {step, folder, std::string(64, 'c'), 1000}));
        return id;
    });
    QVERIFY(stored.ok());
    m_window->casebase()->announceChange();
}

void TestModelsPlace::starterHasItsNumbers()
{
    show();
    QCOMPARE(child<QLabel>("placeLabel")->text(), QStringLiteral("Models"));
    QCOMPARE(fact("starter", "architectureFact"), QStringLiteral("Llama, 5 layers"));
    QCOMPARE(fact("starter", "parametersFact"), QStringLiteral("2.36 M"));
    QCOMPARE(card("starter")->findChild<QLabel*>("parametersFact")->toolTip(), QStringLiteral("2,361,408"));
    QCOMPARE(fact("starter", "vocabularyFact"), QStringLiteral("2,048"));
    QVERIFY(fact("starter", "weightsFact").startsWith(QStringLiteral("bfloat16, 4.")));
    QCOMPARE(fact("starter", "templateFact"), QStringLiteral("starter"));
    QCOMPARE(fact("starter", "modelOriginLabel"), QStringLiteral("ships with the program"));
    QTRY_COMPARE(card("starter")->findChild<QLabel*>("sha256Fact")->toolTip(), QString::fromLatin1(kStarterSha256));
    QVERIFY(card("starter")->findChild<QLabel*>("trainOneLink")->isVisible());
    QVERIFY(card("starter")->findChild<QAction*>("modelRemoveAction") == nullptr); // it is not the user's to remove

    QTest::mouseClick(card("starter")->findChild<QToolButton*>("modelNameButton"), Qt::LeftButton);
    QCOMPARE(detail("detailParameters"), QStringLiteral("2,361,408"));
    QCOMPARE(detail("detailSha256").remove(QLatin1Char(' ')), QString::fromLatin1(kStarterSha256));
    QVERIFY(!child<QPushButton>("removeModelButton")->isVisible());
    QSignalSpy inspected(child<ui::ModelsPlace>("modelsPlace"), &ui::ModelsPlace::inspectWanted);
    child<QPushButton>("inspectModelButton")->click();
    QCOMPARE(inspected.size(), 1);
    QCOMPARE(inspected[0][0].value<ui::InspectOrder>().models, std::vector<std::string>{"starter"});
    child<QPushButton>("copyModelPathButton")->click();
    QVERIFY(QFile::exists(QApplication::clipboard()->text() + QStringLiteral("/config.json")));
    QCOMPARE(issues(), 0);
}

void TestModelsPlace::folderIsAddedByItsFunctionAndByDrop()
{
    show();
    const QString mine = copyOfStarter("mine");
    child<ui::ModelsPlace>("modelsPlace")->addFolders({mine});
    QTRY_VERIFY(card("mine") != nullptr && card("mine")->wasRead());
    QCOMPARE(fact("mine", "parametersFact"), QStringLiteral("2.36 M"));
    QCOMPARE(fact("mine", "modelOriginLabel"), QStringLiteral("a folder you added"));
    QTRY_COMPARE(child<QLabel>("modelTitleLabel")->text(), QStringLiteral("mine")); // what was added is shown
    QCOMPARE(detail("detailFolder"), mine);
    QCOMPARE(child<QLabel>("modelCountLabel")->text(), QStringLiteral("2 models, 0 checkpoints"));
    QVERIFY(workspace::resolveModel("mine").ok());

    dropOn(*m_window, copyOfStarter("dropped"));
    QTRY_VERIFY(card("dropped") != nullptr);
    QCOMPARE(issues(), 0);
    dropOn(*m_window, mine);
    QTRY_COMPARE(issues(), 1); // it is in the list already
    QCOMPARE(workspace::ModelRegistry().list().value().size(), std::size_t{2});
}

void TestModelsPlace::droppedGgufFileIsAModel()
{
    const QString file = m_home->filePath(QStringLiteral("tiny.gguf"));
    QVERIFY(QFile::copy(QStringLiteral(PRECEDENT_TEST_FIXTURES "/gguf/models/gemma3/model.gguf"), file));
    dropOn(*m_window, file);
    QTRY_VERIFY(card("tiny") != nullptr && card("tiny")->wasRead());
    QTRY_COMPARE(child<QLabel>("modelTitleLabel")->text(), QStringLiteral("tiny"));
    QCOMPARE(detail("detailFolder"), file);
    QCOMPARE(issues(), 0);
}

void TestModelsPlace::droppedFolderOpensThePlaceFromAnywhere()
{
    QVERIFY(!child<ui::ModelsPlace>("modelsPlace")->isVisible());
    dropOn(*m_window, copyOfStarter("mine"));
    QTRY_VERIFY(child<ui::ModelsPlace>("modelsPlace")->isVisible());
    QTRY_VERIFY(card("mine") != nullptr);
}

void TestModelsPlace::folderThatCannotBeLoadedIsAnIssue_data()
{
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QString>("says");
    QTest::newRow("no config") << "empty"
                               << "no config.json";
    QTest::newRow("weights cut off") << "cut"
                                     << "model.safetensors";
    QTest::newRow("unknown architecture") << "mamba"
                                          << "\"mamba\" is not known";
    QTest::newRow("gguf cut off") << "gguf"
                                  << "letters GGUF";
}

void TestModelsPlace::folderThatCannotBeLoadedIsAnIssue()
{
    QFETCH(QString, kind);
    QFETCH(QString, says);
    show();
    QString path = m_home->filePath("bad");
    if (kind == "empty") {
        QDir().mkpath(path);
    } else if (kind == "gguf") {
        path += QStringLiteral(".gguf");
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
    } else {
        path = copyOfStarter("bad");
        QFile file(path + (kind == "cut" ? "/model.safetensors" : "/config.json"));
        QVERIFY(file.setPermissions(QFile::ReadOwner | QFile::WriteOwner));
        if (kind == "cut") {
            QVERIFY(file.resize(1000));
        } else {
            QVERIFY(file.open(QIODevice::WriteOnly));
            QVERIFY(file.write(R"({"model_type": "mamba"})") > 0);
        }
    }
    dropOn(*m_window, path);
    QTRY_COMPARE(issues(), 1);
    const QString message = m_window->issues().index(0).data().toString();
    QVERIFY2(message.contains(says), qPrintable(message));
    QVERIFY(card("bad") == nullptr);
    QVERIFY(workspace::ModelRegistry().list().value().empty());
}

void TestModelsPlace::damagedListIsAnIssueAndTheStarterStays()
{
    QDir().mkpath(m_home->filePath("data/precedent"));
    QFile list(m_home->filePath("data/precedent/models.json"));
    QVERIFY(list.open(QIODevice::WriteOnly));
    QVERIFY(list.write("{ not json") > 0);
    list.close();
    show();
    QCOMPARE(issues(), 1);
    QVERIFY(m_window->issues().index(0).data().toString().contains(QStringLiteral("models.json")));
    QVERIFY(card("starter")->isVisible());
}

void TestModelsPlace::removedModelComesBackByUndo()
{
    show();
    const QString mine = copyOfStarter("mine");
    child<ui::ModelsPlace>("modelsPlace")->addFolders({mine});
    QTRY_VERIFY(child<QPushButton>("removeModelButton")->isVisible());
    child<QPushButton>("removeModelButton")->click();
    QTRY_VERIFY(card("mine") == nullptr);
    QVERIFY(child<QLabel>("removedModelLabel")->text().contains(QStringLiteral("mine")));
    QVERIFY(QFile::exists(mine + QStringLiteral("/config.json")));
    QVERIFY(!workspace::resolveModel("mine").ok());
    QCOMPARE(child<QLabel>("modelTitleLabel")->text(), QStringLiteral("starter"));

    child<QPushButton>("undoRemoveModelButton")->click();
    QTRY_VERIFY(card("mine") != nullptr);
    QCOMPARE(workspace::resolveModel("mine").value().folder, std::filesystem::path(mine.toStdString()));
    QVERIFY(!child<QPushButton>("undoRemoveModelButton")->isVisible());
    card("mine")->findChild<QAction*>("modelRemoveAction")->trigger();
    QTRY_VERIFY(card("mine") == nullptr);
    QCOMPARE(issues(), 0);
}

void TestModelsPlace::modelThatIsGoneSaysSo()
{
    QVERIFY(workspace::ModelRegistry().add("gone", m_home->filePath("nowhere").toStdString()).ok());
    show();
    QTRY_VERIFY(card("gone")->wasRead());
    QVERIFY(fact("gone", "modelProblemLabel").contains(QStringLiteral("nowhere")));
    QVERIFY(!card("gone")->findChild<QPushButton*>("modelNewRunButton")->isVisible());
    QVERIFY(card("starter")->findChild<QPushButton*>("modelNewRunButton")->isVisible());
    addCheckpoint("gone", "Its run", 4); // its folder is no help, its name is
    QTRY_COMPARE(card("gone")->checkpoints().rowCount(), 1);
    QCOMPARE(child<QLabel>("modelCountLabel")->text(), QStringLiteral("2 models, 1 checkpoint"));
}

void TestModelsPlace::checkpointsStandUnderTheirBase()
{
    show();
    auto& model = card("starter")->checkpoints();
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    addCheckpoint("starter", "Night run", 80);
    QTRY_COMPARE(model.rowCount(), 1);
    const auto shown = [&](int column) { return model.index(0, column).data().toString(); };
    QCOMPARE(shown(ui::CheckpointTableModel::nameColumn), QStringLiteral("Night run"));
    QCOMPARE(shown(ui::CheckpointTableModel::methodColumn), QStringLiteral("cada"));
    QCOMPARE(shown(ui::CheckpointTableModel::stepColumn), QStringLiteral("80"));
    QCOMPARE(shown(ui::CheckpointTableModel::rewardColumn), QStringLiteral("0.78"));
    auto* table = card("starter")->findChild<QTableView*>("checkpointsTable");
    QVERIFY(table->isVisible());
    QVERIFY(!card("starter")->findChild<QLabel*>("trainOneLink")->isVisible());

    QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualRect(model.index(0, 0)).center());
    QCOMPARE(child<QLabel>("modelTitleLabel")->text(), QStringLiteral("Night run"));
    QCOMPARE(child<QLabel>("modelKindLabel")->text(), QStringLiteral("adapter, step 80"));
    QCOMPARE(detail("detailLora"), QStringLiteral("rank 16, alpha 32, q_proj"));
    QCOMPARE(detail("detailSha256").remove(QLatin1Char(' ')), QString(64, 'c'));
    QSignalSpy inspected(child<ui::ModelsPlace>("modelsPlace"), &ui::ModelsPlace::inspectWanted);
    child<QPushButton>("inspectModelButton")->click();
    QCOMPARE(inspected[0][0].value<ui::InspectOrder>().models, std::vector<std::string>{"run:run-1@80"});
    QCOMPARE(child<QLabel>("placeLabel")->text(), QStringLiteral("Inspect"));
    child<QAction>("modelsGo")->trigger();

    // The choice survives a new reading, and moves to a model when its name is clicked.
    addCheckpoint("starter", "Second", 5);
    QTRY_COMPARE(model.rowCount(), 2);
    QCOMPARE(table->currentIndex().data(ui::CheckpointTableModel::choiceRole).toString(), QStringLiteral("run:run-1@80"));
    card("starter")->findChild<QToolButton*>("modelNameButton")->click();
    QVERIFY(!table->selectionModel()->hasSelection());

    table->selectRow(model.rowOf(QStringLiteral("run:run-1@80")));
    auto* runLink = child<QLabel>("detailRun");
    QVERIFY(runLink->text().contains(QStringLiteral("seed 7")));
    Q_EMIT runLink->linkActivated(QStringLiteral("run-1"));
    QTRY_VERIFY(child<QListView>("runsList")->isVisible());
    QTRY_COMPARE(child<QListView>("runsList")->currentIndex().data().toString(), QStringLiteral("Night run"));
}

void TestModelsPlace::checkpointsAreSeenAtEitherRowHeight()
{
    show();
    addCheckpoint("starter", "First", 5);
    addCheckpoint("starter", "Second", 6);
    auto* table = card("starter")->findChild<QTableView*>("checkpointsTable");
    QTRY_COMPARE(table->model()->rowCount(), 2);
    for (const bool comfortable : {true, false}) {
        ui::Preferences::instance().setComfortable(comfortable);
        QCOMPARE(table->rowHeight(1), ui::Preferences::instance().rowHeight());
        QTRY_VERIFY(table->viewport()->height() >= 2 * table->rowHeight(1));
    }
}

void TestModelsPlace::baseOutsideTheListHasACard()
{
    show();
    const QString folder = copyOfStarter("apart");
    addCheckpoint(folder.toStdString(), "On a folder", 3);
    QTRY_VERIFY(card(folder) != nullptr && card(folder)->wasRead());
    QCOMPARE(card(folder)->checkpoints().rowCount(), 1);
    QCOMPARE(card("starter")->checkpoints().rowCount(), 0);
    // Once it is in the list, its checkpoints stand under its name.
    child<ui::ModelsPlace>("modelsPlace")->addFolders({folder});
    QTRY_VERIFY(card("apart") != nullptr && card("apart")->checkpoints().rowCount() == 1);
    QTRY_VERIFY(card(folder) == nullptr);

    addCheckpoint("/nowhere/at all", "Orphan", 1);
    QTRY_VERIFY(card("/nowhere/at all") != nullptr && card("/nowhere/at all")->wasRead());
    auto* table = card("/nowhere/at all")->findChild<QTableView*>("checkpointsTable");
    table->selectRow(0);
    QCOMPARE(child<QLabel>("modelTitleLabel")->text(), QStringLiteral("Orphan"));
    QVERIFY(!child<QPushButton>("inspectModelButton")->isVisible()); // an adapter is nothing without its base
    QVERIFY(child<QLabel>("modelNoteLabel")->text().contains(QStringLiteral("no longer there")));
}

void TestModelsPlace::aRunsCheckpointsAppear()
{
    ui::RunOrder order;
    order.spec = *align::preset("quickstart");
    order.spec.maxSteps = 1;
    order.spec.evaluateBeforeAfter = false;
    order.spec.promptsPerStep = 1;
    order.spec.numGenerations = 2;
    order.spec.maxCompletionLength = 16;
    auto* runs = child<ui::RunsPlace>("runsPlace");
    runs->start(order);
    QTRY_VERIFY_WITH_TIMEOUT(!runs->isRunning(), tests::kLong);
    QCOMPARE(issues(), 0);
    show();
    QTRY_COMPARE(card("starter")->checkpoints().rowCount(), 1);
    card("starter")->findChild<QTableView*>("checkpointsTable")->selectRow(0);
    QVERIFY(child<QLabel>("modelKindLabel")->text().contains(QStringLiteral("step 1")));
    QVERIFY(detail("detailFolder").endsWith(QStringLiteral("/run-1/checkpoint-1")));
    QCOMPARE(detail("detailSha256").remove(QLatin1Char(' ')).size(), 64);
}

void TestModelsPlace::searchFindsModelsAndWhatRunsMade()
{
    show();
    child<ui::ModelsPlace>("modelsPlace")->addFolders({copyOfStarter("zebra")});
    QTRY_VERIFY(card("zebra") != nullptr && card("zebra")->wasRead());
    addCheckpoint("starter", "Night run", 80);
    QTRY_COMPARE(card("starter")->checkpoints().rowCount(), 1);
    child<QAction>("focusFilter")->trigger();
    auto* search = child<QLineEdit>("modelSearchEdit");
    QTRY_VERIFY(search->hasFocus());
    QTest::keyClicks(search, QStringLiteral("ZEBRA"));
    QVERIFY(card("zebra")->isVisible());
    QVERIFY(!card("starter")->isVisible());
    QCOMPARE(child<QLabel>("modelCountLabel")->text(), QStringLiteral("1 model, 0 checkpoints"));
    search->setText(QStringLiteral("night llama"));
    QVERIFY(card("starter")->isVisible());
    QVERIFY(!card("zebra")->isVisible());
    search->setText(QStringLiteral("nothing has this"));
    QVERIFY(child<QLabel>("noModelLabel")->isVisible());
    search->clear();
    QVERIFY(card("zebra")->isVisible() && card("starter")->isVisible());
    QVERIFY(!child<QLabel>("noModelLabel")->isVisible());
}

void TestModelsPlace::newRunStartsFromTheModel()
{
    show();
    child<ui::ModelsPlace>("modelsPlace")->addFolders({copyOfStarter("zebra")});
    QTRY_VERIFY(card("zebra") != nullptr && card("zebra")->wasRead());
    addCheckpoint("starter", "Night run", 80);
    card("zebra")->findChild<QPushButton*>("modelNewRunButton")->click();
    auto* form = child<ui::LaunchPage>("launchDialog");
    QTRY_VERIFY(form->isVisible());
    auto* models = form->findChild<QComboBox*>("modelCombo");
    QTRY_COMPARE(models->count(), 2); // no checkpoints: a run starts from a base
    QCOMPARE(models->currentText(), QStringLiteral("zebra"));
    auto* start = form->findChild<QPushButton*>("startRunButton");
    QTRY_VERIFY(start->isEnabled());
    models->setCurrentText(QStringLiteral("no such model"));
    QVERIFY(!start->isEnabled());
    QTRY_VERIFY(!form->findChild<QLabel*>("launchProblem")->text().isEmpty());
    models->setCurrentText(QStringLiteral("starter"));
    QTRY_VERIFY(start->isEnabled());
    QCOMPARE(form->order().spec.model, std::string("starter"));
    child<QPushButton>("cancelLaunchButton")->click();
    QVERIFY(!form->isVisible());
}

void TestModelsPlace::checkCanBeCancelledAndAskedFor()
{
    show();
    auto* view = card("starter");
    QTRY_VERIFY(!view->card().sha256.empty());
    auto* label = view->findChild<QLabel*>("sha256Fact");
    view->showChecking(0.431);
    auto* checking = view->findChild<QLabel*>("modelCheckingLabel");
    QVERIFY(checking->isVisible());
    QVERIFY(checking->text().contains(QStringLiteral("43 %")));
    QSignalSpy cancelled(view, &ui::ModelCardView::cancelCheckWanted);
    Q_EMIT checking->linkActivated(QStringLiteral("cancel"));
    QCOMPARE(cancelled.size(), 1);
    view->showDigest({});
    QVERIFY(!checking->isVisible());
    QVERIFY(label->text().contains(QStringLiteral("href=\"check\"")));
    Q_EMIT label->linkActivated(QStringLiteral("check"));
    QTRY_COMPARE(label->toolTip(), QString::fromLatin1(kStarterSha256));
}

QTEST_MAIN(TestModelsPlace)
#include "tst_models_place.moc"
