#pragma once

#include "ui/models/job_section.h"

class QTableView;

namespace precedent::ui {

class SpeedTableModel;

/// How fast the chosen model is on this machine, and the command that measures it.
class SpeedPanel final : public JobSection {
    Q_OBJECT
public:
    explicit SpeedPanel(ModelJobs& jobs, QWidget* parent = nullptr);

private:
    bool showResult() override;
    [[nodiscard]] QString emptyText() const override;
    [[nodiscard]] QString busyText(const ModelJobs::Now& now) const override;
    [[nodiscard]] QString cancelledText() const override;
    void prepareTable();
    void fitTable(); ///< as high as its rows

    std::pair<std::string, std::int64_t> m_shown; ///< whose speed of when the table holds
    SpeedTableModel* m_rows;
    QWidget* m_frame; ///< around the table
    QTableView* m_table;
    QLabel* m_unit;
    QLabel* m_measured;
    QLabel* m_machine;
};

} // namespace precedent::ui
