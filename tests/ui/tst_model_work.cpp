#include <QtTest/QtTest>

#include <QAbstractItemModelTester>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QProgressBar>
#include <QPushButton>
#include <QRadioButton>
#include <QTableView>
#include <QToolButton>

#include "precedent/align/run_spec_json.h"
#include "precedent/base/json.h"
#include "precedent/workspace/engine_loader.h"
#include "precedent/workspace/model_catalog.h"
#include "tests/app/model_folder.h"
#include "tests/ui/window_fixture.h"
#include "ui/bridge/job_line.h"
#include "ui/models/export_dialog.h"
#include "ui/models/model_card_view.h"
#include "ui/models/model_jobs.h"
#include "ui/models/models_place.h"
#include "ui/models/speed_table_model.h"

using namespace precedent;
using tests::kLong;
using ui::ExportDialog;
using ui::SpeedTableModel;

namespace {

QStringList typesOf(ExportDialog& dialog, const char* form)
{
    dialog.findChild<QRadioButton*>(QStringLiteral("exportForm_") + QLatin1String(form))->click();
    const auto* combo = dialog.findChild<QComboBox*>("exportTypeCombo");
    QStringList types;
    for (int i = 0; i < combo->count(); ++i)
        types += combo->itemData(i).toString();
    return types;
}

Json parsed(const QString& file) { return parseJson(tests::read(file.toStdString()).toStdString(), file.toStdString()).value(); }

} // namespace

/// What the Models place does with a model beside showing it, over the real engine: exports, and measurements of speed.
class TestModelWork : public tests::WindowTest {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { makeSample(); }
    void init();
    void cleanup();
    void dialogOffersWhatAModelHas();
    void dialogOffersAdaptersAlone();
    void dialogSuggestsAFreePlace();
    void dialogRefusesATakenPlaceInTheEnginesWords();
    void starterIsExportedReadAgainAndCompared();
    void placeTakenMeanwhileIsLeftAlone();
    void whatAFormCannotHoldIsTold();
    void everyFormAndTypeOfTheTableIsWritten_data();
    void everyFormAndTypeOfTheTableIsWritten();
    void adapterIsExportedAloneAndMerged();
    void cancelledExportLeavesNothing_data();
    void cancelledExportLeavesNothing();
    void workWaitsForItsTurnAndSaysSo();
    void speedIsShownAndKept();
    void measuringCanBeCancelled();
    void closingAsksAndDropsTheExport();

private:
    void show();
    void openDialog();
    /// Of the open dialog; it starts.
    void accept(const char* form, const char* type, const QString& place);
    [[nodiscard]] ExportDialog* dialog() const { return m_window->findChild<ExportDialog*>(); }
    [[nodiscard]] ui::ModelsPlace& place() { return *child<ui::ModelsPlace>("modelsPlace"); }
    [[nodiscard]] ui::ModelCardView* card(const QString& name) const
    {
        return m_window->findChild<ui::ModelCardView*>(QStringLiteral("modelCard-") + name);
    }
    [[nodiscard]] QString words(const char* label) { return child<QLabel>(label)->text().remove(QChar(0x200b)); }
    [[nodiscard]] int issues() const { return m_window->issues().rowCount(); }
    void choose(const QString& model) { card(model)->findChild<QToolButton*>("modelNameButton")->click(); }

    std::unique_ptr<QTemporaryDir> m_home; ///< the user's data, new for each test
    int m_casebases = 0;
};

void TestModelWork::init()
{
    m_home = std::make_unique<QTemporaryDir>();
    qputenv("XDG_DATA_HOME", m_home->filePath("data").toUtf8());
    qputenv("XDG_CACHE_HOME", m_home->filePath("cache").toUtf8());
    openWindow();
    open(copyOfSample(QStringLiteral("work-%1.casebase").arg(++m_casebases)));
    QSettings().setValue(QStringLiteral("models/exportFolder"), m_home->path());
}

