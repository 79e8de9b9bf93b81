#pragma once

#include <memory>

#include "ui/bridge/run_bridge.h"
#include "ui/shell/inspect_order.h"
#include "ui/shell/place.h"

class QStackedWidget;
class QTimer;

namespace precedent::ui {

class ComparePanel;
class LaunchPage;
class JobLine;
class RunHistory;
class RunListModel;
class RunPanel;
class WaitingPanel;

/// Runs: the history at the left, the chosen run at the right. At most one run is under way in a window.
class RunsPlace final : public Place {
    Q_OBJECT
public:
    /// Runs take their turn in `line`, which outlives the place.
    explicit RunsPlace(JobLine& line, QWidget* parent = nullptr);
    ~RunsPlace() override;

    [[nodiscard]] QString title() const override { return tr("Runs"); }
    [[nodiscard]] QString icon() const override { return QStringLiteral("runs"); }
    [[nodiscard]] QString help() const override;
    void setCasebase(CasebaseBridge* casebase) override;
    [[nodiscard]] QWidget* mainView() override;
    [[nodiscard]] QWidget* filterField() const override;
    [[nodiscard]] QVariantMap state() const override; ///< the run in view
    void restore(const QVariantMap& state) override;

    void startQuickstart();
    void chooseNewRun(const QString& model = {}); ///< the form, with this model in it
    void showRun(const QString& run); ///< by its id
    void start(const RunOrder& order);
    [[nodiscard]] bool isRunning() const; ///< or waiting for its turn
    /// One that waits for its turn is dropped. Asks the run under way to stop; over() follows when it has saved its state.
    void stopRun();

Q_SIGNALS:
    /// `share` below 0: not known; an empty name: nothing runs.
    void jobChanged(const QString& name, const QString& detail, double share);
    void citationClicked(const QString& id);
    /// A model of a run, or a request with the models that a run has, to be looked at in Inspect.
    void inspectWanted(const precedent::ui::InspectOrder& order);
    void over();

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    QWidget* buildEmptyPage();
    void connectParts();
    void listed();
    void ended(const RunEnded& end);
    void compare(const QStringList& ids);
    void take(const std::vector<RunNews>& news);
    void show(const QString& id);
    void leaveLaunch();
    void tellJob();
    void begin(const RunOrder& order);
    void showWaiting();

    JobLine& m_line;
    int m_ticket = 0; ///< of the run under way or waiting
    bool m_waiting = false;
    CasebaseBridge* m_casebase = nullptr;
    std::unique_ptr<RunBridge> m_bridge;
    QString m_wanted; ///< the run to show as soon as it is listed
    QString m_live; ///< the id of the run under way, once it is stored
    bool m_told = false; ///< it has been gone to in the list
    RunHistory* m_history;
    RunListModel* m_runs; ///< of the history
    QStackedWidget* m_stack;
    RunPanel* m_panel;
    LaunchPage* m_launch;
    WaitingPanel* m_preparing;
    ComparePanel* m_compare;
    QTimer* m_poll; ///< what other programs do to the runs
};

} // namespace precedent::ui
