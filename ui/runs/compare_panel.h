#pragma once

#include <set>
#include <vector>

#include "ui/runs/run_reader.h"
#include "ui/shell/pane.h"

class QLabel;

namespace precedent::ui {

class CasebaseBridge;

/// Two or more runs beside each other: each metric's curves over each other in one chart, and the figures before and after in one table.
/// A run is known by its colour, the same in every chart.
class ComparePanel final : public Pane {
    Q_OBJECT
public:
    explicit ComparePanel(QWidget* parent = nullptr);

    void setCasebase(CasebaseBridge* casebase);
    void show(const QStringList& ids);
    using Pane::show;

Q_SIGNALS:
    void closed();
    void troubled(const QString& message, const QString& hint);

private:
    struct Compared {
        RunRows rows;
        std::vector<workspace::Comparison> figures;
    };
    void rebuild();
    QWidget* buildCurves(QWidget* page);
    QWidget* buildTable(QWidget* page);

    CasebaseBridge* m_casebase = nullptr;
    QLabel* m_title;
    int m_request = 0; ///< answers to an older one are dropped
    std::vector<Compared> m_runs;
    QWidget* m_content = nullptr;
    QWidget* m_body;
};

} // namespace precedent::ui
