#include "ui/casebase/history_model.h"

#include <QDateTime>
#include <QLocale>

#include "ui/shell/counted.h"

namespace precedent::ui {
namespace {

constexpr qint64 kMinute = 60;
constexpr qint64 kHour = 60 * kMinute;
constexpr qint64 kDay = 24 * kHour;

QString fieldWord(const std::string& field)
{
    if (field == "request" || field == "messages")
        return HistoryModel::tr("request");
    if (field == "chain")
        return HistoryModel::tr("chain");
    if (field == "answer")
        return HistoryModel::tr("answer");
    if (field == "notes")
        return HistoryModel::tr("notes");
    if (field == "rest")
        return HistoryModel::tr("codes, disposition, status, twin or description");
    return QString::fromStdString(field);
}

QString actWord(const std::string& action)
{
    if (action == "add")
        return HistoryModel::tr("added");
    if (action == "import")
        return HistoryModel::tr("imported");
    if (action == "link")
        return HistoryModel::tr("twin linked");
    if (action == "unlink")
        return HistoryModel::tr("twin unlinked");
    if (action == "remove")
        return HistoryModel::tr("removed");
    if (action == "update")
        return HistoryModel::tr("edited");
    return QString::fromStdString(action);
}

QString agoText(qint64 ms)
{
    const qint64 seconds = std::max<qint64>(0, (QDateTime::currentMSecsSinceEpoch() - ms) / 1000);
    if (seconds < kMinute)
        return HistoryModel::tr("just now");
    if (seconds < kHour)
        return counted(seconds / kMinute, HistoryModel::tr("1 minute ago"), HistoryModel::tr("%1 minutes ago"));
    if (seconds < kDay)
        return counted(seconds / kHour, HistoryModel::tr("1 hour ago"), HistoryModel::tr("%1 hours ago"));
    return counted(seconds / kDay, HistoryModel::tr("1 day ago"), HistoryModel::tr("%1 days ago"));
}

} // namespace

void HistoryModel::setEntries(const std::vector<casebase::AuditEntry>& oldestFirst)
{
    beginResetModel();
    m_rows.clear();
    const casebase::AuditEntry* before = nullptr;
    for (const casebase::AuditEntry& entry : oldestFirst) {
        QStringList changed;
        if (before != nullptr && entry.action == "update") {
            for (const auto& [field, digest] : entry.digests) {
                const auto old = before->digests.find(field);
                if (old == before->digests.end() || old->second != digest)
                    changed += fieldWord(field);
            }
        }
        const QString what =
            changed.isEmpty() ? actWord(entry.action) : tr("%1: %2").arg(actWord(entry.action), changed.join(QStringLiteral("; ")));
        m_rows.insert(m_rows.begin(), {entry.version, what, QString::fromStdString(entry.who), entry.whenMs});
        before = &entry;
    }
    endResetModel();
}

int HistoryModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_rows.size()); }

int HistoryModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : columnCount_; }

QVariant HistoryModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Row& row = m_rows[static_cast<std::size_t>(index.row())];
    if (role == Qt::ToolTipRole)
        return index.column() == whenColumn ? QLocale().toString(QDateTime::fromMSecsSinceEpoch(row.whenMs), QLocale::LongFormat)
                                            : row.what;
    if (role == Qt::TextAlignmentRole && index.column() == whenColumn)
        return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case versionColumn:
        return QStringLiteral("v%1").arg(row.version);
    case whatColumn:
        return row.what;
    case whoColumn:
        return row.who;
    default:
        return agoText(row.whenMs);
    }
}

QVariant HistoryModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>((section == whenColumn ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    const QString words[] = {tr("version"), tr("what"), tr("who"), tr("when")};
    return section >= 0 && section < columnCount_ ? words[section] : QString();
}

} // namespace precedent::ui
