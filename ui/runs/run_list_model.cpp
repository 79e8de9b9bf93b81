#include "ui/runs/run_list_model.h"

#include <algorithm>

#include <QDateTime>

#include "precedent/base/json.h"
#include "precedent/workspace/run_notes.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/runs/run_reader.h"
#include "ui/shell/counted.h"

namespace precedent::ui {
namespace {

QString text(const std::string& value) { return QString::fromStdString(value); }

} // namespace

bool ListedRun::operator==(const ListedRun& other) const
{
    return run.id == other.run.id && run.name == other.run.name && run.state == other.run.state && run.message == other.run.message &&
        run.steps == other.run.steps && run.stepsDone == other.run.stepsDone;
}

Result<std::vector<ListedRun>> readRuns(casebase::Casebase& casebase)
{
    Result<std::vector<casebase::Run>> runs = casebase.runs().all();
    if (!runs.ok())
        return runs.error();
    std::vector<ListedRun> listed;
    for (casebase::Run& run : *runs) {
        run.state = standingOf(casebase, run);
        const auto spec = parseJson(run.specJson, "run " + run.id);
        std::string preset = spec.ok() && spec.value().is_object() ? spec.value().value("preset", std::string()) : std::string();
        listed.push_back({std::move(run), std::move(preset)});
    }
    return listed;
}

void RunListModel::setCasebase(CasebaseBridge* casebase)
{
    m_casebase = casebase;
    refresh();
}

void RunListModel::refresh()
{
    if (!m_casebase) {
        beginResetModel();
        m_runs.clear();
        endResetModel();
        return;
    }
    m_casebase->ask(
        this, [](casebase::Casebase& casebase) { return readRuns(casebase); },
        [this](Result<std::vector<ListedRun>> runs) {
            if (!runs.ok()) {
                Q_EMIT failed(text(runs.error().message()), text(runs.error().hint()));
                return;
            }
            take(std::move(*runs));
            Q_EMIT loaded();
        });
}

void RunListModel::take(std::vector<ListedRun> runs)
{
    for (ListedRun& listed : runs) {
        if (text(listed.run.id) != m_own)
            continue;
        // What this window was told of its own run is newer than what the casebase and the lock say.
        const casebase::Run* known = runAt(rowOf(m_own));
        listed.run.state = known != nullptr && goesOn(known->state) ? known->state : "running";
        listed.run.stepsDone = std::max(listed.run.stepsDone, known != nullptr ? known->stepsDone : 0);
    }
    const bool sameRows = std::equal(runs.cbegin(), runs.cend(), m_runs.cbegin(), m_runs.cend(),
        [](const ListedRun& a, const ListedRun& b) { return a.run.id == b.run.id; });
    if (!sameRows) {
        beginResetModel();
        m_runs = std::move(runs);
        endResetModel();
        return;
    }
    for (std::size_t i = 0; i < runs.size(); ++i) {
        if (runs[i] == m_runs[i])
            continue;
        m_runs[i] = std::move(runs[i]);
        Q_EMIT dataChanged(index(static_cast<int>(i)), index(static_cast<int>(i)));
    }
}

void RunListModel::setOwn(const QString& id) { m_own = id; }

bool RunListModel::anyElsewhere() const
{
    return std::any_of(m_runs.cbegin(), m_runs.cend(), [](const ListedRun& listed) { return listed.run.state == "elsewhere"; });
}

void RunListModel::setLive(const QString& id, const QString& state, int step)
{
    const int row = rowOf(id);
    if (row < 0)
        return;
    casebase::Run& run = m_runs[static_cast<std::size_t>(row)].run;
    run.state = state.toStdString();
    run.stepsDone = std::max(run.stepsDone, step);
    Q_EMIT dataChanged(index(row), index(row));
}

int RunListModel::rowOf(const QString& id) const
{
    for (std::size_t i = 0; i < m_runs.size(); ++i) {
        if (text(m_runs[i].run.id) == id)
            return static_cast<int>(i);
    }
    return -1;
}

const casebase::Run* RunListModel::runAt(int row) const
{
    return row >= 0 && row < static_cast<int>(m_runs.size()) ? &m_runs[static_cast<std::size_t>(row)].run : nullptr;
}

int RunListModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_runs.size()); }

QVariant RunListModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const ListedRun& listed = m_runs[static_cast<std::size_t>(index.row())];
    const casebase::Run& run = listed.run;
    switch (role) {
    case Qt::DisplayRole:
        return text(run.name.empty() ? run.id : run.name);
    case idRole:
        return text(run.id);
    case stateRole:
        return text(run.state);
    case detailRole:
        return run.stepsDone >= run.steps ? counted(run.steps, tr("1 step"), tr("%1 steps"))
                                          : tr("step %1 of %2").arg(run.stepsDone).arg(run.steps);
    case searchRole:
        return text(run.name + " " + run.id + " " + run.state + " " + listed.preset + " " + run.model);
    case whenRole:
        return QDateTime::fromMSecsSinceEpoch(run.startedMs);
    case Qt::ToolTipRole:
        return run.message.empty() ? text(run.id) : text(run.id + ": " + run.message);
    case Qt::EditRole:
        return text(run.name.empty() ? run.id : run.name);
    default:
        return {};
    }
}

Qt::ItemFlags RunListModel::flags(const QModelIndex& index) const
{
    const bool editable = index.isValid() && m_casebase && !m_casebase->isReadOnly();
    return QAbstractListModel::flags(index) | (editable ? Qt::ItemIsEditable : Qt::NoItemFlags);
}

bool RunListModel::setData(const QModelIndex& index, const QVariant& value, int role)
{
    if (role != Qt::EditRole || !checkIndex(index, CheckIndexOption::IndexIsValid) || !m_casebase)
        return false;
    const std::string name = value.toString().trimmed().toStdString();
    casebase::Run& run = m_runs[static_cast<std::size_t>(index.row())].run;
    if (name.empty() || name == run.name)
        return false;
    m_casebase->ask(
        this, [id = run.id, name](casebase::Casebase& casebase) { return workspace::renameRun(casebase, id, name); },
        [this](const Status& renamed) {
            if (!renamed.ok())
                Q_EMIT failed(text(renamed.error().message()), text(renamed.error().hint()));
            refresh(); // also where it failed: then the old name comes back
        });
    run.name = name;
    Q_EMIT dataChanged(index, index);
    return true;
}

} // namespace precedent::ui
