#pragma once

#include <QWidget>

#include "precedent/workspace/run_estimate.h"

class QLabel;
class QPushButton;
class QVBoxLayout;

namespace precedent::ui {

/// What a run will take and what it will use, beside the form that starts it: time with its parts, memory, disk, what freezing used
/// and left out, and what a policy that reads nothing would earn. 304 px wide.
class EstimatePanel final : public QWidget {
    Q_OBJECT
public:
    explicit EstimatePanel(QWidget* parent = nullptr);

    /// `warnings`: what else there is to say before a start. `rehearsal`: where the estimate was measured here.
    void setPreview(const workspace::RunPreview& preview, const QStringList& warnings, const core::Rehearsal* rehearsal);
    /// What is known no longer holds: being worked out again.
    void setWorking();
    void setProblem(const QString& problem);
    /// What measuring does right now, with a button that stops it; empty: it is over, or has not begun.
    void setMeasuring(const QString& what);
    void setMeasureProblem(const QString& problem); ///< why nothing was measured

Q_SIGNALS:
    void measureWanted();
    void stopWanted();

private:
    class Bars;
    class Track;
    void clear();
    QLabel* add(const QString& text, const QFont& font, bool quiet);
    void addRow(const QString& name, const QString& value, const QFont* strong = nullptr);
    void addLine();
    void addTimes(const workspace::RunEstimate& estimate, const core::Rehearsal* rehearsal);
    void addRoom(const workspace::RunPreview& preview);
    void addMeasure(bool measured);
    void addChecks(const workspace::RunPreview& preview, const QStringList& warnings);
    void addEarnings(const workspace::RunPreview& preview);

    QWidget* m_content = nullptr;
    QPushButton* m_measure = nullptr; ///< of what is shown; null: there is nothing to measure
    QLabel* m_measureNote = nullptr;
    bool m_measuring = false;
    QVBoxLayout* m_rows = nullptr;
    QVBoxLayout* m_layout;
};

} // namespace precedent::ui
