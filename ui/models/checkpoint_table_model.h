#pragma once

#include <vector>

#include <QAbstractTableModel>

#include "precedent/workspace/checkpoint_card.h"

namespace precedent::ui {

/// The adapters and checkpoints that runs made of one model, newest first. UI thread.
class CheckpointTableModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { nameColumn, methodColumn, stepColumn, rewardColumn, sizeColumn, madeColumn, columnCount_ };
    enum DataRole { choiceRole = Qt::UserRole + 1 }; ///< as resolveModel() takes it
    using QAbstractTableModel::QAbstractTableModel;

    void setCheckpoints(std::vector<workspace::CheckpointCard> checkpoints);
    [[nodiscard]] const workspace::CheckpointCard* checkpointAt(int row) const; ///< nullptr if there is no such row
    [[nodiscard]] int rowOf(const QString& choice) const; ///< -1 if it is not there

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    [[nodiscard]] static QString shown(const workspace::CheckpointCard& card, int column);

    std::vector<workspace::CheckpointCard> m_checkpoints;
};

/// "1.9 MB".
[[nodiscard]] QString sizeText(qint64 bytes);

} // namespace precedent::ui
