#include "ui/models/speed_table_model.h"

#include <algorithm>

#include <QLocale>

namespace precedent::ui {
namespace {

constexpr double kRoundFrom = 100; ///< tokens a second; below, a tenth shows

QString rateText(double tokensPerSecond) { return QLocale().toString(tokensPerSecond, 'f', tokensPerSecond < kRoundFrom ? 1 : 0); }

QString shareText(double share) { return SpeedTableModel::tr("%1 %").arg(QLocale().toString(100 * share, 'f', 0)); }

} // namespace

void SpeedTableModel::setRows(std::vector<core::BenchRow> rows)
{
    std::stable_sort(rows.begin(), rows.end(), [](const core::BenchRow& a, const core::BenchRow& b) { return a.prompt < b.prompt; });
    beginResetModel();
    m_rows = std::move(rows);
    endResetModel();
}

int SpeedTableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_rows.size()); }

int SpeedTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : columnCount_; }

QVariant SpeedTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const core::BenchRow& row = m_rows[static_cast<std::size_t>(index.row())];
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter));
    if (role == Qt::ToolTipRole && index.column() == decodeShareColumn && row.bandwidthShare > 1)
        return tr("More than memory can deliver: what decoding reads stays in the processor's caches");
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case promptColumn:
        return QLocale().toString(row.prompt);
    case batchColumn:
        return QLocale().toString(row.batch);
    case prefillColumn:
        return rateText(row.prefillTokensPerSecond);
    case prefillShareColumn:
        return shareText(row.matmulShare);
    case decodeColumn:
        return rateText(row.decodeTokensPerSecond);
    default:
        return shareText(row.bandwidthShare);
    }
}

QVariant SpeedTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount_)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter));
    if (role == Qt::DisplayRole) {
        const QString names[] = {tr("prompt"), tr("at once"), tr("prefill"), tr("of peak"), tr("decode"), tr("of peak")};
        return names[section];
    }
    if (role == Qt::ToolTipRole) {
        const QString tips[] = {tr("Tokens of the prompt"), tr("Completions of the prompt that are decoded together"),
            tr("Tokens of the prompt read in a second"), tr("Of the arithmetic that this machine can do"),
            tr("Tokens written in a second, of all completions together"), tr("Of the rate at which this machine reads memory")};
        return tips[section];
    }
    return {};
}

} // namespace precedent::ui
