#pragma once

#include <QSortFilterProxyModel>

namespace precedent::ui {

/// The runs whose name, id, state, preset or model have every word that was typed. UI thread.
class RunFilter final : public QSortFilterProxyModel {
    Q_OBJECT
public:
    using QSortFilterProxyModel::QSortFilterProxyModel;

    void setWords(const QString& typed);

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

private:
    QStringList m_words;
};

} // namespace precedent::ui
