#pragma once

#include <vector>

#include <QWidget>

#include "precedent/workspace/run_alarms.h"

class QLabel;
class QProgressBar;
class QPushButton;
class QToolButton;

namespace precedent::ui {

/// How a run stands, as its header tells it.
struct RunStanding {
    QString state; ///< "running", "finished" ...; "elsewhere" where another program trains it
    bool live = false; ///< this window trains it
    bool training = false; ///< live, and past the first measurement
    int done = 0; ///< steps
    int steps = 0; ///< planned
    bool shown = false; ///< there is a run to tell of
};

/// The bar over a run: name, state, progress, and what can be done with it now. 44 px.
class RunHeader final : public QWidget {
    Q_OBJECT
public:
    explicit RunHeader(QWidget* parent = nullptr);

    void setName(const QString& name);
    [[nodiscard]] QString name() const;
    void setStanding(const RunStanding& standing);
    [[nodiscard]] const RunStanding& standing() const { return m_standing; }
    /// `share` from 0 to 1. Only of a run under way.
    void setProgress(const QString& text, double share);
    /// Why it failed, or empty; how long it took in all.
    void setFacts(const QString& failure, double seconds);
    /// The run was measured before and after: what can be done with that.
    void setResults(bool any);
    void setAlarms(const std::vector<workspace::Alarm>& alarms);

Q_SIGNALS:
    void pauseWanted();
    void goOnWanted();
    void stopWanted();
    void checkpointWanted();
    void continueWanted();
    void alarmsClicked();
    void saveWanted();
    void inspectWanted();

private:
    void follow();

    RunStanding m_standing;
    QLabel* m_name;
    QLabel* m_stateIcon;
    QLabel* m_state;
    QProgressBar* m_bar;
    QLabel* m_position;
    QPushButton* m_pause;
    QPushButton* m_stop;
    QPushButton* m_checkpoint;
    QPushButton* m_continue;
    QPushButton* m_save;
    QPushButton* m_inspect;
    QToolButton* m_alarms;
    bool m_results = false;
    double m_seconds = 0;
};

} // namespace precedent::ui
