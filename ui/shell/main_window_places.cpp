#include <algorithm>

#include <QAction>
#include <QApplication>
#include <QCloseEvent>
#include <QMessageBox>
#include <QSettings>
#include <QStackedWidget>

#include "ui/bridge/casebase_bridge.h"
#include "ui/bridge/job_line.h"
#include "ui/bridge/server_keys.h"
#include "ui/casebase/casebase_place.h"
#include "ui/evaluate/evaluate_place.h"
#include "ui/inspect/inspect_place.h"
#include "ui/models/models_place.h"
#include "ui/runs/runs_place.h"
#include "ui/shell/keys_dialog.h"
#include "ui/shell/last_view.h"
#include "ui/shell/main_window.h"
#include "ui/shell/side_bar.h"
#include "ui/shell/status_strip.h"

// The window's five places: how they are made, what leads from one to another, and what closing means for their jobs.
namespace precedent::ui {

void MainWindow::makePlaces()
{
    m_casebasePlace = new CasebasePlace(m_undo, this);
    m_runsPlace = new RunsPlace(*m_jobs, this);
    m_inspectPlace = new InspectPlace(this);
    m_evaluatePlace = new EvaluatePlace(*m_jobs, this);
    m_modelsPlace = new ModelsPlace(*m_jobs, this);
    addPlace(m_casebasePlace, QKeySequence(Qt::CTRL | Qt::Key_1));
    addPlace(m_runsPlace, QKeySequence(Qt::CTRL | Qt::Key_2));
    addPlace(m_inspectPlace, QKeySequence(Qt::CTRL | Qt::Key_3));
    addPlace(m_evaluatePlace, QKeySequence(Qt::CTRL | Qt::Key_4));
    addPlace(m_modelsPlace, QKeySequence(Qt::CTRL | Qt::Key_5));
}

void MainWindow::addPlace(Place* place, const QKeySequence& keys)
{
    const int index = static_cast<int>(m_places.size());
    m_places.push_back(place);
    m_stack->addWidget(place);
    m_side->addPlace(place->icon(), place->title(), keys.toString(QKeySequence::NativeText));
    m_side->setPlaceEnabled(index, false);
    auto* action = new QAction(tr("Go to %1").arg(place->title()), this);
    action->setObjectName(place->icon() + QStringLiteral("Go"));
    action->setShortcut(keys);
    addAction(action);
    connect(action, &QAction::triggered, this, [this, place] {
        if (m_casebase)
            showPlace(place);
    });
    const auto own = place->actions();
    for (QAction* act : own) {
        addAction(act); // so that the command field finds it in every place
        connect(act, &QAction::triggered, this, [this, place] {
            if (m_casebase && m_stack->currentWidget() != place)
                showPlace(place);
        });
    }
    connect(place, &Place::troubled, &m_issues, &IssueList::add);
}

void MainWindow::connectPlaces()
{
    connect(m_runsPlace, &RunsPlace::citationClicked, this, &MainWindow::openCitation);
    connect(m_inspectPlace, &InspectPlace::citationClicked, this, &MainWindow::openCitation);
    connect(m_evaluatePlace, &EvaluatePlace::citationClicked, this, &MainWindow::openCitation);
    connect(m_runsPlace, &RunsPlace::inspectWanted, this, &MainWindow::inspect);
    connect(m_evaluatePlace, &EvaluatePlace::inspectWanted, this, &MainWindow::inspect);
    connect(m_modelsPlace, &ModelsPlace::inspectWanted, this, &MainWindow::inspect);
    connect(m_inspectPlace, &InspectPlace::caseWanted, this, [this](const casebase::Case& prefilled, const std::string& burnsPrompt) {
        showPlace(m_casebasePlace);
        m_casebasePlace->newCase(prefilled, burnsPrompt);
    });
    connect(m_modelsPlace, &ModelsPlace::newRunWanted, this, [this](const QString& model) {
        showPlace(m_runsPlace);
        m_runsPlace->chooseNewRun(model);
    });
    connect(m_modelsPlace, &ModelsPlace::runWanted, this, [this](const QString& run) {
        showPlace(m_runsPlace);
        m_runsPlace->showRun(run);
    });
    connect(m_evaluatePlace, &EvaluatePlace::helpAsked, this, &MainWindow::showHelp);
    connectJobs();
}

void MainWindow::connectJobs()
{
    connect(m_status, &StatusStrip::jobClicked, this, [this] {
        if (m_jobPlace != nullptr)
            showPlace(m_jobPlace);
    });
    const auto tell = [this](Place* place) {
        return [this, place](const QString& name, const QString& detail, double share) {
            m_jobPlace = place;
            m_status->setJob(name, detail, share);
        };
    };
    connect(m_runsPlace, &RunsPlace::jobChanged, this, tell(m_runsPlace));
    connect(m_evaluatePlace, &EvaluatePlace::jobChanged, this, tell(m_evaluatePlace));
    connect(m_modelsPlace, &ModelsPlace::jobChanged, this, tell(m_modelsPlace));
    connect(m_jobs, &JobLine::changed, this, [this] { m_status->setWaiting(m_jobs->waitingText()); });
    const auto closeIfWanted = [this] {
        if (m_closing)
            close();
    };
    connect(m_runsPlace, &RunsPlace::over, this, closeIfWanted);
    connect(m_evaluatePlace, &EvaluatePlace::over, this, closeIfWanted);
    connect(m_modelsPlace, &ModelsPlace::over, this, closeIfWanted);
}

void MainWindow::openCitation(const QString& id)
{
    showPlace(m_casebasePlace);
    if (id.contains(QLatin1Char('-')))
        m_casebasePlace->openCase(id);
    else
        m_casebasePlace->openCode(id);
}

void MainWindow::inspect(const InspectOrder& order)
{
    showPlace(m_inspectPlace);
    m_inspectPlace->take(order);
}

void MainWindow::keepView()
{
    const auto place = std::find(m_places.begin(), m_places.end(), m_stack->currentWidget());
    if (m_casebase && place != m_places.end())
        rememberView(QString::fromStdString(m_casebase->path().string()), static_cast<int>(place - m_places.begin()), m_places);
}

bool MainWindow::isBusy() const { return m_runsPlace->isRunning() || m_evaluatePlace->isBusy() || m_modelsPlace->isBusy(); }

void MainWindow::stopJobs()
{
    if (m_runsPlace->isRunning())
        m_runsPlace->stopRun();
    if (m_evaluatePlace->isBusy())
        m_evaluatePlace->cancel();
    if (m_modelsPlace->isBusy())
        m_modelsPlace->cancel();
}

/// What closing would end, most precious first.
QMessageBox::StandardButton MainWindow::askToClose()
{
    QString title = tr("A run is under way");
    QString question = tr("Stop the run and close? Its state is saved first, and it can be continued from there.");
    if (!m_runsPlace->isRunning() && m_evaluatePlace->isBusy()) {
        title = tr("An evaluation is under way");
        question = tr("Cut the evaluation short and close? Its answers so far are kept, and the same evaluation goes on with them.");
    } else if (!m_runsPlace->isRunning()) {
        title = tr("Work on a model is under way");
        question = tr("An export or a measurement is under way: close and drop it? What an export has written is removed.");
    }
    return QMessageBox::question(this, title, question, QMessageBox::Yes | QMessageBox::Cancel, QMessageBox::Cancel);
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    if (isBusy()) {
        event->ignore();
        if (m_closing)
            return;
        const bool agreed = m_unasked || askToClose() == QMessageBox::Yes;
        if (m_closing || (!agreed && !m_unasked)) // the system may have asked while the question stood
            return;
        m_closing = true;
        stopJobs();
        if (isBusy())
            return;
        event->accept(); // all had only waited, or was over while the question stood
    }
    keepView();
    QSettings().setValue(QStringLiteral("window/geometry"), saveGeometry());
    rememberSplitters(*this);
    QMainWindow::closeEvent(event);
}

void MainWindow::closeUnasked()
{
    m_unasked = true;
    QApplication::closeAllWindows();
}

void MainWindow::connectKeys()
{
    connect(&ServerKeys::instance(), &ServerKeys::failed, this,
        [this](const Error& error) { m_issues.add(QString::fromStdString(error.message()), QString::fromStdString(error.hint())); });
    ServerKeys::instance().read();
}

void MainWindow::showKeys()
{
    auto* dialog = new KeysDialog(this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->show();
}

} // namespace precedent::ui
