#pragma once

#include <QPointer>
#include <QWidget>

#include <string>
#include <vector>

#include "precedent/core/run_spec.h"
#include "precedent/workspace/run_alarms.h"
#include "ui/bridge/run_bridge.h"
#include "ui/shell/inspect_order.h"

class QStackedWidget;
class QTabBar;

namespace precedent::ui {

class AboutPanel;
class CasebaseBridge;
class CurvesStrip;
class ResultsPanel;
class RunHeader;
class StepView;
class WaitingPanel;
class WritingPanel;

/// One run, live or from the history: curves, a step's groups of rollouts, the chain in view, what it earned, and the
/// before-and-after. Whatever is shown is read from the casebase; news of a live run only say when to read.
class RunPanel final : public QWidget {
    Q_OBJECT
public:
    explicit RunPanel(QWidget* parent = nullptr);

    void setCasebase(CasebaseBridge* casebase);
    /// Shows a run; `bridge` is the one under way, or null for one from the history.
    void showRun(const QString& id, RunBridge* bridge);
    [[nodiscard]] QString runId() const { return m_run; }
    /// Reads a stored run again: another program goes on with it, or it was renamed.
    void reload();
    /// News of the run under way, once a frame.
    void take(const std::vector<RunNews>& news);

    struct Progress {
        QString text; ///< "step 42 of 80"
        QString left; ///< "1:10 left", or empty
        double share = -1; ///< below 0: not known
    };
    [[nodiscard]] const Progress& progress() const { return m_progress; }

    /// Writes the run's report as one HTML file, without requests and answers. Trouble is told by troubled().
    void saveReport(const QString& path);
    /// Writes the answers that the run kept to learn from as JSONL. Trouble is told by troubled().
    void saveExamples(const QString& path);

Q_SIGNALS:
    void citationClicked(const QString& id);
    void resumeWanted(const QString& run);
    void inspectWanted(const precedent::ui::InspectOrder& order);
    void progressChanged();
    void troubled(const QString& message, const QString& hint);

private:
    void connectHeader();
    QWidget* buildLive();
    void load();
    void loadResults();
    void loadAbout();
    void watch();
    void showWaiting();
    void end(const RunEnded& ended);
    [[nodiscard]] InspectOrder inspectOrder() const;
    void inspectRollout(const std::string& promptId, const std::vector<Message>& messages);
    void chooseReport();
    void chooseExamples();
    void setState(const QString& state);
    [[nodiscard]] bool isTraining() const;
    void showActivity(); ///< of the run under way
    void setProgress(const QString& what, const RunActivity& activity);
    void addStep(const core::StepRecord& step, int steps);

    QPointer<CasebaseBridge> m_casebase;
    QPointer<RunBridge> m_bridge;
    QString m_run;
    core::RunSpec m_spec;
    int m_steps = 0; ///< planned
    bool m_starter = false;
    std::vector<casebase::RunStep> m_records;
    std::string m_model; ///< that the run began from
    bool m_hasCheckpoint = false;
    Progress m_progress;
    QString m_endMessage; ///< of a run that ended in this window: where the disk is full the casebase cannot say it
    std::vector<workspace::Alarm> m_alarms;

    RunHeader* m_header;
    QTabBar* m_tabs;
    QStackedWidget* m_pages;
    CurvesStrip* m_curves;
    StepView* m_step;
    WritingPanel* m_writing;
    ResultsPanel* m_results;
    AboutPanel* m_about;
    WaitingPanel* m_waitingPage;
};

} // namespace precedent::ui
