#pragma once

#include <QAbstractTableModel>

#include <vector>

#include "ui/evaluate/evaluation_reader.h"

namespace precedent::ui {

/// The answers behind a figure, all of them or those of one kind. UI thread.
class CellRowsModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { idColumn, requestColumn, kindColumn, referenceColumn, verdictColumn, shouldColumn, columnCount_ };
    enum DataRole { verdictRole = Qt::UserRole + 1, dispositionRole, hiddenRole }; ///< -1: none
    enum class Show { all, counting, others, changed };
    explicit CellRowsModel(QObject* parent = nullptr);

    void setRows(std::vector<CellRow> rows, const QString& referenceTitle, const QString& title);
    void setShow(Show show);
    [[nodiscard]] std::size_t count(Show show) const;
    [[nodiscard]] const CellRow* at(int row) const; ///< null out of range
    [[nodiscard]] bool isHidden(const CellRow& row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    void arrange();
    [[nodiscard]] QString wordAt(const CellRow& row, int column) const;

    std::vector<CellRow> m_rows;
    std::vector<std::size_t> m_shown;
    Show m_show = Show::all;
    QString m_referenceTitle;
    QString m_title;
};

} // namespace precedent::ui