void TestModelWork::cleanup()
{
    if (place().isBusy()) {
        place().cancel();
        QTRY_VERIFY_WITH_TIMEOUT(!place().isBusy(), kLong);
    }
    closeWindow();
}

void TestModelWork::show()
{
    child<QAction>("modelsGo")->trigger();
    QTRY_VERIFY(place().isVisible());
    QTRY_VERIFY(card("starter") != nullptr && card("starter")->wasRead());
    QTRY_VERIFY(child<QPushButton>("exportModelButton")->isEnabled());
}

void TestModelWork::openDialog()
{
    QTest::mouseClick(child<QPushButton>("exportModelButton"), Qt::LeftButton);
    QTRY_VERIFY(dialog() != nullptr && dialog()->isVisible());
}

void TestModelWork::accept(const char* form, const char* type, const QString& place)
{
    QVERIFY(typesOf(*dialog(), form).contains(QLatin1String(type)));
    auto* combo = child<QComboBox>("exportTypeCombo");
    combo->setCurrentIndex(combo->findData(QLatin1String(type)));
    child<QLineEdit>("exportPlaceEdit")->setText(place);
    QVERIFY(child<QPushButton>("startExportButton")->isEnabled());
    QTest::mouseClick(child<QPushButton>("startExportButton"), Qt::LeftButton);
    QTRY_VERIFY(dialog() == nullptr);
}

void TestModelWork::dialogOffersWhatAModelHas()
{
    show();
    child<QAction>("exportModel")->trigger();
    QTRY_VERIFY(dialog() != nullptr && dialog()->isVisible());
    QVERIFY(dialog()->windowTitle().contains(QStringLiteral("starter")));
    QVERIFY(dialog()->findChild<QRadioButton*>("exportForm_peft") == nullptr);
    QVERIFY(dialog()->findChild<QRadioButton*>("exportForm_gguf-lora") == nullptr);
    QVERIFY(!child<QLineEdit>("exportBaseEdit")->isVisible());
    QCOMPARE(typesOf(*dialog(), "hf"), (QStringList{"bf16", "f32"}));
    QCOMPARE(child<QComboBox>("exportTypeCombo")->currentData().toString(), QStringLiteral("bf16")); // as it is stored
    QCOMPARE(words("exportSizeLabel"), QStringLiteral("about 4.7 MB"));
    QCOMPARE(typesOf(*dialog(), "gguf"), (QStringList{"bf16", "f32", "f16", "q8_0"}));
    child<QComboBox>("exportTypeCombo")->setCurrentIndex(1);
    QCOMPARE(words("exportSizeLabel"), QStringLiteral("about 9.4 MB"));
    const workspace::ExportOrder order = dialog()->order();
    QCOMPARE(order.model, std::string("starter"));
    QCOMPARE(order.format, core::ExportFormat::gguf);
    QCOMPARE(order.type, std::string("f32"));
    QTest::keyClick(dialog(), Qt::Key_Escape);
    QTRY_VERIFY(dialog() == nullptr);
    QVERIFY(!place().isBusy());
}

