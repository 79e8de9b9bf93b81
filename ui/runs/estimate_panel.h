#pragma once

#include <QWidget>

#include "precedent/workspace/run_estimate.h"

class QLabel;
class QVBoxLayout;

namespace precedent::ui {

/// What a run will take and what it will use, beside the form that starts it: time with its parts, memory, disk, what freezing used
/// and left out, and what a policy that reads nothing would earn. 304 px wide.
class EstimatePanel final : public QWidget {
    Q_OBJECT
public:
    explicit EstimatePanel(QWidget* parent = nullptr);

    void setPreview(const workspace::RunPreview& preview);
    /// What is known no longer holds: being worked out again.
    void setWorking();
    void setProblem(const QString& problem);

private:
    class Bars;
    void clear();
    QLabel* add(const QString& text, const QFont& font, bool quiet);
    void addRow(const QString& name, const QString& value);
    void addChecks(const workspace::RunPreview& preview);
    void addEarnings(const workspace::RunPreview& preview);

    QWidget* m_content = nullptr;
    QVBoxLayout* m_rows = nullptr;
    QVBoxLayout* m_layout;
};

} // namespace precedent::ui
