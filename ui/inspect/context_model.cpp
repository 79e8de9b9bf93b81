#include "ui/inspect/context_model.h"

#include <algorithm>

#include "ui/shell/reveal.h"

namespace precedent::ui {
namespace {

bool isHidden(const workspace::AskPrompt::Shown& shown)
{
    return shown.isCase && isSensitive(shown.disposition, shown.source) && !Reveal::instance().isOn();
}

} // namespace

void ContextModel::setPrompt(const workspace::AskPrompt* prompt)
{
    beginResetModel();
    std::vector<Item> items;
    if (prompt != nullptr) {
        for (const auto& shown : prompt->shown)
            items.push_back({shown, true});
    }
    for (const Item& old : m_items) {
        if (old.on)
            continue;
        const auto same = std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.shown.id == old.shown.id; });
        if (same == items.end())
            items.push_back(old);
        else
            same->on = false; // this column's prompt was made before it was switched off
    }
    // Cases first: they differ from request to request, the codes do not.
    std::stable_partition(items.begin(), items.end(), [](const Item& item) { return item.shown.isCase; });
    m_items = std::move(items);
    endResetModel();
}

void ContextModel::setCited(std::set<std::string> ids)
{
    m_cited = std::move(ids);
    if (!m_items.empty())
        Q_EMIT dataChanged(index(0), index(rowCount() - 1), {citedRole});
}

void ContextModel::switchAllOn()
{
    for (Item& item : m_items)
        item.on = true;
    if (!m_items.empty())
        Q_EMIT dataChanged(index(0), index(rowCount() - 1), {Qt::CheckStateRole});
    Q_EMIT withoutChanged();
}

std::set<std::string> ContextModel::without() const
{
    std::set<std::string> ids;
    for (const Item& item : m_items) {
        if (!item.on)
            ids.insert(item.shown.id);
    }
    return ids;
}

int ContextModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_items.size()); }

QVariant ContextModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Item& item = m_items[static_cast<std::size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole:
        return QString::fromStdString(item.shown.id);
    case Qt::ToolTipRole:
    case titleRole:
        return isHidden(item.shown) ? tr("hidden until revealed") : QString::fromStdString(item.shown.title);
    case hiddenRole:
        return isHidden(item.shown);
    case isCaseRole:
        return item.shown.isCase;
    case dispositionRole:
        return static_cast<int>(item.shown.disposition);
    case citedRole:
        return m_cited.count(item.shown.id) != 0;
    case Qt::CheckStateRole:
        return item.on ? Qt::Checked : Qt::Unchecked;
    case Qt::AccessibleTextRole:
        return tr("%1, %2").arg(QString::fromStdString(item.shown.id), data(index, titleRole).toString());
    default:
        return {};
    }
}

bool ContextModel::setData(const QModelIndex& index, const QVariant& value, int role)
{
    if (role != Qt::CheckStateRole || !checkIndex(index, CheckIndexOption::IndexIsValid))
        return false;
    m_items[static_cast<std::size_t>(index.row())].on = value.toInt() == Qt::Checked;
    Q_EMIT dataChanged(index, index, {Qt::CheckStateRole});
    Q_EMIT withoutChanged();
    return true;
}

Qt::ItemFlags ContextModel::flags(const QModelIndex& index) const
{
    return index.isValid() ? Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable : Qt::NoItemFlags;
}

} // namespace precedent::ui
