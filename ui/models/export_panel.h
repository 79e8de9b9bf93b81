#pragma once

#include "ui/models/job_section.h"

class QFormLayout;

namespace precedent::ui {

/// The command that takes the chosen model elsewhere, and what the last export of it found.
class ExportPanel final : public JobSection {
    Q_OBJECT
public:
    explicit ExportPanel(ModelJobs& jobs, QWidget* parent = nullptr);

Q_SIGNALS:
    void exportWanted();

private:
    bool showResult() override;
    [[nodiscard]] QString emptyText() const override;
    [[nodiscard]] QString busyText(const ModelJobs::Now& now) const override;
    [[nodiscard]] QString cancelledText() const override;
    QLabel* addRow(const QString& head, const char* objectName);

    QString m_path; ///< of the report that is shown
    QWidget* m_result;
    QFormLayout* m_rows;
    QLabel* m_written;
    QLabel* m_difference;
    QLabel* m_sameTop;
    QLabel* m_digest;
    QLabel* m_note;
};

} // namespace precedent::ui
