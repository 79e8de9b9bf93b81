#pragma once

#include <vector>

#include <QAbstractTableModel>

#include "precedent/core/model_bench.h"

namespace precedent::ui {

/// What was measured of one model: a row for each prompt and batch, by prompt. UI thread.
class SpeedTableModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { promptColumn, batchColumn, prefillColumn, prefillShareColumn, decodeColumn, decodeShareColumn, columnCount_ };
    using QAbstractTableModel::QAbstractTableModel;

    void setRows(std::vector<core::BenchRow> rows);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    std::vector<core::BenchRow> m_rows;
};

} // namespace precedent::ui
