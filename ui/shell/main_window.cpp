#include "ui/shell/main_window.h"

#include <algorithm>

#include <QAction>
#include <QCoreApplication>
#include <QDialog>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QListView>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QProcess>
#include <QSettings>
#include <QStackedWidget>
#include <QStandardPaths>
#include <QUndoStack>
#include <QUrl>
#include <QVBoxLayout>
#include <QWhatsThis>

#include "ui/bridge/casebase_bridge.h"
#include "ui/bridge/job_line.h"
#include "ui/bridge/sample_maker.h"
#include "ui/casebase/casebase_place.h"
#include "ui/evaluate/evaluate_place.h"
#include "ui/inspect/inspect_place.h"
#include "ui/models/models_place.h"
#include "ui/runs/runs_place.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/header_bar.h"
#include "ui/shell/icons.h"
#include "ui/shell/inspect_order.h"
#include "ui/shell/last_view.h"
#include "ui/shell/menus.h"
#include "ui/shell/place.h"
#include "ui/shell/preferences.h"
#include "ui/shell/reveal.h"
#include "ui/shell/side_bar.h"
#include "ui/shell/status_strip.h"
#include "ui/shell/welcome_page.h"

namespace precedent::ui {
namespace {

constexpr QSize kFirstSize{1440, 900};
constexpr QSize kLeastSize{1024, 640};

QString text(const std::string& value) { return QString::fromStdString(value); }

/// The local files of a drop; empty if something else is among them.
QStringList localFiles(const QMimeData& data)
{
    QStringList files;
    const auto urls = data.urls();
    for (const QUrl& url : urls) {
        if (!url.isLocalFile())
            return {};
        files += url.toLocalFile();
    }
    return files;
}

bool isCasebase(const QString& file) { return file.endsWith(QStringLiteral(".casebase")); }

} // namespace

struct MainWindow::Actions {
    QAction* newCasebase;
    QAction* quickstart;
    QAction* newRun;
    QAction* newEvaluation;
    QAction* importFiles;
    QAction* undo;
    QAction* redo;
    QAction* about;
    QAction* help;
    QAction* reveal;
    QAction* saveCopy;
    QAction* settings;
    QAction* keys;
    QAction* open;
    QAction* openSample;
    QAction* welcome;
    QAction* filter;
    QAction* palette;
    QAction* theme;
    QAction* issues;
    QAction* quit;
};

MainWindow::MainWindow(QWidget* parent)
    : QMainWindow(parent)
    , m_side(new SideBar(this))
    , m_header(new HeaderBar(this))
    , m_status(new StatusStrip(this))
    , m_stack(new QStackedWidget(this))
    , m_undo(new QUndoStack(this))
    , m_jobs(new JobLine(this))
    , m_actions(std::make_unique<Actions>())
{
    setObjectName(QStringLiteral("mainWindow"));
    setMinimumSize(kLeastSize);
    setAcceptDrops(true);
    makeActions();
    m_welcome = new WelcomePage({m_actions->openSample, m_actions->quickstart, m_actions->newCasebase, m_actions->open}, m_recent, this);
    m_stack->addWidget(m_welcome);
    connect(m_welcome, &WelcomePage::fileChosen, this, [this](const QString& path) { openCasebase(path.toStdString()); });
    makePlaces();

    auto* right = new QVBoxLayout;
    right->setSpacing(0);
    right->addWidget(m_header);
    right->addWidget(m_stack, 1);
    right->addWidget(m_status);
    auto* central = new QWidget(this);
    auto* layout = new QHBoxLayout(central);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_side);
    layout->addLayout(right, 1);
    setCentralWidget(central);

    connect(&m_watcher, &QFileSystemWatcher::fileChanged, this, &MainWindow::fileChanged);
    connect(m_side, &SideBar::chosen, this, qOverload<int>(&MainWindow::showPlace));
    connect(m_header, &HeaderBar::commandFieldAsked, this, &MainWindow::showPalette);
    connect(m_header, &HeaderBar::themeToggled, this, &MainWindow::toggleTheme);
    connect(m_status, &StatusStrip::issuesClicked, this, &MainWindow::showIssues);
    connect(&m_issues, &IssueList::countChanged, m_status, &StatusStrip::setIssues);
    connect(m_header, &HeaderBar::settingsAsked, this, &MainWindow::showSettings);
    connect(m_side, &SideBar::helpAsked, this, &MainWindow::showHelp);
    connect(m_header, &HeaderBar::casebaseMenuAsked, this, &MainWindow::showCasebaseMenu);
    connectPlaces();
    connectKeys();

