#include "ui/casebase/case_table_model.h"

#include <optional>

#include "ui/bridge/casebase_bridge.h"
#include "ui/shell/reveal.h"

namespace precedent::ui {
namespace {

QString text(const std::string& value) { return QString::fromStdString(value); }

QString codesText(const std::vector<casebase::GoverningCode>& codes)
{
    if (codes.empty())
        return {};
    const QString first = text(codes.front().code);
    return codes.size() == 1 ? first : QStringLiteral("%1 +%2").arg(first).arg(codes.size() - 1);
}

QString codesTip(const std::vector<casebase::GoverningCode>& codes)
{
    QStringList lines;
    for (const auto& code : codes)
        lines += code.decides ? CaseTableModel::tr("%1 decides").arg(text(code.code)) : text(code.code);
    return lines.join(QLatin1Char('\n'));
}

std::optional<casebase::CaseSort> sortOf(int column)
{
    switch (column) {
    case CaseTableModel::idColumn:
        return casebase::CaseSort::id;
    case CaseTableModel::dispositionColumn:
        return casebase::CaseSort::disposition;
    case CaseTableModel::statusColumn:
        return casebase::CaseSort::status;
    default:
        return std::nullopt;
    }
}

bool isHidden(const casebase::CaseSummary& summary)
{
    return !Reveal::instance().isOn() && isSensitive(summary.disposition, summary.source);
}

struct Counts {
    std::int64_t shown = 0;
    std::int64_t total = 0;
};

} // namespace

CaseTableModel::CaseTableModel(QObject* parent)
    : QAbstractTableModel(parent)
{
    connect(&Reveal::instance(), &Reveal::changed, this, [this] {
        if (m_rows > 0)
            Q_EMIT dataChanged(index(0, requestColumn), index(m_rows - 1, requestColumn));
    });
}

void CaseTableModel::setCasebase(CasebaseBridge* casebase)
{
    if (m_casebase)
        m_casebase->disconnect(this);
    m_casebase = casebase;
    if (casebase != nullptr)
        connect(casebase, &CasebaseBridge::changed, this, &CaseTableModel::refresh);
    refresh();
}

void CaseTableModel::setFilter(const casebase::CaseFilter& filter)
{
    m_query.filter = filter;
    refresh();
}

void CaseTableModel::refresh()
{
    const quint64 generation = ++m_generation;
    if (!m_casebase) {
        beginResetModel();
        m_rows = 0;
        m_total = 0;
        m_pages.clear();
        m_asked.clear();
        endResetModel();
        Q_EMIT countsChanged(0, 0);
        return;
    }
    m_casebase->ask(
        this,
        [filter = m_query.filter](casebase::Casebase& casebase) -> Result<Counts> {
            const auto shown = casebase.cases().count(filter);
            if (!shown.ok())
                return shown.error();
            const auto total = casebase.cases().count();
            if (!total.ok())
                return total.error();
            return Counts{*shown, *total};
        },
        [this, generation](const Result<Counts>& counts) {
            if (generation != m_generation)
                return;
            if (!counts.ok()) {
                Q_EMIT failed(text(counts.error().message()));
                return;
            }
            beginResetModel();
            m_rows = static_cast<int>(std::min<std::int64_t>(counts->shown, std::numeric_limits<int>::max()));
            m_total = counts->total;
            m_pages.clear();
            m_asked.clear();
            endResetModel();
            Q_EMIT countsChanged(m_rows, m_total);
        });
}

QString CaseTableModel::idAt(int row) const
{
    const auto* summary = at(row);
    return summary == nullptr ? QString() : text(summary->id);
}

int CaseTableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : m_rows; }

int CaseTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : columnCount_; }

const casebase::CaseSummary* CaseTableModel::at(int row) const
{
    const int page = row / kPage;
    const auto* rows = m_pages.object(page);
    if (rows == nullptr) {
        fetch(page);
        return nullptr;
    }
    const auto place = static_cast<std::size_t>(row % kPage);
    return place < rows->size() ? &(*rows)[place] : nullptr;
}

void CaseTableModel::fetch(int page) const
{
    if (!m_casebase || m_asked.contains(page))
        return;
    m_asked.insert(page);
    casebase::CaseQuery query = m_query;
    query.offset = std::int64_t{page} * kPage;
    query.limit = kPage;
    auto* self = const_cast<CaseTableModel*>(this); // the cache is mutable; data() is where Qt lets a model fetch
    m_casebase->ask(
        self, [query](casebase::Casebase& casebase) { return casebase.cases().page(query); },
        [self, page, generation = m_generation](Result<std::vector<casebase::CaseSummary>> rows) {
            if (generation != self->m_generation)
                return;
            self->m_asked.remove(page);
            if (!rows.ok()) {
                Q_EMIT self->failed(text(rows.error().message()));
                return;
            }
            self->m_pages.insert(page, new std::vector<casebase::CaseSummary>(std::move(*rows)));
            const int last = std::min(self->m_rows, (page + 1) * kPage) - 1;
            Q_EMIT self->dataChanged(self->index(page * kPage, 0), self->index(last, columnCount_ - 1));
        });
}

QVariant CaseTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const auto* summary = at(index.row());
    if (summary == nullptr)
        return {};
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case idColumn:
            return text(summary->id);
        case requestColumn:
            return isHidden(*summary) ? tr("sensitive, hidden") : text(summary->requestStart);
        case codesColumn:
            return codesText(summary->codes);
        case dispositionColumn:
            return text(precedent::toString(summary->disposition));
        case statusColumn:
            return text(casebase::toString(summary->status));
        default:
            return {};
        }
    case Qt::ToolTipRole:
        if (index.column() == codesColumn)
            return codesTip(summary->codes);
        return {};
    case dispositionRole:
        return static_cast<int>(summary->disposition);
    case hiddenRole:
        return isHidden(*summary);
    case statusRole:
        return static_cast<int>(summary->status);
    default:
        return {};
    }
}

QVariant CaseTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case idColumn:
        return tr("id");
    case requestColumn:
        return tr("request");
    case codesColumn:
        return tr("codes");
    case dispositionColumn:
        return tr("disposition");
    case statusColumn:
        return tr("status");
    default:
        return {};
    }
}

void CaseTableModel::sort(int column, Qt::SortOrder order)
{
    const auto sort = sortOf(column);
    if (!sort)
        return;
    m_query.sort = *sort;
    m_query.descending = order == Qt::DescendingOrder;
    refresh();
}

} // namespace precedent::ui
