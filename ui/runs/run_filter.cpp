#include "ui/runs/run_filter.h"

#include <algorithm>

#include "ui/runs/run_list_model.h"

namespace precedent::ui {

void RunFilter::setWords(const QString& typed)
{
    m_words = typed.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    invalidateFilter();
}

bool RunFilter::filterAcceptsRow(int row, const QModelIndex& parent) const
{
    const QString text = sourceModel()->index(row, 0, parent).data(RunListModel::searchRole).toString();
    return std::all_of(m_words.cbegin(), m_words.cend(), [&text](const QString& word) { return text.contains(word, Qt::CaseInsensitive); });
}

} // namespace precedent::ui
