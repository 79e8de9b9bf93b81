#include "ui/evaluate/cell_rows_model.h"

#include <algorithm>

#include "ui/shell/disposition_look.h"
#include "ui/shell/reveal.h"

namespace precedent::ui {
namespace {

bool belongs(const CellRow& row, CellRowsModel::Show show)
{
    switch (show) {
    case CellRowsModel::Show::counting:
        return row.counts;
    case CellRowsModel::Show::others:
        return !row.counts;
    case CellRowsModel::Show::changed:
        return row.hasReference && row.counts != row.referenceCounts;
    case CellRowsModel::Show::all:
        break;
    }
    return true;
}

} // namespace

CellRowsModel::CellRowsModel(QObject* parent)
    : QAbstractTableModel(parent)
{
    connect(&Reveal::instance(), &Reveal::changed, this, [this] {
        if (!m_shown.empty())
            Q_EMIT dataChanged(index(0, requestColumn), index(rowCount() - 1, requestColumn));
    });
}

void CellRowsModel::setRows(std::vector<CellRow> rows, const QString& referenceTitle, const QString& title)
{
    beginResetModel();
    m_rows = std::move(rows);
    m_referenceTitle = referenceTitle;
    m_title = title;
    arrange();
    endResetModel();
}

void CellRowsModel::setShow(Show show)
{
    beginResetModel();
    m_show = show;
    arrange();
    endResetModel();
}

void CellRowsModel::arrange()
{
    m_shown.clear();
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        if (belongs(m_rows[i], m_show))
            m_shown.push_back(i);
    }
}

std::size_t CellRowsModel::count(Show show) const
{
    return static_cast<std::size_t>(std::count_if(m_rows.begin(), m_rows.end(), [show](const CellRow& row) { return belongs(row, show); }));
}

const CellRow* CellRowsModel::at(int row) const
{
    return row >= 0 && row < static_cast<int>(m_shown.size()) ? &m_rows[m_shown[static_cast<std::size_t>(row)]] : nullptr;
}

bool CellRowsModel::isHidden(const CellRow& row) const { return row.sensitive && !Reveal::instance().isOn(); }

int CellRowsModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_shown.size()); }

int CellRowsModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : columnCount_; }

QString CellRowsModel::wordAt(const CellRow& row, int column) const
{
    switch (column) {
    case idColumn:
        return QString::fromStdString(row.row.promptId);
    case requestColumn:
        return isHidden(row) ? tr("hidden until revealed") : QString::fromStdString(row.request).simplified();
    case kindColumn:
        return QString::fromStdString(row.kind);
    case referenceColumn:
        return row.hasReference ? lookOf(row.reference).word : QString();
    case verdictColumn:
        return lookOf(row.row.verdict).word;
    case shouldColumn:
        return lookOf(row.row.expected).word;
    default:
        return {};
    }
}

QVariant CellRowsModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const CellRow& row = *at(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return wordAt(row, index.column());
    case Qt::ToolTipRole:
        return index.column() == requestColumn && !isHidden(row) ? QString::fromStdString(row.request) : wordAt(row, index.column());
    case verdictRole:
        if (index.column() == verdictColumn)
            return static_cast<int>(row.row.verdict);
        return index.column() == referenceColumn && row.hasReference ? static_cast<int>(row.reference) : -1;
    case dispositionRole:
        return index.column() == shouldColumn ? static_cast<int>(row.row.expected) : -1;
    case hiddenRole:
        return index.column() == requestColumn && isHidden(row);
    default:
        return {};
    }
}

QVariant CellRowsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case idColumn:
        return tr("id");
    case requestColumn:
        return tr("request");
    case kindColumn:
        return tr("kind");
    case referenceColumn:
        return m_referenceTitle;
    case verdictColumn:
        return m_title;
    case shouldColumn:
        return tr("should be");
    default:
        return {};
    }
}

} // namespace precedent::ui
