#pragma once

#include <QAbstractTableModel>

#include <vector>

#include "precedent/casebase/run_store.h"

namespace precedent::ui {

/// The rollouts of one group (a prompt of a step), best advantage first or as they came. UI thread.
class RolloutModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { numberColumn, verdictColumn, rewardColumn, advantageColumn, tokensColumn, columnCount_ };
    enum DataRole { verdictRole = Qt::UserRole + 1, advantageRole };
    using QAbstractTableModel::QAbstractTableModel;

    void setRollouts(std::vector<casebase::Rollout> rollouts);
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
    double m_reach = 1;
    int m_sort = advantageColumn;
    Qt::SortOrder m_order = Qt::DescendingOrder;
};

} // namespace precedent::ui