void TestModelWork::dialogOffersAdaptersAlone()
{
    ui::ExportSubject subject;
    subject.model = {"run:run-1@80", "Night run", "key"};
    subject.isAdapter = true;
    subject.parameters = 1'000'000;
    subject.adapterBytes = 20'000;
    ExportDialog dialog(subject);
    dialog.show();
    QVERIFY(dialog.findChild<QRadioButton*>("exportForm_peft")->isChecked());
    auto* base = dialog.findChild<QLineEdit*>("exportBaseEdit");
    base->setText(QStringLiteral(" google/gemma-3-270m-it "));
    QVERIFY(base->isVisible() && base->isEnabled());
    QVERIFY(!dialog.findChild<QComboBox*>("exportTypeCombo")->isEnabled()); // there is one type only
    QCOMPARE(dialog.findChild<QLabel*>("exportSizeLabel")->text(), QStringLiteral("about 20.0 kB"));
    QCOMPARE(dialog.order().baseName, std::string("google/gemma-3-270m-it"));
    QCOMPARE(dialog.order().format, core::ExportFormat::peft);
    QCOMPARE(typesOf(dialog, "gguf-lora"), QStringList{"f32"});
    QVERIFY(!base->isEnabled());
    QVERIFY(dialog.order().baseName.empty());
    QCOMPARE(dialog.order().format, core::ExportFormat::ggufLora);
    QCOMPARE(typesOf(dialog, "hf"), (QStringList{"bf16", "f32"}));
    QVERIFY(dialog.findChild<QComboBox*>("exportTypeCombo")->isEnabled());
    QCOMPARE(dialog.findChild<QLabel*>("exportSizeLabel")->text(), QStringLiteral("about 2.0 MB"));
}

void TestModelWork::dialogSuggestsAFreePlace()
{
    QVERIFY(QDir(m_home->path()).mkdir(QStringLiteral("starter")));
    show();
    openDialog();
    auto* edit = child<QLineEdit>("exportPlaceEdit");
    QCOMPARE(edit->text(), m_home->filePath("starter-2"));
    (void)typesOf(*dialog(), "gguf");
    QCOMPARE(edit->text(), m_home->filePath("starter.gguf"));
    auto* start = child<QPushButton>("startExportButton");
    QVERIFY(start->isEnabled());
    edit->setText(m_home->filePath("elsewhere")); // other programs would not know it for a GGUF file
    QVERIFY(!start->isEnabled());
    QVERIFY(words("exportProblemLabel").contains(QStringLiteral(".gguf")));
    (void)typesOf(*dialog(), "hf");
    QCOMPARE(edit->text(), m_home->filePath("elsewhere")); // what the user wrote stays
    QVERIFY(start->isEnabled());
    edit->setText(QStringLiteral("relative")); // is beside what was exported last
    QCOMPARE(dialog()->order().destination, m_home->filePath("relative").toStdString());
    edit->clear();
    QVERIFY(!start->isEnabled());
}

void TestModelWork::dialogRefusesATakenPlaceInTheEnginesWords()
{
    const QString taken = m_home->filePath("taken");
    QVERIFY(QDir().mkdir(taken));
    show();
    openDialog();
    child<QLineEdit>("exportPlaceEdit")->setText(taken);
    QVERIFY(!child<QPushButton>("startExportButton")->isEnabled());
    QVERIFY(child<QLabel>("exportProblemLabel")->isVisible());
    const auto engine = workspace::openEngine();
    QVERIFY(engine.ok());
    core::ExportRequest request;
    request.model.folder = workspace::starterFolder().value().string();
    request.destination = taken.toStdString();
    const auto refused = engine.value()->exportModel(request, {});
    QVERIFY(!refused.ok());
    QCOMPARE(words("exportProblemLabel").toStdString(), refused.error().message() + " " + refused.error().hint());
    child<QLineEdit>("exportPlaceEdit")->setText(taken + QStringLiteral("-2"));
    QVERIFY(child<QPushButton>("startExportButton")->isEnabled());
    QVERIFY(!child<QLabel>("exportProblemLabel")->isVisible());
}