    connect(&Preferences::instance(), &Preferences::changed, this, [this] { applyRowHeight(*this); });
    applyRowHeight(*this);
    recallSplitters(*this);
    QSettings settings;
    if (!restoreGeometry(settings.value(QStringLiteral("window/geometry")).toByteArray()))
        resize(kFirstSize);
    Theme::instance().setChoice(static_cast<ThemeChoice>(settings.value(QStringLiteral("theme"), 0).toInt()));
    showPlace(-1);
}

MainWindow::~MainWindow() = default;

void MainWindow::makeActions()
{
    const auto make = [this](const char* name, const QString& label, const QKeySequence& keys, void (MainWindow::*act)()) {
        auto* action = new QAction(label, this);
        action->setObjectName(QString::fromLatin1(name));
        action->setShortcut(keys);
        addAction(action);
        connect(action, &QAction::triggered, this, act);
        return action;
    };
    m_actions->newCasebase = make("newCasebase", tr("New casebase"), QKeySequence::New, &MainWindow::chooseNewCasebase);
    m_actions->open = make("openCasebase", tr("Open a casebase"), QKeySequence::Open, &MainWindow::chooseCasebase);
    m_actions->openSample = make("openSample", tr("Open the sample casebase"), {}, &MainWindow::openSample);
    m_actions->quickstart = make("quickstart", tr("Run the quickstart"), {}, &MainWindow::startQuickstart);
    m_actions->importFiles = new QAction(tr("Import"), this);
    m_actions->importFiles->setObjectName(QStringLiteral("importFiles"));
    m_actions->importFiles->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_I));
    addAction(m_actions->importFiles);
    connect(m_actions->importFiles, &QAction::triggered, this, [this] {
        if (m_casebase)
            m_casebasePlace->importFiles();
    });
    m_actions->newRun = new QAction(tr("New run"), this);
    m_actions->newRun->setObjectName(QStringLiteral("newRun"));
    addAction(m_actions->newRun);
    connect(m_actions->newRun, &QAction::triggered, this, [this] {
        if (!m_casebase)
            return;
        showPlace(m_runsPlace);
        m_runsPlace->chooseNewRun();
    });
    m_actions->newEvaluation = new QAction(tr("New evaluation"), this);
    m_actions->newEvaluation->setObjectName(QStringLiteral("newEvaluation"));
    addAction(m_actions->newEvaluation);
    connect(m_actions->newEvaluation, &QAction::triggered, this, [this] {
        if (!m_casebase)
            return;
        showPlace(m_evaluatePlace);
        m_evaluatePlace->chooseEvaluation();
    });
    m_actions->undo = m_undo->createUndoAction(this, tr("Undo"));
    m_actions->undo->setObjectName(QStringLiteral("undo"));
    m_actions->undo->setShortcut(QKeySequence::Undo);
    m_actions->redo = m_undo->createRedoAction(this, tr("Redo"));
    m_actions->redo->setObjectName(QStringLiteral("redo"));
    m_actions->redo->setShortcut(QKeySequence::Redo);
    addActions({m_actions->undo, m_actions->redo});
    m_actions->about = make("about", tr("About Precedent"), {}, &MainWindow::showAbout);
    m_actions->reveal = new QAction(tr("Show or hide sensitive text"), this);
    m_actions->reveal->setObjectName(QStringLiteral("reveal"));
    m_actions->reveal->setShortcut(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_R));
    addAction(m_actions->reveal);
    connect(m_actions->reveal, &QAction::triggered, this, [] { Reveal::instance().setOn(!Reveal::instance().isOn()); });
    m_actions->saveCopy = make("saveCopy", tr("Save a copy of the casebase"), QKeySequence::SaveAs, &MainWindow::chooseCopy);
    m_actions->help = make("help", tr("What this place is for"), QKeySequence::HelpContents, &MainWindow::showHelp);
    m_actions->settings = make("settings", tr("Settings"), QKeySequence::Preferences, &MainWindow::showSettings);
    m_actions->keys = make("keysForServers", tr("Keys for servers"), {}, &MainWindow::showKeys);
    m_actions->palette = make("showCommands", tr("Commands"), QKeySequence(Qt::CTRL | Qt::Key_K), &MainWindow::showPalette);
    m_actions->theme = make("toggleTheme", tr("Light or dark"), {}, &MainWindow::toggleTheme);
    m_actions->issues = make("showIssues", tr("Show the issues"), {}, &MainWindow::showIssues);
    m_actions->welcome = new QAction(tr("Welcome page"), this);
    m_actions->welcome->setObjectName(QStringLiteral("showWelcome"));
    addAction(m_actions->welcome);
    connect(m_actions->welcome, &QAction::triggered, this, [this] { showPlace(-1); });
    m_actions->filter = new QAction(tr("Filter"), this);
    m_actions->filter->setObjectName(QStringLiteral("focusFilter"));
    m_actions->filter->setShortcut(QKeySequence::Find);
    addAction(m_actions->filter);
    connect(m_actions->filter, &QAction::triggered, this, [this] {
        if (auto* place = qobject_cast<Place*>(m_stack->currentWidget()); place != nullptr && place->filterField() != nullptr)
            place->filterField()->setFocus(Qt::ShortcutFocusReason);
    });
    m_actions->quit = new QAction(tr("Close the window"), this);
    m_actions->quit->setObjectName(QStringLiteral("closeWindow"));
    m_actions->quit->setShortcut(QKeySequence::Quit);
    addAction(m_actions->quit);
    connect(m_actions->quit, &QAction::triggered, this, &QWidget::close);
}

