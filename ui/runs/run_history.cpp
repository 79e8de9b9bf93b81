#include "ui/runs/run_history.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include "precedent/workspace/run_notes.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/runs/draft_row.h"
#include "ui/runs/figures_text.h"
#include "ui/runs/run_delegate.h"
#include "ui/runs/run_filter.h"
#include "ui/runs/run_list_model.h"
#include "ui/shell/card.h"
#include "ui/shell/counted.h"
#include "ui/shell/icons.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kFewestToCompare = 2;
constexpr int kMostToCompare = 8; ///< as many colours as there are to tell apart

QString text(const std::string& value) { return QString::fromStdString(value); }

} // namespace

RunHistory::RunHistory(QWidget* parent)
    : Pane(parent, true)
    , m_runs(new RunListModel(this))
    , m_shown(new RunFilter(this))
    , m_filter(new QLineEdit(this))
    , m_draft(new DraftRow(this))
    , m_list(new QListView(this))
    , m_count(new QuietLabel({}, secondaryFont(), this))
    , m_compare(new QPushButton(tr("Compare"), this))
{
    m_shown->setSourceModel(m_runs);
    m_filter->setObjectName(QStringLiteral("runFilterEdit"));
    m_filter->setAccessibleName(tr("Filter runs"));
    m_filter->setPlaceholderText(tr("Filter runs"));
    m_filter->setClearButtonEnabled(true);
    m_filter->addAction(themedIcon(QStringLiteral("filter")), QLineEdit::LeadingPosition);
    m_list->setObjectName(QStringLiteral("runsList"));
    m_list->setAccessibleName(tr("Runs"));
    m_list->setModel(m_shown);
    m_list->setItemDelegate(new RunDelegate(m_list));
    m_list->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_list->setEditTriggers(QAbstractItemView::EditKeyPressed);
    m_list->setContextMenuPolicy(Qt::CustomContextMenu);
    m_list->setBackgroundRole(QPalette::Window);
    m_list->viewport()->setBackgroundRole(QPalette::Window);
    auto* add = new QToolButton(this);
    add->setObjectName(QStringLiteral("newRunButton"));
    add->setIcon(themedIcon(QStringLiteral("plus")));
    add->setToolTip(tr("New run"));
    add->setAccessibleName(tr("New run"));
    bar()->addWidget(m_filter, 1);
    bar()->addWidget(add);
    auto* body = new QWidget(this);
    auto* rows = new QVBoxLayout(body);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(0);
    rows->addWidget(m_draft);
    rows->addWidget(m_list, 1);
    m_draft->hide();
    setBody(body);
    auto* foot = new QWidget(this);
    auto* footRow = new QHBoxLayout(foot);
    footRow->setContentsMargins(12, 4, 8, 4);
    m_count->setObjectName(QStringLiteral("runCountLabel"));
    m_count->setWordWrap(false);
    m_compare->setObjectName(QStringLiteral("compareButton"));
    m_compare->setProperty("plain", true);
    m_compare->setToolTip(tr("Select two or more runs (Ctrl+click), then compare their curves and figures"));
    footRow->addWidget(m_count);
    footRow->addStretch();
    footRow->addWidget(m_compare);
    addBelow(foot);

    auto* removeAction = new QAction(tr("Delete the run"), m_list);
    removeAction->setObjectName(QStringLiteral("deleteRun"));
    removeAction->setShortcut(QKeySequence::Delete);
    removeAction->setShortcutContext(Qt::WidgetShortcut);
    m_list->addAction(removeAction);
    connect(removeAction, &QAction::triggered, this, [this] { askToDelete(currentId()); });
    connect(add, &QToolButton::clicked, this, &RunHistory::newWanted);
    connect(m_filter, &QLineEdit::textChanged, this, [this](const QString& typed) {
        m_shown->setWords(typed);
        follow();
    });
    connect(m_filter, &QLineEdit::returnPressed, m_list, [this] { m_list->setFocus(); });
    const auto choose = [this] {
        if (const QString id = currentId(); !id.isEmpty())
            Q_EMIT chosen(id);
    };
    connect(m_list->selectionModel(), &QItemSelectionModel::currentChanged, this, choose);
    connect(m_list, &QListView::clicked, this, choose);
    connect(m_list, &QListView::activated, this, choose);
    connect(m_list->selectionModel(), &QItemSelectionModel::selectionChanged, this, &RunHistory::follow);
    connect(m_list, &QListView::customContextMenuRequested, this, &RunHistory::showMenu);
    connect(m_compare, &QPushButton::clicked, this, [this] { Q_EMIT compareWanted(selectedIds()); });
    connect(m_runs, &RunListModel::loaded, this, &RunHistory::follow);
    connect(m_runs, &QAbstractItemModel::modelReset, this, &RunHistory::follow);
    connect(m_runs, &RunListModel::failed, this, &RunHistory::troubled);
    follow();
}

void RunHistory::setCasebase(CasebaseBridge* casebase)
{
    m_casebase = casebase;
    m_filter->clear();
    m_runs->setOwn({});
    m_runs->setCasebase(casebase);
}

