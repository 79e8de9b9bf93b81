#pragma once

#include <QWidget>

#include <vector>

#include "precedent/casebase/run_store.h"
#include "precedent/workspace/run_alarms.h"

class QStackedWidget;
class QToolButton;

namespace precedent::ui {

class CurvePanel;

/// A run's curves, four in view: those that its steps have values for. What the last steps learn from comes first: rewards where
/// completions are drawn, else the loss. They share one cursor and one range of steps.
class CurvesStrip final : public QWidget {
    Q_OBJECT
public:
    explicit CurvesStrip(QWidget* parent = nullptr);

    /// `planned`: how many steps the run has in all.
    void setSteps(const std::vector<casebase::RunStep>& records, int planned);

    /// Marks where alarms begin, each on the curve that shows it.
    void setAlarms(const std::vector<workspace::Alarm>& alarms);

private:
    /// Puts these charts, by their numbers, into rows of four.
    void arrange(const std::vector<std::size_t>& shown);

    std::vector<CurvePanel*> m_panels; ///< objectName "curve0" ...
    std::vector<std::size_t> m_shown;
    QStackedWidget* m_rows;
    QToolButton* m_more;
};

} // namespace precedent::ui