void TestModelWork::starterIsExportedReadAgainAndCompared()
{
    show();
    QVERIFY(tests::copyStarter(m_home->filePath("other").toStdString()));
    place().addFolders({m_home->filePath("other")});
    QTRY_VERIFY(card("other") != nullptr && card("other")->wasRead());
    choose("starter");
    const QString to = m_home->filePath("exported");
    openDialog();
    accept("hf", "f32", to);
    QVERIFY(place().isBusy());
    QVERIFY(!child<QPushButton>("exportModelButton")->isEnabled());
    QVERIFY(child<QProgressBar>("exportModelProgress")->isVisible());
    QCOMPARE(child<QToolButton>("jobButton")->text(), QStringLiteral("Exporting starter"));
    QTRY_VERIFY_WITH_TIMEOUT(!place().isBusy(), kLong);
    QCOMPARE(issues(), 0);
    QCOMPARE(words("exportPathLabel"), to);
    QCOMPARE(words("exportDifferenceLabel"), QStringLiteral("by 0 at most, by 0 on average"));
    QCOMPARE(words("exportSameTopLabel"), QStringLiteral("the same at 144 of 144 positions"));
    QVERIFY(!child<QLabel>("exportNoteLabel")->isVisible());
    QVERIFY(child<QPushButton>("exportModelButton")->isEnabled());
    QCOMPARE(child<QToolButton>("jobButton")->text(), QStringLiteral("Nothing running"));

    const workspace::ModelCard made = workspace::readModelCard({"made", to.toStdString(), workspace::ModelOrigin::elsewhere});
    QVERIFY2(made.loads(), made.problem.c_str());
    QCOMPARE(made.dtype, std::string("F32"));
    QCOMPARE(made.parameters, std::int64_t{2'361'408});
    const Json provenance = parsed(to + QStringLiteral("/provenance.json"));
    QCOMPARE(provenance.at("model").get<std::string>(), std::string("starter"));
    QVERIFY(provenance.at("program").get<std::string>().rfind("Precedent ", 0) == 0);
    QCOMPARE(provenance.at("type").get<std::string>(), std::string("f32"));

    choose("other"); // has not been exported
    QVERIFY(!child<QLabel>("exportPathLabel")->isVisible());
    choose("starter");
    QVERIFY(child<QLabel>("exportPathLabel")->isVisible());
    openDialog();
    QCOMPARE(child<QLineEdit>("exportPlaceEdit")->text(), m_home->filePath("starter")); // beside the last one
}

void TestModelWork::placeTakenMeanwhileIsLeftAlone()
{
    show();
    const QString to = m_home->filePath("late");
    auto* line = m_window->findChild<ui::JobLine*>();
    const int other = line->enter(QStringLiteral("run-7"), [] {});
    openDialog();
    accept("hf", "bf16", to);
    tests::write(to.toStdString() + "/mine", "precious");
    line->leave(other);
    QTRY_VERIFY_WITH_TIMEOUT(!place().isBusy(), kLong);
    QVERIFY(words("exportModelStateLabel").contains(QStringLiteral("is there already")));
    QCOMPARE(tests::read(to.toStdString() + "/mine"), QByteArray("precious"));
    QCOMPARE(issues(), 1);
}

void TestModelWork::whatAFormCannotHoldIsTold()
{
    show();
    const QString to = m_home->filePath("starter.gguf");
    openDialog();
    accept("gguf", "q8_0", to);
    QTRY_VERIFY_WITH_TIMEOUT(!place().isBusy(), kLong);
    QVERIFY(words("exportModelStateLabel").contains(QStringLiteral("cannot hold this tokenizer exactly")));
    QVERIFY(words("exportModelStateLabel").contains(QStringLiteral("as a folder"))); // what to do instead
    QCOMPARE(issues(), 1);
    QVERIFY(!QFile::exists(to));
}

void TestModelWork::everyFormAndTypeOfTheTableIsWritten_data()
{
    QTest::addColumn<int>("format");
    QTest::addColumn<QString>("type");
    for (const workspace::ExportForm& form : workspace::exportForms()) {
        for (const std::string& type : form.types) {
            if (!form.adapterAlone)
                QTest::addRow("%s %s", form.name.c_str(), type.c_str()) << static_cast<int>(form.format) << QString::fromStdString(type);
        }
    }
}

