#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <QPointer>

#include "precedent/base/domain.h"
#include "precedent/casebase/run_store.h"
#include "ui/runs/rollout_model.h"
#include "ui/shell/pane.h"

class QComboBox;
class QLabel;
class QPushButton;
class QTableView;
class QToolButton;

namespace precedent::ui {

class CasebaseBridge;
class RewardPanel;
class RolloutView;

/// One step of a run: which step and request, the group's answers, the one in view with its chain, and what it earned. Read from the
/// casebase. New steps do not move what is being read: they wait to be clicked.
class StepView final : public Pane {
    Q_OBJECT
public:
    explicit StepView(QWidget* parent = nullptr);

    void setCasebase(CasebaseBridge* casebase);
    /// Empties the view. `following`: the newest step is shown as it comes, until the user reads one.
    void setRun(const QString& run, bool following);
    void setWeights(const std::map<std::string, double>& weights);
    /// How many of the run's first steps only draw answers and keep the best that earn `threshold`.
    void setSelfGeneration(int steps, double threshold);
    /// So many kept answers of the run stand in a file now.
    void setExported(int answers, const QString& path);
    /// The run's steps, in order, as they are stored now. Shows the newest, or what the user reads with what is known of it by now.
    void setSteps(const std::vector<casebase::RunStep>& records);
    /// The same with one or more new ones at the end: shows the newest, or says that they wait.
    void addSteps(const std::vector<casebase::RunStep>& records);

Q_SIGNALS:
    void citationClicked(const QString& id);
    void exportWanted(); ///< of the examples that the run kept
    void inspectWanted(const std::string& promptId, const std::vector<precedent::Message>& messages);
    void troubled(const QString& message, const QString& hint);

private:
    void buildBar();
    QWidget* buildBody();
    void connectParts();
    /// Whether the user chose what is in view, and it is still there.
    [[nodiscard]] bool isReading() const;
    void listSteps(const std::vector<casebase::RunStep>& records);
    void load(int step);
    void showGroup();
    void showRollout();
    [[nodiscard]] QString groupText(const std::vector<casebase::Rollout>& group, double mean, double spread) const;

    QPointer<CasebaseBridge> m_casebase;
    QString m_run;
    bool m_following = true;
    std::unique_ptr<QObject> m_question; ///< the last one to the casebase: answers to those before are dropped
    int m_askedStep = 0;
    int m_shownStep = 0;
    int m_selfGenerationSteps = 0;
    double m_threshold = 0; ///< of self-generation
    int m_waiting = 0; ///< steps that came while an older one is read
    int m_group = 0;
    std::vector<int> m_steps; ///< that can be chosen, in order
    std::vector<casebase::Rollout> m_rollouts; ///< of the shown step
    std::map<std::string, std::string> m_requests; ///< prompt id -> request
    std::map<std::string, std::vector<Message>> m_messages; ///< prompt id -> its turns
    std::set<std::string> m_sensitive; ///< prompt ids
    bool m_sensitiveCases = false;
    StepMarks m_marks; ///< of the shown step
    QComboBox* m_stepCombo;
    QToolButton* m_previous;
    QToolButton* m_next;
    QLabel* m_where;
    QLabel* m_request;
    QPushButton* m_newer;
    QToolButton* m_export;
    RolloutModel* m_model;
    QTableView* m_table;
    QLabel* m_groupText;
    RolloutView* m_view;
    RewardPanel* m_rewards;
};

} // namespace precedent::ui
