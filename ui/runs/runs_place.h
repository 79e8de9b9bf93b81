#pragma once

#include <memory>

#include "ui/bridge/run_bridge.h"
#include "ui/shell/place.h"

class QListView;
class QStackedWidget;

namespace precedent::ui {

class RunListModel;
class RunPanel;

/// Runs: the history at the left, the chosen run at the right. At most one run is under way in a window.
class RunsPlace final : public Place {
    Q_OBJECT
public:
    explicit RunsPlace(QWidget* parent = nullptr);
    ~RunsPlace() override;

    [[nodiscard]] QString title() const override { return tr("Runs"); }
    [[nodiscard]] QString icon() const override { return QStringLiteral("runs"); }
    [[nodiscard]] QString help() const override;
    void setCasebase(CasebaseBridge* casebase) override;
    [[nodiscard]] QWidget* mainView() override;

    void startQuickstart();
    void chooseNewRun(const QString& model = {}); ///< the form, with this model in it
    void showRun(const QString& run); ///< by its id
    void start(const RunOrder& order);
    [[nodiscard]] bool isRunning() const;
    /// Asks the run under way to stop; over() follows when it has saved its state.
    void stopRun();

Q_SIGNALS:
    /// `share` below 0: not known; an empty name: nothing runs.
    void jobChanged(const QString& name, const QString& detail, double share);
    void citationClicked(const QString& id);
    void over();

private:
    void take(const std::vector<RunNews>& news);
    void showCurrent();
    void tellJob();

    CasebaseBridge* m_casebase = nullptr;
    std::unique_ptr<RunBridge> m_bridge;
    QString m_wanted; ///< the run to show as soon as it is listed
    QString m_live; ///< the id of the run under way, once it is stored
    RunListModel* m_runs;
    QListView* m_list;
    QStackedWidget* m_stack;
    RunPanel* m_panel;
};

} // namespace precedent::ui
