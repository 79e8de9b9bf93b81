#pragma once

#include <QWidget>

#include <vector>

#include "precedent/casebase/run_store.h"
#include "precedent/workspace/run_alarms.h"

namespace precedent::ui {

class CurvePanel;

/// A run's curves in two rows of four, one row in view. They share one cursor and one range of steps.
class CurvesStrip final : public QWidget {
    Q_OBJECT
public:
    explicit CurvesStrip(QWidget* parent = nullptr);

    /// `planned`: how many steps the run has in all.
    void setSteps(const std::vector<casebase::RunStep>& records, int planned);

    /// Marks where alarms begin, each on the curve that shows it.
    void setAlarms(const std::vector<workspace::Alarm>& alarms);

private:
    std::vector<CurvePanel*> m_panels; ///< objectName "curve0" ...
};

} // namespace precedent::ui
