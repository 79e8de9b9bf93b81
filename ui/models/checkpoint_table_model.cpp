#include "ui/models/checkpoint_table_model.h"

#include <cmath>

#include <QDateTime>
#include <QLocale>

#include "ui/shell/short_time.h"

namespace precedent::ui {
namespace {

using workspace::CheckpointCard;

QString text(const std::string& value) { return QString::fromStdString(value); }

bool isNumber(int column) { return column >= CheckpointTableModel::stepColumn; }

} // namespace

QString sizeText(qint64 bytes) { return QLocale().formattedDataSize(bytes, 1, QLocale::DataSizeSIFormat); }

void CheckpointTableModel::setCheckpoints(std::vector<CheckpointCard> checkpoints)
{
    beginResetModel();
    m_checkpoints = std::move(checkpoints);
    endResetModel();
}

const CheckpointCard* CheckpointTableModel::checkpointAt(int row) const
{
    return row >= 0 && row < rowCount() ? &m_checkpoints[static_cast<std::size_t>(row)] : nullptr;
}

int CheckpointTableModel::rowOf(const QString& choice) const
{
    for (int row = 0; row < rowCount(); ++row) {
        if (text(checkpointAt(row)->choice.name) == choice)
            return row;
    }
    return -1;
}

int CheckpointTableModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_checkpoints.size());
}

int CheckpointTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : columnCount_; }

QVariant CheckpointTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const CheckpointCard& card = m_checkpoints[static_cast<std::size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole:
        return shown(card, index.column());
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(Qt::Alignment(isNumber(index.column()) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    case Qt::DecorationRole:
        if (index.column() == nameColumn)
            return card.isAdapter ? QStringLiteral("branch") : QStringLiteral("models");
        return {};
    case Qt::ToolTipRole:
        if (index.column() == madeColumn)
            return QLocale().toString(QDateTime::fromMSecsSinceEpoch(card.createdMs), QLocale::LongFormat);
        if (index.column() == methodColumn && !card.loss.empty())
            return tr("preset %1, %2 loss, seed %3").arg(text(card.preset), text(card.loss)).arg(card.seed);
        return text(card.choice.title);
    case choiceRole:
        return text(card.choice.name);
    default:
        return {};
    }
}

QString CheckpointTableModel::shown(const CheckpointCard& card, int column)
{
    const QString none = QStringLiteral("\u2013");
    switch (column) {
    case nameColumn: {
        const std::string step = " step " + std::to_string(card.choice.step); // it has a column of its own
        const std::string& title = card.choice.title;
        return text(title.ends_with(step) ? title.substr(0, title.size() - step.size()) : title);
    }
    case methodColumn:
        return card.preset.empty() ? none : text(card.preset);
    case stepColumn:
        return QLocale().toString(card.choice.step);
    case rewardColumn:
        return card.reward && std::isfinite(*card.reward) ? QLocale().toString(*card.reward, 'f', 2) : none;
    case sizeColumn:
        return sizeText(card.bytes);
    case madeColumn:
        return shortTime(QDateTime::fromMSecsSinceEpoch(card.createdMs));
    default:
        return {};
    }
}

QVariant CheckpointTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount_)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(Qt::Alignment(isNumber(section) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    const QString names[] = {tr("made by a run"), tr("method"), tr("step"), tr("reward"), tr("size"), tr("made")};
    return names[section];
}

} // namespace precedent::ui
