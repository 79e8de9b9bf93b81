#include "ui/runs/rollout_model.h"

#include <algorithm>
#include <cmath>

#include <QLocale>

namespace precedent::ui {

ExampleMark StepMarks::of(const casebase::Rollout& rollout) const
{
    const std::pair place(rollout.group, rollout.index);
    if (!examples)
        return ExampleMark::unknown;
    return examples->kept.contains(place)    ? ExampleMark::kept
        : examples->rejected.contains(place) ? ExampleMark::rejected
                                             : ExampleMark::passed;
}

void RolloutModel::setRollouts(std::vector<casebase::Rollout> rollouts, StepMarks marks)
{
    beginResetModel();
    m_marks = std::move(marks);
    m_rollouts = std::move(rollouts);
    m_reach = 0;
    for (const auto& rollout : m_rollouts)
        m_reach = std::max(m_reach, std::abs(rollout.advantage));
    arrange();
    endResetModel();
}

const casebase::Rollout* RolloutModel::at(int row) const
{
    return row >= 0 && row < static_cast<int>(m_rollouts.size()) ? &m_rollouts[static_cast<std::size_t>(row)] : nullptr;
}

int RolloutModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_rollouts.size()); }

int RolloutModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : columnCount_; }

QVariant RolloutModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const casebase::Rollout& rollout = m_rollouts[static_cast<std::size_t>(index.row())];
    if (role == verdictRole)
        return static_cast<int>(rollout.verdict);
    if (role == advantageRole)
        return rollout.advantage;
    if (role == markRole)
        return m_marks.keeping ? QVariant(static_cast<int>(m_marks.of(rollout))) : QVariant();
    if (role == Qt::TextAlignmentRole)
        return QVariant(Qt::Alignment((index.column() == verdictColumn ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter));
    if (role != Qt::DisplayRole)
        return {};
    const QLocale locale;
    switch (index.column()) {
    case numberColumn:
        return rollout.index + 1;
    case verdictColumn:
        return QString::fromLatin1(precedent::toString(rollout.verdict));
    case rewardColumn:
        return locale.toString(rollout.reward, 'f', 2);
    case advantageColumn: {
        if (m_marks.keeping) {
            const ExampleMark mark = m_marks.of(rollout);
            return mark == ExampleMark::kept ? tr("kept") : mark == ExampleMark::rejected ? tr("rejected") : QString();
        }
        const QString sign = rollout.advantage < -0.005 ? QString(QChar(0x2212))
            : rollout.advantage > 0.005                 ? QStringLiteral("+")
                                                        : QString();
        return sign + locale.toString(std::abs(rollout.advantage), 'f', 2);
    }
    case tokensColumn:
        return rollout.tokens;
    default:
        return {};
    }
}

QVariant RolloutModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant(Qt::Alignment((section == verdictColumn ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter));
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case numberColumn:
        return QStringLiteral("#");
    case verdictColumn:
        return tr("verdict");
    case rewardColumn:
        return tr("reward");
    case advantageColumn:
        return m_marks.keeping ? tr("learnt from") : tr("advantage");
    case tokensColumn:
        return tr("tokens");
    default:
        return {};
    }
}

void RolloutModel::sort(int column, Qt::SortOrder order)
{
    Q_EMIT layoutAboutToBeChanged();
    m_sort = column;
    m_order = order;
    arrange();
    Q_EMIT layoutChanged();
}

void RolloutModel::arrange()
{
    const auto key = [this](const casebase::Rollout& rollout) -> double {
        switch (m_sort) {
        case verdictColumn:
            return static_cast<double>(rollout.verdict);
        case rewardColumn:
            return rollout.reward;
        case advantageColumn:
            return m_marks.keeping ? static_cast<double>(m_marks.of(rollout)) : rollout.advantage;
        case tokensColumn:
            return rollout.tokens;
        default:
            return rollout.index;
        }
    };
    std::stable_sort(m_rollouts.begin(), m_rollouts.end(), [&](const auto& a, const auto& b) {
        if (key(a) != key(b))
            return m_order == Qt::AscendingOrder ? key(a) < key(b) : key(a) > key(b);
        return a.index < b.index;
    });
}

} // namespace precedent::ui
