#pragma once

#include <QWidget>

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

Q_SIGNALS:
    void pauseWanted();
    void goOnWanted();
    void stopWanted();
    void checkpointWanted();
    void continueWanted();

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
};

} // namespace precedent::ui
