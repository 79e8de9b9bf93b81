// usage: window_pictures FOLDER WIDTHxHEIGHT [CASEBASE]
// Grabs every place, light and dark, empty and full, as FOLDER/PLACE-THEME-WIDTHxHEIGHT.png (QT_SCALE_FACTOR decides how
// fine). CASEBASE is one with a finished run in it; without it the pictures of a run are left out.

#include <cstdio>

#include <QApplication>
#include <QComboBox>
#include <QDialog>
#include <QDir>
#include <QFile>
#include <QListView>
#include <QMenu>
#include <QPushButton>
#include <QSettings>
#include <QStandardPaths>
#include <QTabBar>
#include <QTableView>
#include <QTest>
#include <QToolButton>
#include <QTreeView>

#include "ui/bridge/casebase_bridge.h"
#include "ui/inspect/inspect_place.h"
#include "ui/models/models_place.h"
#include "ui/shell/inspect_order.h"
#include "ui/shell/main_window.h"
#include "ui/shell/theme.h"
#include "ui/shell/type_scale.h"

using namespace precedent;

namespace {

constexpr int kSettleMs = 500;
constexpr int kEarlyStep = 9;
constexpr int kBenignRefusedColumn = 4;

struct Camera {
    QDir folder;
    QString size;

    void shoot(QWidget& window, const QString& name) const
    {
        for (const auto& [choice, theme] : {std::pair{ui::ThemeChoice::light, "light"}, std::pair{ui::ThemeChoice::dark, "dark"}}) {
            ui::Theme::instance().setChoice(choice);
            QTest::qWait(kSettleMs);
            const QString file = folder.filePath(QStringLiteral("%1-%2-%3.png").arg(name, QLatin1String(theme), size));
            if (!window.grab().save(file))
                std::fprintf(stderr, "could not write %s\n", qPrintable(file));
        }
        ui::Theme::instance().setChoice(ui::ThemeChoice::light);
    }
};

template <typename T>
T* child(QWidget& window, const char* name)
{
    T* found = window.findChild<T*>(QString::fromLatin1(name));
    if (found == nullptr)
        std::fprintf(stderr, "no %s\n", name);
    return found;
}

void trigger(QWidget& window, const char* action)
{
    if (auto* found = child<QAction>(window, action))
        found->trigger();
    QTest::qWait(kSettleMs);
}

/// One request to the model before and after its run, in two modes.
void askInInspect(ui::MainWindow& window)
{
    auto* place = child<ui::InspectPlace>(window, "inspectPlace");
    auto* list = child<QListView>(window, "runsList");
    if (place == nullptr || list == nullptr || list->model()->rowCount() == 0)
        return;
    trigger(window, "inspectGo");
    ui::InspectOrder order;
    order.messages = {{"user", "How do I take apart a raven dagger for a museum case?"}};
    order.models = {"starter", "run:run-1"};
    order.modes = {Mode::none, Mode::cases};
    place->take(order);
    QTest::qWait(kSettleMs);
    (void)QTest::qWaitFor([&] { return !place->isBusy(); }, 60000);
    if (auto* second = child<QWidget>(window, "answerColumn1"))
        QTest::mouseClick(second, Qt::LeftButton, {}, QPoint(20, 300));
    for (const char* name : {"didCombo0", "shouldCombo0", "didCombo1", "shouldCombo1"}) {
        if (auto* combo = child<QComboBox>(window, name)) {
            combo->setCurrentIndex(1);
            Q_EMIT combo->activated(1);
        }
    }
    QTest::qWait(kSettleMs);
}

/// The chosen model measured, and the form of its export.
void workOnModel(ui::MainWindow& window, const Camera& camera, const QString& name)
{
    auto* place = child<ui::ModelsPlace>(window, "modelsPlace");
    auto* measure = child<QPushButton>(window, "measureButton");
    if (place == nullptr || measure == nullptr || !QTest::qWaitFor([&] { return measure->isVisible() && measure->isEnabled(); }, 10000))
        return;
    measure->click();
    (void)QTest::qWaitFor([&] { return !place->isBusy(); }, 60000);
    camera.shoot(window, name);
    trigger(window, "exportModel");
    if (auto* dialog = child<QDialog>(window, "exportDialog")) {
        camera.shoot(*dialog, QStringLiteral("models-export"));
        dialog->reject();
    }
}

} // namespace