void TestModelWork::everyFormAndTypeOfTheTableIsWritten()
{
    QFETCH(int, format);
    QFETCH(QString, type);
    const workspace::ExportForm& form = workspace::exportForm(static_cast<core::ExportFormat>(format));
    workspace::ExportOrder order;
    order.model = PRECEDENT_TEST_FIXTURES "/gguf/models/gemma3/model.gguf";
    order.format = form.format;
    order.type = type.toStdString();
    order.destination = m_home->filePath(form.isFolder ? "made" : "made.gguf").toStdString();
    const auto request = workspace::exportRequest(order, nullptr, "test");
    QVERIFY2(request.ok(), request.ok() ? "" : request.error().message().c_str());
    const auto report = workspace::openEngine().value()->exportModel(request.value(), {});
    QVERIFY2(report.ok(), report.ok() ? "" : report.error().message().c_str());
    QCOMPARE(QFileInfo(m_home->filePath(form.isFolder ? "made" : "made.gguf")).isDir(), form.isFolder);
}

void TestModelWork::adapterIsExportedAloneAndMerged()
{
    ui::RunOrder order;
    order.spec = *align::preset("quickstart");
    order.spec.maxSteps = 1;
    order.spec.evaluateBeforeAfter = false;
    order.spec.promptsPerStep = 1;
    order.spec.numGenerations = 2;
    order.spec.maxCompletionLength = 16;
    order.spec.useLora = true;
    auto* runs = child<ui::RunsPlace>("runsPlace");
    runs->start(order);
    QTRY_VERIFY_WITH_TIMEOUT(!runs->isRunning(), kLong);
    show();
    auto* table = card("starter")->findChild<QTableView*>("checkpointsTable");
    QTRY_COMPARE(table->model()->rowCount(), 1);
    table->selectRow(0);
    table->findChild<QAction*>("checkpointExportAction")->trigger();
    QTRY_VERIFY(dialog() != nullptr && dialog()->isVisible());
    child<QLineEdit>("exportBaseEdit")->setText(QStringLiteral("somebody/starter"));
    const QString alone = m_home->filePath("alone");
    accept("peft", "f32", alone);
    QTRY_VERIFY_WITH_TIMEOUT(!place().isBusy(), kLong);
    QCOMPARE(issues(), 0);
    QCOMPARE(words("exportPathLabel"), alone);
    QCOMPARE(words("exportSameTopLabel"), QStringLiteral("the same at 144 of 144 positions"));
    QCOMPARE(parsed(alone + QStringLiteral("/adapter_config.json")).at("base_model_name_or_path").get<std::string>(),
        std::string("somebody/starter"));
    const Json provenance = parsed(alone + QStringLiteral("/provenance.json"));
    QCOMPARE(provenance.at("run").at("id").get<std::string>(), std::string("run-1"));
    QCOMPARE(provenance.at("run").at("step").get<int>(), 1);
    QVERIFY(!provenance.at("run").at("inputs_hash").get<std::string>().empty());

    for (const auto& [form, type, name] : {std::tuple{"gguf-lora", "f32", "alone.gguf"}, std::tuple{"hf", "bf16", "merged"}}) {
        openDialog();
        accept(form, type, m_home->filePath(QString::fromLatin1(name)));
        QTRY_VERIFY_WITH_TIMEOUT(!place().isBusy(), kLong);
        QCOMPARE(issues(), 0);
        QCOMPARE(words("exportPathLabel"), m_home->filePath(QString::fromLatin1(name)));
        QVERIFY(QFileInfo::exists(m_home->filePath(QString::fromLatin1(name))));
    }
    QVERIFY(QFile::exists(m_home->filePath("alone.gguf.provenance.json")));
}

void TestModelWork::cancelledExportLeavesNothing_data()
{
    QTest::addColumn<int>("delayMs");
    for (const int delay : {0, 5, 20, 40, 60, 80, 120})
        QTest::addRow("after %d ms", delay) << delay;
}