QString RunHistory::currentId() const { return m_list->currentIndex().data(RunListModel::idRole).toString(); }

bool RunHistory::select(const QString& id)
{
    if (m_shown->rowCount() == 0)
        return false;
    const QModelIndex wanted = m_shown->mapFromSource(m_runs->index(std::max(0, m_runs->rowOf(id))));
    m_list->setCurrentIndex(wanted.isValid() ? wanted : m_shown->index(0, 0));
    return true;
}

void RunHistory::clearSelection() { m_list->selectionModel()->clear(); }

void RunHistory::setDraft(const QString& what)
{
    m_draft->setVisible(!what.isEmpty());
    if (what.isEmpty())
        return;
    m_draft->setWhat(what);
    m_list->clearSelection();
}

QStringList RunHistory::selectedIds() const
{
    QStringList ids;
    const QModelIndexList rows = m_list->selectionModel()->selectedRows();
    for (const QModelIndex& row : rows)
        ids += row.data(RunListModel::idRole).toString();
    return ids;
}

void RunHistory::follow()
{
    const int all = m_runs->rowCount();
    const int shown = m_shown->rowCount();
    m_count->setText(shown == all ? counted(all, tr("1 run"), tr("%1 runs")) : tr("%L1 of %L2 runs").arg(shown).arg(all));
    const qsizetype selected = m_list->selectionModel()->selectedRows().size();
    m_compare->setEnabled(selected >= kFewestToCompare && selected <= kMostToCompare);
    m_compare->setText(selected >= kFewestToCompare ? tr("Compare %1").arg(selected) : tr("Compare"));
}

void RunHistory::showMenu(const QPoint& at)
{
    const QModelIndex index = m_list->indexAt(at);
    if (!index.isValid())
        return;
    const QString id = index.data(RunListModel::idRole).toString();
    QMenu menu(this);
    menu.addAction(tr("Rename"), this, [this, index] { m_list->edit(index); });
    auto* compare = menu.addAction(tr("Compare the selected runs"), this, [this] { Q_EMIT compareWanted(selectedIds()); });
    compare->setEnabled(m_compare->isEnabled());
    menu.addSeparator();
    menu.addAction(tr("Delete"), this, [this, id] { askToDelete(id); });
    menu.exec(m_list->viewport()->mapToGlobal(at));
}

void RunHistory::askToDelete(const QString& id)
{
    if (m_casebase == nullptr || id.isEmpty())
        return;
    m_casebase->ask(
        this,
        [run = id.toStdString()](
            casebase::Casebase& casebase) { return workspace::planRemoval(casebase, run, workspace::Removal::everything); },
        [this, id](const Result<workspace::RemovalPlan>& plan) {
            if (!plan.ok()) {
                Q_EMIT troubled(text(plan.error().message()), text(plan.error().hint()));
                return;
            }
            const workspace::RemovalPlan& what = plan.value();
            auto* box = new QMessageBox(QMessageBox::Warning, tr("Delete a run"),
                tr("Delete %1?").arg(text(what.run.name.empty() ? what.run.id : what.run.name)), QMessageBox::Cancel, this);
            box->setObjectName(QStringLiteral("deleteRunBox"));
            box->setAttribute(Qt::WA_DeleteOnClose);
            box->setInformativeText(
                tr("Its record leaves the casebase: %1 with every answer, and its figures before and after. It has %2 on disk (%3). "
                   "This cannot be undone.")
                    .arg(counted(what.run.stepsDone, tr("1 step"), tr("%1 steps")),
                        counted(static_cast<qint64>(what.folders.size()), tr("1 checkpoint"), tr("%1 checkpoints")),
                        bytesText(what.bytes)));
            auto* everything = box->addButton(tr("Delete with its checkpoints"), QMessageBox::DestructiveRole);
            everything->setObjectName(QStringLiteral("deleteEverythingButton"));
            auto* record = box->addButton(tr("Delete, keep the checkpoints"), QMessageBox::DestructiveRole);
            record->setObjectName(QStringLiteral("deleteRecordButton"));
            box->setDefaultButton(QMessageBox::Cancel);
            connect(everything, &QPushButton::clicked, this, [this, id] { remove(id, false); });
            connect(record, &QPushButton::clicked, this, [this, id] { remove(id, true); });
            box->open();
        });
}

void RunHistory::remove(const QString& id, bool keepFiles)
{
    const workspace::Removal what = keepFiles ? workspace::Removal::recordOnly : workspace::Removal::everything;
    m_casebase->write(
        this,
        [run = id.toStdString(), what](casebase::Casebase& casebase) -> Status {
            const auto plan = workspace::planRemoval(casebase, run, what);
            return plan.ok() ? workspace::removeRun(casebase, plan.value(), what) : Status(plan.error());
        },
        [this](const Status& removed) {
            if (!removed.ok())
                Q_EMIT troubled(text(removed.error().message()), text(removed.error().hint()));
            m_runs->refresh();
        });
}

} // namespace precedent::ui
