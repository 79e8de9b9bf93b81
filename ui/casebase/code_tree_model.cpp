#include "ui/casebase/code_tree_model.h"

#include <algorithm>
#include <map>
#include <set>

#include "precedent/casebase/case_store.h"
#include "precedent/casebase/code_store.h"
#include "ui/bridge/casebase_bridge.h"

namespace precedent::ui {
namespace {

using Counts = std::array<std::int64_t, 4>; // by Disposition

struct CodeRow {
    casebase::Code code;
    Counts own{};
};

struct CodeRows {
    std::vector<CodeRow> codes; ///< parents before their children
    Counts all{};
};

Result<CodeRows> readCodes(casebase::Casebase& casebase)
{
    const auto codes = casebase.codes().all();
    if (!codes.ok())
        return codes.error();
    CodeRows rows;
    constexpr std::array kDispositions{Disposition::comply, Disposition::refuse, Disposition::safeComplete, Disposition::unknown};
    const auto counted = [&](const std::vector<std::string>& under) -> Result<Counts> {
        Counts counts{};
        for (const Disposition disposition : kDispositions) {
            casebase::CaseFilter filter;
            filter.codes = under;
            filter.dispositions = {disposition};
            const auto n = casebase.cases().count(filter);
            if (!n.ok())
                return n.error();
            counts[static_cast<std::size_t>(disposition)] = *n;
        }
        return counts;
    };
    for (const casebase::Code& code : *codes) {
        const auto counts = counted({code.id});
        if (!counts.ok())
            return counts.error();
        rows.codes.push_back({code, *counts});
    }
    const auto all = counted({});
    if (!all.ok())
        return all.error();
    rows.all = *all;
    return rows;
}

std::int64_t sum(const Counts& counts) { return counts[0] + counts[1] + counts[2] + counts[3]; }

} // namespace

struct CodeTreeModel::Node {
    QString id;
    QString title;
    Counts counts{};
    Node* parent = nullptr;
    int row = 0;
    std::vector<std::unique_ptr<Node>> children;

    Node* add(QString nodeId, QString nodeTitle, const Counts& nodeCounts)
    {
        auto child = std::make_unique<Node>();
        child->id = std::move(nodeId);
        child->title = std::move(nodeTitle);
        child->counts = nodeCounts;
        child->parent = this;
        child->row = static_cast<int>(children.size());
        children.push_back(std::move(child));
        return children.back().get();
    }
};

CodeTreeModel::CodeTreeModel(QObject* parent)
    : QAbstractItemModel(parent)
    , m_root(std::make_unique<Node>())
{
}

CodeTreeModel::~CodeTreeModel() = default;

void CodeTreeModel::setCasebase(CasebaseBridge* casebase)
{
    if (m_casebase)
        m_casebase->disconnect(this);
    m_casebase = casebase;
    if (casebase != nullptr)
        connect(casebase, &CasebaseBridge::changed, this, &CodeTreeModel::refresh);
    refresh();
}

void CodeTreeModel::refresh()
{
    if (!m_casebase) {
        beginResetModel();
        m_root = std::make_unique<Node>();
        endResetModel();
        return;
    }
    m_casebase->ask(this, readCodes, [this](const Result<CodeRows>& rows) {
        if (!rows.ok()) {
            Q_EMIT failed(QString::fromStdString(rows.error().message()));
            return;
        }
        beginResetModel();
        m_root = std::make_unique<Node>();
        m_root->add({}, tr("All cases"), rows->all);
        std::map<std::string, Node*> nodes;
        for (const CodeRow& row : rows->codes) {
            const auto above = nodes.find(row.code.parent);
            Node* parent = above == nodes.end() ? m_root.get() : above->second;
            nodes[row.code.id] = parent->add(QString::fromStdString(row.code.id), QString::fromStdString(row.code.title), row.own);
        }
        endResetModel();
    });
}

CodeTreeModel::Node* CodeTreeModel::nodeAt(const QModelIndex& index) const
{
    return index.isValid() ? static_cast<Node*>(index.internalPointer()) : m_root.get();
}

QVector<CodeName> CodeTreeModel::names() const
{
    QVector<CodeName> names;
    std::vector<Node*> open{m_root.get()};
    while (!open.empty()) {
        const Node* node = open.back();
        open.pop_back();
        if (!node->id.isEmpty())
            names.append({node->id, node->title});
        for (auto child = node->children.rbegin(); child != node->children.rend(); ++child)
            open.push_back(child->get());
    }
    return names;
}

QModelIndex CodeTreeModel::indexOf(const QString& id) const
{
    std::vector<Node*> open{m_root.get()};
    while (!open.empty()) {
        Node* node = open.back();
        open.pop_back();
        if (node != m_root.get() && node->id == id)
            return createIndex(node->row, 0, node);
        for (const auto& child : node->children)
            open.push_back(child.get());
    }
    return {};
}

QModelIndex CodeTreeModel::index(int row, int column, const QModelIndex& parent) const
{
    const Node* node = nodeAt(parent);
    if (column != 0 || row < 0 || row >= static_cast<int>(node->children.size()))
        return {};
    return createIndex(row, column, node->children[static_cast<std::size_t>(row)].get());
}

QModelIndex CodeTreeModel::parent(const QModelIndex& child) const
{
    const Node* node = nodeAt(child);
    if (node == m_root.get() || node->parent == m_root.get())
        return {};
    return createIndex(node->parent->row, 0, node->parent);
}

int CodeTreeModel::rowCount(const QModelIndex& parent) const
{
    return parent.column() > 0 ? 0 : static_cast<int>(nodeAt(parent)->children.size());
}

int CodeTreeModel::columnCount(const QModelIndex&) const { return 1; }

QVariant CodeTreeModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Node* node = nodeAt(index);
    const auto count = [&](Disposition disposition) { return QVariant::fromValue(node->counts[static_cast<std::size_t>(disposition)]); };
    switch (role) {
    case Qt::DisplayRole:
        return node->title;
    case Qt::ToolTipRole:
        return node->id.isEmpty() ? node->title : node->id + QLatin1Char(' ') + node->title;
    case idRole:
        return node->id;
    case casesRole:
        return QVariant::fromValue(sum(node->counts));
    case complyRole:
        return count(Disposition::comply);
    case safeCompleteRole:
        return count(Disposition::safeComplete);
    case refuseRole:
        return count(Disposition::refuse);
    default:
        return {};
    }
}

} // namespace precedent::ui