void TestModelWork::cancelledExportLeavesNothing()
{
    QFETCH(int, delayMs);
    show();
    const QString to = m_home->filePath("given up");
    openDialog();
    accept("hf", "f32", to);
    QTest::qWait(delayMs);
    const bool inTime = place().isBusy();
    QTest::mouseClick(child<QPushButton>("exportModelCancelButton"), Qt::LeftButton);
    if (inTime && place().isBusy())
        QCOMPARE(words("exportModelBusyLabel"), QStringLiteral("Cancelling"));
    QTRY_VERIFY_WITH_TIMEOUT(!place().isBusy(), kLong);
    const bool whole = child<QLabel>("exportPathLabel")->isVisible();
    QCOMPARE(QFileInfo::exists(to), whole); // it may have been whole by then
    if (!whole)
        QVERIFY(words("exportModelStateLabel").contains(QStringLiteral("nothing was written")));
    QVERIFY(whole || inTime);
    QCOMPARE(issues(), 0);
    QVERIFY(child<QPushButton>("exportModelButton")->isEnabled());
}

void TestModelWork::workWaitsForItsTurnAndSaysSo()
{
    show();
    QVERIFY(tests::copyStarter(m_home->filePath("other").toStdString()));
    place().addFolders({m_home->filePath("other")});
    QTRY_VERIFY(card("other") != nullptr && card("other")->wasRead());
    choose("starter");
    auto* line = m_window->findChild<ui::JobLine*>();
    int other = line->enter(QStringLiteral("run-7"), [] {});
    const QString to = m_home->filePath("waits");
    openDialog();
    accept("hf", "bf16", to);
    QVERIFY(place().isBusy());
    QCOMPARE(words("exportModelBusyLabel"), QStringLiteral("Waits for run-7 and starts when that is over."));
    QVERIFY(!child<QProgressBar>("exportModelProgress")->isVisible());
    QVERIFY(child<QLabel>("waitingLabel")->text().contains(QStringLiteral("the export of starter waits for run-7")));
    // No other work on a model meanwhile, and each command says why.
    QVERIFY(!child<QPushButton>("measureButton")->isEnabled());
    QVERIFY(!child<QAction>("exportModel")->isEnabled());
    QVERIFY(words("measureStateLabel").contains(QStringLiteral("the export of starter is under way")));
    choose("other");
    QVERIFY(!child<QPushButton>("exportModelButton")->isEnabled());
    QVERIFY(words("exportModelStateLabel").contains(QStringLiteral("the export of starter is under way")));
    choose("starter");
    QTest::mouseClick(child<QPushButton>("exportModelCancelButton"), Qt::LeftButton);
    QVERIFY(!place().isBusy());
    QVERIFY(child<QLabel>("waitingLabel")->text().isEmpty());
    openDialog();
    accept("hf", "bf16", to);
    QTest::qWait(50);
    QVERIFY(!QFileInfo::exists(to));
    line->leave(other);
    QTRY_VERIFY_WITH_TIMEOUT(!place().isBusy(), kLong);
    QVERIFY(QFileInfo::exists(to));
    // And who comes after it waits for it.
    QTest::mouseClick(child<QPushButton>("measureButton"), Qt::LeftButton);
    other = line->enter(QStringLiteral("run-8"), [] {});
    QCOMPARE(line->waitsFor(other), QStringLiteral("measuring starter"));
    QTRY_VERIFY_WITH_TIMEOUT(!place().isBusy(), kLong);
    QVERIFY(line->waitsFor(other).isEmpty());
    line->leave(other);
}

