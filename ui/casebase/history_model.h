#pragma once

#include <QAbstractTableModel>

#include <vector>

#include "precedent/casebase/audit_store.h"

namespace precedent::ui {

/// What the audit chain holds of one case or code, newest first: version, what was done and which texts changed, who, when. The chain
/// keeps digests in place of texts, so it says which text changed and not what it was.
class HistoryModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { versionColumn, whatColumn, whoColumn, whenColumn, columnCount_ };
    using QAbstractTableModel::QAbstractTableModel;

    void setEntries(const std::vector<casebase::AuditEntry>& oldestFirst);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    struct Row {
        int version = 0;
        QString what;
        QString who;
        qint64 whenMs = 0;
    };
    std::vector<Row> m_rows;
};

} // namespace precedent::ui
