#include "ui/runs/run_list_model.h"

#include <QDateTime>

#include "ui/bridge/casebase_bridge.h"
#include "ui/shell/counted.h"

namespace precedent::ui {
namespace {

QString text(const std::string& value) { return QString::fromStdString(value); }

} // namespace

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
        this, [](casebase::Casebase& casebase) { return casebase.runs().all(); },
        [this](Result<std::vector<casebase::Run>> runs) {
            if (!runs.ok()) {
                Q_EMIT failed(text(runs.error().message()), text(runs.error().hint()));
                return;
            }
            beginResetModel();
            m_runs = std::move(*runs);
            endResetModel();
            Q_EMIT loaded();
        });
}

void RunListModel::setLive(const QString& id, const QString& state, int step)
{
    const int row = rowOf(id);
    if (row < 0)
        return;
    casebase::Run& run = m_runs[static_cast<std::size_t>(row)];
    run.state = state.toStdString();
    run.stepsDone = std::max(run.stepsDone, step);
    Q_EMIT dataChanged(index(row), index(row));
}

int RunListModel::rowOf(const QString& id) const
{
    for (std::size_t i = 0; i < m_runs.size(); ++i) {
        if (text(m_runs[i].id) == id)
            return static_cast<int>(i);
    }
    return -1;
}

const casebase::Run* RunListModel::runAt(int row) const
{
    return row >= 0 && row < static_cast<int>(m_runs.size()) ? &m_runs[static_cast<std::size_t>(row)] : nullptr;
}

int RunListModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_runs.size()); }

QVariant RunListModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const casebase::Run& run = m_runs[static_cast<std::size_t>(index.row())];
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
    case whenRole:
        return QDateTime::fromMSecsSinceEpoch(run.startedMs);
    case Qt::ToolTipRole:
        return run.message.empty() ? text(run.id) : text(run.id + ": " + run.message);
    default:
        return {};
    }
}

} // namespace precedent::ui
