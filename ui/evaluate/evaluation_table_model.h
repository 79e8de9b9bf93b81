#pragma once

#include <QAbstractTableModel>

#include <memory>
#include <vector>

#include "precedent/workspace/evaluation_table.h"

namespace precedent::ui {

/// The comparison table: a row a model, checkpoint and mode. UI thread.
class EvaluationTableModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { modelColumn, modeColumn, firstFigureColumn, columnCount_ = firstFigureColumn + int(workspace::kTableColumns) };
    using Table = std::shared_ptr<const workspace::EvaluationTable>;
    explicit EvaluationTableModel(QObject* parent = nullptr);

    /// `reference` counts in the table's own rows.
    void setTable(Table table, std::size_t reference);
    /// Rows whose model, checkpoint, mode or judge holds `text`; all for an empty one.
    void setFilter(const QString& text);

    [[nodiscard]] const Table& table() const { return m_table; }
    [[nodiscard]] std::size_t reference() const { return m_reference; }
    [[nodiscard]] const workspace::TableRow* at(int row) const; ///< null out of range
    [[nodiscard]] int tableRow(int row) const { return m_shown[static_cast<std::size_t>(row)]; }
    [[nodiscard]] bool isReference(int row) const { return static_cast<std::size_t>(tableRow(row)) == m_reference; }
    [[nodiscard]] int rowOf(const workspace::RowKey& key) const; ///< the shown row; -1 if it is not among them
    [[nodiscard]] static bool isFigure(int column) { return column >= firstFigureColumn && column < columnCount_; }
    [[nodiscard]] static workspace::TableColumn figureAt(int column)
    {
        return static_cast<workspace::TableColumn>(column - firstFigureColumn);
    }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    void show();
    [[nodiscard]] QString figureTip(const workspace::TableRow& row, workspace::TableColumn column) const;
    [[nodiscard]] QString modelTip(const workspace::TableRow& row) const;

    Table m_table;
    std::size_t m_reference = 0;
    QString m_filter;
    std::vector<int> m_shown; ///< rows of m_table
};

} // namespace precedent::ui
