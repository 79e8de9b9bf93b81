#pragma once

#include <QWidget>

class QLabel;
class QProgressBar;
class QToolButton;

namespace precedent::ui {

/// The strip at the bottom, 28 px: the job that runs, and how many issues there are. Each is one click from its place.
class StatusStrip final : public QWidget {
    Q_OBJECT
public:
    explicit StatusStrip(QWidget* parent = nullptr);

    /// `share` from 0 to 1, or below 0 where it is not known. An empty name: nothing runs.
    void setJob(const QString& name, const QString& detail, double share);
    void setWaiting(const QString& text); ///< "the evaluation waits for run-3"; empty: nothing waits
    void setNote(const QString& note); ///< "Saved 07:24"
    void setIssues(int count);

Q_SIGNALS:
    void jobClicked();
    void issuesClicked();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QToolButton* m_job;
    QLabel* m_detail;
    QLabel* m_waiting;
    QProgressBar* m_progress;
    QLabel* m_note;
    QToolButton* m_issues;
};

} // namespace precedent::ui
