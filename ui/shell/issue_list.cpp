#include "ui/shell/issue_list.h"

#include <algorithm>

namespace precedent::ui {

void IssueList::add(const QString& message, const QString& hint)
{
    const auto same = std::find_if(m_issues.cbegin(), m_issues.cend(), [&](const Issue& issue) { return issue.message == message; });
    if (same != m_issues.cend()) {
        const int row = static_cast<int>(same - m_issues.cbegin());
        beginRemoveRows({}, row, row);
        m_issues.removeAt(row);
        endRemoveRows();
    }
    beginInsertRows({}, 0, 0);
    m_issues.prepend({message, hint, QDateTime::currentDateTime()});
    endInsertRows();
    Q_EMIT countChanged(static_cast<int>(m_issues.size()));
}

void IssueList::clear()
{
    beginResetModel();
    m_issues.clear();
    endResetModel();
    Q_EMIT countChanged(0);
}

int IssueList::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_issues.size()); }

QVariant IssueList::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Issue& issue = m_issues.at(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return issue.message;
    case Qt::ToolTipRole:
        return issue.message + QLatin1Char('\n') + issue.hint;
    case hintRole:
        return issue.hint;
    case whenRole:
        return issue.when;
    default:
        return {};
    }
}

} // namespace precedent::ui