void MainWindow::showPlace(Place* place)
{
    showPlace(static_cast<int>(std::find(m_places.begin(), m_places.end(), place) - m_places.begin()));
}

void MainWindow::showPlace(int index)
{
    m_side->setCurrent(index);
    if (index < 0) {
        m_stack->setCurrentWidget(m_welcome);
        m_welcome->setFocus();
        m_header->setPlace(QStringLiteral("Precedent"));
        return;
    }
    Place* place = m_places[static_cast<std::size_t>(index)];
    m_stack->setCurrentWidget(place);
    place->mainView()->setFocus(Qt::OtherFocusReason);
    m_header->setPlace(place->title());
}

void MainWindow::openCasebase(const std::filesystem::path& path)
{
    if (isBusy()) {
        // The job goes on in this window; another casebase gets a window of its own.
        if (!QProcess::startDetached(QCoreApplication::applicationFilePath(), {text(path.string())}))
            m_issues.add(tr("A run, an evaluation or work on a model is under way, and another window for %1 could not be started.")
                             .arg(text(path.string())),
                tr("Stop it first."));
        return;
    }
    m_opening = std::make_unique<CasebaseBridge>(path);
    connect(m_opening.get(), &CasebaseBridge::opened, this, [this] { showCasebase(std::move(m_opening)); });
    connect(m_opening.get(), &CasebaseBridge::openFailed, this, [this](const Error& error) {
        m_issues.add(text(error.message()), text(error.hint()));
        m_opening.release()->deleteLater(); // it is emitting
    });
}

void MainWindow::showCasebase(std::unique_ptr<CasebaseBridge> casebase)
{
    keepView();
    m_undo->clear();
    for (Place* place : m_places)
        place->setCasebase(casebase.get());
    m_casebase = std::move(casebase);
    const QString path = text(m_casebase->path().string());
    const QString name = QFileInfo(path).fileName();
    m_recent.add(path);
    if (!m_watcher.files().isEmpty())
        m_watcher.removePaths(m_watcher.files());
    m_watcher.addPath(path);
    m_header->setCasebase(m_casebase->isReadOnly() ? tr("%1 (read-only)").arg(name) : name, path);
    setWindowTitle(tr("%1 - Precedent").arg(name));
    for (int i = 0; i < static_cast<int>(m_places.size()); ++i)
        m_side->setPlaceEnabled(i, true);
    showPlace(recallView(path, m_places));
    if (m_quickstartWaits)
        startQuickstart();
}

void MainWindow::openLast()
{
    const QStringList paths = m_recent.paths();
    if (!paths.isEmpty() && QFileInfo::exists(paths.front()))
        openCasebase(paths.front().toStdString());
}

void MainWindow::startQuickstart()
{
    m_quickstartWaits = m_casebase == nullptr;
    if (m_quickstartWaits)
        return openSample();
    showPlace(m_runsPlace);
    m_runsPlace->startQuickstart();
}

void MainWindow::showCasebaseMenu(const QPoint& at)
{
    QMenu menu(this);
    menu.addActions({m_actions->newCasebase, m_actions->open, m_actions->openSample});
    menu.addSeparator();
    menu.addAction(m_actions->importFiles);
    menu.addAction(m_actions->saveCopy);
    menu.addSeparator();
    menu.addAction(m_actions->welcome);
    menu.exec(at);
}

void MainWindow::showHelp()
{
    const auto* place = qobject_cast<Place*>(m_stack->currentWidget());
    const QString words = place != nullptr ? place->help()
                                           : tr("A casebase is one file with codes, cases, requests and runs. Open the sample to look "
                                                "around, or run the quickstart to see a model "
                                                "learn. Ctrl+K finds every command.");
    QWhatsThis::showText(m_side->mapToGlobal(QPoint(m_side->width() + 8, m_side->height() - 120)), words, this);
}