void TestModelWork::speedIsShownAndKept()
{
    show();
    QVERIFY(!child<QTableView>("speedTable")->isVisible());
    QVERIFY(words("measureStateLabel").contains(QStringLiteral("Not measured yet")));
    QTest::mouseClick(child<QPushButton>("measureButton"), Qt::LeftButton);
    QVERIFY(place().isBusy());
    QTRY_VERIFY_WITH_TIMEOUT(!place().isBusy(), kLong);
    QCOMPARE(issues(), 0);
    auto* table = child<QTableView>("speedTable");
    QAbstractItemModelTester tester(table->model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    QVERIFY(table->isVisible());
    QCOMPARE(table->model()->rowCount(), 6);
    const auto cell = [&](int row, int column) { return table->model()->index(row, column).data().toString(); };
    for (int row = 0; row < 6; ++row) {
        QCOMPARE(cell(row, SpeedTableModel::promptColumn), row < 3 ? QStringLiteral("128") : QStringLiteral("800"));
        QCOMPARE(cell(row, SpeedTableModel::batchColumn), (QStringList{"1", "8", "16"}).at(row % 3));
        for (const int column : {SpeedTableModel::prefillColumn, SpeedTableModel::decodeColumn})
            QVERIFY(QLocale().toDouble(cell(row, column)) > 0);
        for (const int column : {SpeedTableModel::prefillShareColumn, SpeedTableModel::decodeShareColumn})
            QVERIFY(cell(row, column).endsWith(QStringLiteral(" %")));
    }
    const QString measured = words("speedMeasuredLabel");
    QVERIFY2(measured.contains(QStringLiteral("measured today at")), qPrintable(measured));
    QVERIFY2(measured.contains(QStringLiteral("Memory at most")), qPrintable(measured));
    QVERIFY(words("speedMachineLabel").contains(QStringLiteral("Kernels: ")));
    QCOMPARE(child<QPushButton>("measureButton")->text(), QStringLiteral("Measure again"));
    const QString first = cell(0, SpeedTableModel::decodeColumn);

    // The next start shows it again, and another model has none.
    const QString path = QString::fromStdString(m_window->casebase()->path().string());
    closeWindow();
    openWindow();
    open(path);
    show();
    QTRY_VERIFY(child<QTableView>("speedTable")->isVisible());
    QCOMPARE(child<QTableView>("speedTable")->model()->index(0, SpeedTableModel::decodeColumn).data().toString(), first);
    QCOMPARE(words("speedMeasuredLabel"), measured);
    QVERIFY(tests::copyStarter(m_home->filePath("other").toStdString()));
    place().addFolders({m_home->filePath("other")});
    QTRY_COMPARE(child<QLabel>("modelTitleLabel")->text(), QStringLiteral("other"));
    QTRY_VERIFY(!child<QTableView>("speedTable")->isVisible());
}

void TestModelWork::measuringCanBeCancelled()
{
    show();
    QTest::mouseClick(child<QPushButton>("measureButton"), Qt::LeftButton);
    QVERIFY(place().isBusy());
    QTest::mouseClick(child<QPushButton>("measureCancelButton"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(!place().isBusy(), kLong);
    QVERIFY(words("measureStateLabel").contains(QStringLiteral("Cancelled")));
    QVERIFY(!child<QTableView>("speedTable")->isVisible());
    QVERIFY(!QFile::exists(m_home->filePath("data/precedent/speeds.json")));
    QCOMPARE(issues(), 0);
    QCOMPARE(child<QToolButton>("jobButton")->text(), QStringLiteral("Nothing running"));
}

void TestModelWork::closingAsksAndDropsTheExport()
{
    show();
    const QString to = m_home->filePath("dropped");
    auto* line = m_window->findChild<ui::JobLine*>();
    const int other = line->enter(QStringLiteral("run-7"), [] {}); // so that it is under way for as long as this takes
    openDialog();
    accept("hf", "bf16", to);
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
    QVERIFY(asked.contains(QStringLiteral("An export or a measurement is under way")));
    QVERIFY(m_window->isVisible() && place().isBusy());
    answer(QMessageBox::Yes);
    m_window->close();
    QTRY_VERIFY(!m_window->isVisible());
    line->leave(other);
    QVERIFY(!place().isBusy());
    QVERIFY(!QFileInfo::exists(to));
}

QTEST_MAIN(TestModelWork)
#include "tst_model_work.moc"
