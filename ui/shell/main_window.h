#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include <QFileSystemWatcher>
#include <QMainWindow>
#include <QMessageBox>

#include "precedent/base/result.h"
#include "ui/shell/issue_list.h"
#include "ui/shell/recent_files.h"

class QStackedWidget;
class QUndoStack;

namespace precedent::ui {

class CasebaseBridge;
class CasebasePlace;
class EvaluatePlace;
class HeaderBar;
class InspectPlace;
class ModelsPlace;
class JobLine;
class Place;
class RunsPlace;
class SideBar;
class StatusStrip;
class WelcomePage;
struct InspectOrder;

/// One casebase's window. It only assembles: places, bars and actions each live in their own class.
class MainWindow final : public QMainWindow {
    Q_OBJECT
public:
    explicit MainWindow(QWidget* parent = nullptr);
    ~MainWindow() override;

    /// Opens on the worker; what goes wrong is an issue, and the window stays as it was.
    void openCasebase(const std::filesystem::path& path);
    /// The sample in the user's data folder, made at the first call.
    void openSample();
    /// The casebase that was open last, if it is still there; else the welcome page stays.
    void openLast();
    /// Opens the sample, unless a casebase is open, and starts the quickstart on it.
    void startQuickstart();
    /// Copies the open casebase, also where its own file is gone. Trouble is an issue.
    void saveCopy(const QString& path);
    /// Closes without a question, as the system's end of a session asks: dialogs are dismissed, a run saves its state first.
    void closeUnasked();
    [[nodiscard]] CasebaseBridge* casebase() const { return m_casebase.get(); }
    [[nodiscard]] IssueList& issues() { return m_issues; }

protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void makeActions();
    void addPlace(Place* place, const QKeySequence& keys);
    void showPlace(int index); ///< -1: the welcome page
    void showPlace(Place* place);
    void makePlaces();
    void connectPlaces();
    void connectJobs();
    [[nodiscard]] bool isBusy() const; ///< a run, an evaluation or work on a model is under way, or waits
    [[nodiscard]] QMessageBox::StandardButton askToClose(); ///< while isBusy()
    void stopJobs();
    void showCasebase(std::unique_ptr<CasebaseBridge> casebase);
    void chooseCasebase();
    void chooseNewCasebase();
    void toggleTheme();
    void showPalette();
    void showIssues();
    void keepView(); ///< for the next start
    void openCitation(const QString& id);
    void inspect(const InspectOrder& order);
    void showCasebaseMenu(const QPoint& at);
    void showAbout();
    void fileChanged(const QString& path);
    void chooseCopy();
    void showHelp();
    void showSettings();
    void connectKeys();
    void showKeys();

    IssueList m_issues;
    RecentFiles m_recent;
    QFileSystemWatcher m_watcher; ///< of the open casebase
    std::unique_ptr<CasebaseBridge> m_casebase;
    std::unique_ptr<CasebaseBridge> m_opening; ///< becomes m_casebase when it is open
    SideBar* m_side;
    HeaderBar* m_header;
    StatusStrip* m_status;
    QStackedWidget* m_stack;
    WelcomePage* m_welcome = nullptr;
    std::vector<Place*> m_places;
    QUndoStack* m_undo;
    CasebasePlace* m_casebasePlace = nullptr;
    RunsPlace* m_runsPlace = nullptr;
    InspectPlace* m_inspectPlace = nullptr;
    ModelsPlace* m_modelsPlace = nullptr;
    EvaluatePlace* m_evaluatePlace = nullptr;
    JobLine* m_jobs; ///< one heavy job at a time
    Place* m_jobPlace = nullptr; ///< of the job in the status strip
    bool m_quickstartWaits = false; ///< for the sample to be open
    bool m_closing = false; ///< as soon as the run has saved its state
    bool m_unasked = false; ///< closes without a question
    struct Actions;
    std::unique_ptr<Actions> m_actions;
};

} // namespace precedent::ui