void MainWindow::showSettings()
{
    const QPoint corner = m_header->mapToGlobal(QPoint(m_header->width() - 12, m_header->height()));
    showSettingsMenu(*m_actions->keys, *m_actions->about, corner);
}

void MainWindow::fileChanged(const QString& path)
{
    if (QFileInfo::exists(path)) {
        if (!m_watcher.files().contains(path))
            m_watcher.addPath(path); // replaced by another file of the name
        return;
    }
    m_issues.add(tr("%1 was deleted or moved while it is open.").arg(path),
        tr("What this window shows is still whole: save a copy of the casebase (%1) before you close it.")
            .arg(m_actions->saveCopy->shortcut().toString(QKeySequence::NativeText)));
}

void MainWindow::chooseCopy()
{
    if (!m_casebase)
        return;
    QString path = QFileDialog::getSaveFileName(this, tr("Save a copy of the casebase"), {}, tr("Casebases (*.casebase)"));
    if (path.isEmpty())
        return;
    if (QFileInfo(path).suffix().isEmpty())
        path += QStringLiteral(".casebase");
    saveCopy(path);
}

void MainWindow::saveCopy(const QString& path)
{
    m_casebase->ask(
        this, [to = path.toStdString()](casebase::Casebase& casebase) { return casebase.copyTo(to); },
        [this, path](const Status& copied) {
            if (copied.ok())
                m_status->setNote(tr("Saved %1").arg(QFileInfo(path).fileName()));
            else
                m_issues.add(text(copied.error().message()), text(copied.error().hint()));
        });
}

void MainWindow::chooseCasebase()
{
    const QString path = QFileDialog::getOpenFileName(this, tr("Open a casebase"), {}, tr("Casebases (*.casebase);;All files (*)"));
    if (!path.isEmpty())
        openCasebase(path.toStdString());
}

void MainWindow::chooseNewCasebase()
{
    QString path = QFileDialog::getSaveFileName(this, tr("New casebase"), {}, tr("Casebases (*.casebase)"));
    if (path.isEmpty())
        return;
    if (QFileInfo(path).suffix().isEmpty())
        path += QStringLiteral(".casebase");
    makeCasebase(path.toStdString(), Content::empty, this, [this, path](const Status& made) {
        if (made.ok())
            openCasebase(path.toStdString());
        else
            m_issues.add(text(made.error().message()), text(made.error().hint()));
    });
}

void MainWindow::openSample()
{
    const QString folder = QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) + QStringLiteral("/precedent");
    const QString path = folder + QStringLiteral("/sample.casebase");
    if (QFileInfo::exists(path))
        return openCasebase(path.toStdString());
    makeCasebase(path.toStdString(), Content::sample, this, [this, path](const Status& made) {
        if (made.ok())
            openCasebase(path.toStdString());
        else
            m_issues.add(text(made.error().message()), text(made.error().hint()));
    });
}

void MainWindow::toggleTheme()
{
    const ThemeChoice choice = Theme::instance().isDark() ? ThemeChoice::light : ThemeChoice::dark;
    Theme::instance().setChoice(choice);
    QSettings().setValue(QStringLiteral("theme"), static_cast<int>(choice));
}

void MainWindow::showPalette()
{
    auto* palette = new CommandPalette(actions(), this);
    palette->setAttribute(Qt::WA_DeleteOnClose);
    palette->move(mapToGlobal(QPoint((width() - palette->width()) / 2, 8)));
    palette->show();
    palette->setFocus();
}

void MainWindow::showIssues()
{
    auto* dialog = new QDialog(this);
    dialog->setObjectName(QStringLiteral("issuesPanel"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Issues"));
    dialog->resize(640, 320);
    auto* list = new QListView(dialog);
    list->setObjectName(QStringLiteral("issuesList"));
    list->setModel(&m_issues);
    list->setWordWrap(true);
    auto* layout = new QVBoxLayout(dialog);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(list);
    dialog->show();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    const QStringList files = localFiles(*event->mimeData());
    if (!files.isEmpty() && (isCasebase(files.front()) || m_casebase))
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event)
{
    const QStringList files = localFiles(*event->mimeData());
    if (files.isEmpty())
        return;
    event->acceptProposedAction();
    if (isCasebase(files.front()))
        return openCasebase(files.front().toStdString());
    if (m_stack->currentWidget() == m_modelsPlace || ModelsPlace::isModelFolder(files.front())) {
        showPlace(m_modelsPlace);
        return m_modelsPlace->addFolders(files);
    }
    showPlace(m_casebasePlace);
    m_casebasePlace->importFiles(files);
}

void MainWindow::showAbout() { showAboutBox(*this); }

} // namespace precedent::ui
