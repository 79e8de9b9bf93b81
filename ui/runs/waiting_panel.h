#pragma once

#include <QWidget>

class QLabel;
class QProgressBar;
class QPushButton;
class QVBoxLayout;

namespace precedent::ui {

/// What goes on while a run has no step to show yet: being prepared, its suites measured before and after, its first step written. Says
/// the phase, how many of how many, and how long it may still take.
class WaitingPanel final : public QWidget {
    Q_OBJECT
public:
    explicit WaitingPanel(QWidget* parent = nullptr);

    /// `share` below 0: not known. `left`: "1:10 left", or empty. `note`: a sentence on what the phase is for.
    void setPhase(const QString& title, const QString& note, const QString& detail, const QString& left, double share);
    /// What freezing used and left out, and what the run is thought to take; none: nothing to say.
    void setFacts(const QStringList& sentences, const QString& estimate);

    /// Whether what waits can be given up here; it cannot at first.
    void setDroppable(bool droppable);

Q_SIGNALS:
    void dropWanted();

private:
    QLabel* m_title;
    QLabel* m_note;
    QLabel* m_detail;
    QLabel* m_left;
    QLabel* m_facts;
    QLabel* m_estimate;
    QProgressBar* m_bar;
    QPushButton* m_drop;
};

} // namespace precedent::ui
