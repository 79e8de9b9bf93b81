#pragma once

#include <QElapsedTimer>
#include <QPointer>
#include <QWidget>

#include <map>
#include <set>
#include <vector>

#include "precedent/core/run_spec.h"
#include "ui/bridge/run_bridge.h"

class QComboBox;
class QLabel;
class QPushButton;
class QStackedWidget;
class QTabBar;
class QTableView;
class QToolButton;

namespace precedent::ui {

class CasebaseBridge;
class CurvesStrip;
class ResultsPanel;
class RewardPanel;
class RolloutModel;
class RolloutView;
class RunHeader;
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
    /// News of the run under way, once a frame.
    void take(const std::vector<RunNews>& news);

    struct Progress {
        QString text; ///< "step 42 of 80"
        QString left; ///< "1:10 left", or empty
        double share = -1; ///< below 0: not known
    };
    [[nodiscard]] const Progress& progress() const { return m_progress; }

Q_SIGNALS:
    void citationClicked(const QString& id);
    void resumeWanted(const QString& run);
    void progressChanged();
    void troubled(const QString& message, const QString& hint);

private:
    void connectHeader();
    QWidget* buildLive();
    void load();
    void loadStep(int step);
    void loadResults();
    void showGroup();
    void showRollout();
    void setState(const QString& state);
    [[nodiscard]] bool isTraining() const;
    void setProgress(const QString& what, double done, double total);
    void addStep(const core::StepRecord& step, int steps);
    void followStep(int step);

    QPointer<CasebaseBridge> m_casebase;
    QPointer<RunBridge> m_bridge;
    QString m_run;
    core::RunSpec m_spec;
    int m_steps = 0; ///< planned
    bool m_following = true; ///< the newest step is shown as it comes
    bool m_starter = false;
    int m_shownStep = 0;
    int m_waiting = 0; ///< steps that came while an older one is read
    int m_group = 0;
    std::vector<casebase::RunStep> m_records;
    std::vector<casebase::Rollout> m_rollouts; ///< of the shown step
    std::map<std::string, std::string> m_requests; ///< prompt id -> request
    std::set<std::string> m_sensitive; ///< prompt ids
    Progress m_progress;
    QElapsedTimer m_phaseClock;
    double m_phaseFrom = 0;
    QString m_phase;

    RunHeader* m_header;
    QTabBar* m_tabs;
    QStackedWidget* m_pages;
    CurvesStrip* m_curves;
    QComboBox* m_stepCombo;
    QToolButton* m_previous;
    QToolButton* m_next;
    QLabel* m_where;
    QLabel* m_request;
    QPushButton* m_newer;
    RolloutModel* m_model;
    QTableView* m_table;
    QLabel* m_groupText;
    RolloutView* m_view;
    RewardPanel* m_rewards;
    WritingPanel* m_writing;
    ResultsPanel* m_results;
};

} // namespace precedent::ui