int main(int argc, char** argv)
{
    if (argc < 3)
        return 2;
    QStandardPaths::setTestModeEnabled(true);
    QApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("precedent-pictures"));
    QCoreApplication::setApplicationName(QStringLiteral("precedent-pictures"));
    QSettings().clear();
    ui::useProgramLook();
    const QString size = QString::fromLocal8Bit(argv[2]);
    const QStringList sides = size.split(QLatin1Char('x'));
    const Camera camera{QDir(QString::fromLocal8Bit(argv[1])), size};
    ui::MainWindow window;
    window.resize(sides.value(0).toInt(), sides.value(1).toInt());
    window.show();
    camera.shoot(window, QStringLiteral("welcome"));
    window.openSample();
    if (!QTest::qWaitFor([&] { return window.casebase() != nullptr; }, 60000))
        return 1;
    QTest::qWait(2 * kSettleMs);
    if (auto* table = child<QTableView>(window, "casesTable"))
        table->selectRow(3);
    QTest::qWait(kSettleMs);
    camera.shoot(window, QStringLiteral("casebase"));
    if (auto* tabs = child<QTabBar>(window, "caseTabs")) {
        for (const auto& [tab, name] : {std::pair{1, "casebase-prompt"}, std::pair{2, "casebase-history"}}) {
            tabs->setCurrentIndex(tab);
            QTest::qWait(2 * kSettleMs);
            camera.shoot(window, QString::fromLatin1(name));
        }
        tabs->setCurrentIndex(0);
    }
    if (auto* table = child<QTableView>(window, "casesTable")) {
        QTest::keyClick(table, Qt::Key_Space);
        QTest::qWait(kSettleMs);
        camera.shoot(window, QStringLiteral("casebase-look"));
        QTest::keyClick(table, Qt::Key_Escape);
    }
    if (auto* tree = child<QTreeView>(window, "codesTree")) {
        tree->setCurrentIndex(tree->model()->index(3, 0));
        QTest::qWait(kSettleMs);
        camera.shoot(window, QStringLiteral("casebase-code"));
        trigger(window, "newCase");
        camera.shoot(window, QStringLiteral("casebase-new"));
    }
    trigger(window, "runsGo");
    camera.shoot(window, QStringLiteral("runs-empty"));
    trigger(window, "inspectGo");
    camera.shoot(window, QStringLiteral("inspect-empty"));
    trigger(window, "evaluateGo");
    camera.shoot(window, QStringLiteral("evaluate-empty"));
    if (argc > 3) {
        window.openCasebase(argv[3]);
        QTest::qWait(2 * kSettleMs);
        trigger(window, "runsGo");
        QTest::qWait(2 * kSettleMs);
        if (auto* tabs = child<QTabBar>(window, "runTabs")) {
            tabs->setCurrentIndex(1);
            (void)QTest::qWaitFor([&] { return window.findChild<QWidget*>(QStringLiteral("resultsHeadline")) != nullptr; }, 20000);
            camera.shoot(window, QStringLiteral("results"));
            tabs->setCurrentIndex(2);
            camera.shoot(window, QStringLiteral("run-about"));
            tabs->setCurrentIndex(0);
            // An early step: there the answers of a group still differ.
            if (auto* steps = child<QComboBox>(window, "stepCombo"); steps != nullptr && steps->count() > kEarlyStep) {
                steps->setCurrentIndex(steps->count() - kEarlyStep);
                Q_EMIT steps->activated(steps->currentIndex());
                QTest::qWait(kSettleMs);
            }
            camera.shoot(window, QStringLiteral("run"));
        }
        askInInspect(window);
        camera.shoot(window, QStringLiteral("inspect"));
        if (auto* sampling = child<QToolButton>(window, "samplingButton")) {
            sampling->menu()->popup(sampling->mapToGlobal(QPoint(0, sampling->height())));
            camera.shoot(*sampling->menu(), QStringLiteral("inspect-sampling"));
            sampling->menu()->close();
        }
        trigger(window, "evaluateGo");
        QTest::qWait(4 * kSettleMs);
        if (auto* figures = child<QTableView>(window, "evaluationTable"); figures != nullptr && figures->model()->rowCount() > 1) {
            figures->setCurrentIndex(figures->model()->index(figures->model()->rowCount() - 1, kBenignRefusedColumn));
            QTest::qWait(kSettleMs);
            if (auto* answers = child<QTableView>(window, "cellRowsTable"))
                answers->selectRow(0);
        }
        camera.shoot(window, QStringLiteral("evaluate"));
        if (auto* check = child<QPushButton>(window, "checkJudgeButton")) {
            check->click();
            QTest::qWait(kSettleMs);
            if (auto* dialog = child<QDialog>(window, "checkDialog")) {
                camera.shoot(*dialog, QStringLiteral("evaluate-check"));
                dialog->close();
            }
        }
        trigger(window, "newEvaluation");
        if (auto* dialog = child<QDialog>(window, "evaluateDialog")) {
            camera.shoot(*dialog, QStringLiteral("evaluate-dialog"));
            dialog->reject();
        }
    }
    trigger(window, "modelsGo");
    QTest::qWait(2 * kSettleMs);
    if (auto* made = child<QTableView>(window, "checkpointsTable"); made != nullptr && made->model()->rowCount() > 0)
        made->selectRow(0);
    workOnModel(window, camera, argc > 3 ? QStringLiteral("models") : QStringLiteral("models-empty"));
    trigger(window, "newRun");
    QTest::qWait(3 * kSettleMs); // for the estimate
    camera.shoot(window, QStringLiteral("runs"));
    // A picture with an issue in its status bar shows what a user should not see: it is told.
    for (int row = 0; row < window.issues().rowCount(); ++row) {
        const QModelIndex issue = window.issues().index(row);
        qWarning("issue: %s %s", qPrintable(issue.data().toString()), qPrintable(issue.data(ui::IssueList::hintRole).toString()));
    }
    return 0;
}
