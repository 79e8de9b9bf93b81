#pragma once

#include <QAbstractTableModel>

#include <optional>
#include <vector>

#include "precedent/casebase/run_store.h"
#include "precedent/workspace/run_examples.h"

namespace precedent::ui {

/// What a self-generation step made of an answer.
enum class ExampleMark { unknown, passed, rejected, kept }; ///< unknown: no checkpoint says so yet

/// What is known of a step that draws answers to learn from.
struct StepMarks {
    bool keeping = false; ///< it is such a step
    std::optional<workspace::StepExamples> examples; ///< none: not known yet

    [[nodiscard]] ExampleMark of(const casebase::Rollout& rollout) const;
};

/// The rollouts of one group (a prompt of a step), best advantage first or as they came. A step that keeps answers to learn from has
/// what became of each in the place of its advantage. UI thread.
class RolloutModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { numberColumn, verdictColumn, rewardColumn, advantageColumn, tokensColumn, columnCount_ };
    enum DataRole { verdictRole = Qt::UserRole + 1, advantageRole, markRole };
    using QAbstractTableModel::QAbstractTableModel;

    void setRollouts(std::vector<casebase::Rollout> rollouts, StepMarks marks = {});
    [[nodiscard]] const casebase::Rollout* at(int row) const;
    /// The greatest distance of an advantage from 0, for bars.
    [[nodiscard]] double reach() const { return m_reach; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    void sort(int column, Qt::SortOrder order) override;

private:
    void arrange();

    std::vector<casebase::Rollout> m_rollouts;
    StepMarks m_marks;
    double m_reach = 1;
    int m_sort = advantageColumn;
    Qt::SortOrder m_order = Qt::DescendingOrder;
};

} // namespace precedent::ui
