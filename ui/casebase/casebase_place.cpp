#include "ui/casebase/casebase_place.h"

#include <QAction>
#include <QComboBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QSplitter>
#include <QTableView>
#include <QTimer>
#include <QToolButton>
#include <QTreeView>
#include <QVBoxLayout>

#include "precedent/casebase/search.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/casebase/case_delegate.h"
#include "ui/casebase/case_detail.h"
#include "ui/casebase/case_table_model.h"
#include "ui/casebase/code_delegate.h"
#include "ui/casebase/code_tree_model.h"
#include "ui/casebase/import_dialog.h"
#include "ui/casebase/status_look.h"
#include "ui/shell/counted.h"
#include "ui/shell/disposition_look.h"
#include "ui/shell/icons.h"
#include "ui/shell/pane.h"
#include "ui/shell/reveal.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kCodesWidth = 256;
constexpr int kDetailWidth = 464;
constexpr int kTypingPauseMs = 120;
constexpr int kMenuLetters = 60;
constexpr int kSearchedRows = 128; ///< the first page: what is farther away is not looked for

} // namespace

CasebasePlace::CasebasePlace(QUndoStack* undo, QWidget* parent)
    : Place(parent)
    , m_codes(new CodeTreeModel(this))
    , m_cases(new CaseTableModel(this))
    , m_tree(new QTreeView(this))
    , m_table(new QTableView(this))
    , m_search(new QLineEdit(this))
    , m_disposition(new QComboBox(this))
    , m_status(new QComboBox(this))
    , m_count(new QLabel(this))
    , m_detail(new CaseDetail(undo, this))
    , m_drafts(new QToolButton(this))
{
    makeActions();
    m_tree->setObjectName(QStringLiteral("codesTree"));
    m_tree->setModel(m_codes);
    m_tree->setItemDelegate(new CodeDelegate(m_tree));
    m_tree->setHeaderHidden(true);
    m_tree->setUniformRowHeights(true);
    m_tree->viewport()->setBackgroundRole(QPalette::Window);
    m_tree->setAccessibleName(tr("Codes"));

    m_table->setObjectName(QStringLiteral("casesTable"));
    m_table->setModel(m_cases);
    m_table->setItemDelegate(new CaseDelegate(m_table));
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setShowGrid(false);
    m_table->setWordWrap(false);
    m_table->setSortingEnabled(true);
    m_table->setAccessibleName(tr("Cases"));
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setMinimumSectionSize(kRowHeight);
    m_table->verticalHeader()->setDefaultSectionSize(kRowHeight);
    QHeaderView* header = m_table->horizontalHeader();
    header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    header->setSortIndicator(CaseTableModel::idColumn, Qt::AscendingOrder);
    header->setHighlightSections(false);
    const int widths[] = {88, 0, 76, 128, 112};
    for (int column = 0; column < CaseTableModel::columnCount_; ++column)
        header->resizeSection(column, widths[column]);
    header->setSectionResizeMode(CaseTableModel::requestColumn, QHeaderView::Stretch);

    m_search->setObjectName(QStringLiteral("caseSearchEdit"));
    m_search->setAccessibleName(tr("Search cases"));
    m_search->setPlaceholderText(tr("Search cases"));
    m_search->setClearButtonEnabled(true);
    m_search->addAction(themedIcon(QStringLiteral("inspect")), QLineEdit::LeadingPosition);
    m_disposition->setObjectName(QStringLiteral("dispositionFacet"));
    m_disposition->setAccessibleName(tr("Disposition"));
    m_disposition->addItem(tr("any disposition"), -1);
    for (const Disposition d : {Disposition::comply, Disposition::safeComplete, Disposition::refuse, Disposition::unknown}) {
        const DispositionLook look = lookOf(d);
        m_disposition->addItem(themedIcon(look.icon, look.role), look.word, static_cast<int>(d));
    }
    m_status->setObjectName(QStringLiteral("statusFacet"));
    m_status->setAccessibleName(tr("Status"));
    m_status->addItem(tr("any status"), -1);
    for (const casebase::CaseStatus status : kCaseStatuses)
        m_status->addItem(lookOf(status).word, static_cast<int>(status));
    m_count->setObjectName(QStringLiteral("caseCountLabel"));

    auto* middle = new Pane(this);
    middle->bar()->addWidget(m_search, 1);
    middle->bar()->addWidget(m_disposition);
    middle->bar()->addWidget(m_status);
    middle->bar()->addSpacing(8);
    middle->bar()->addWidget(m_count);
    middle->bar()->addWidget(m_drafts);
    auto* newButton = new QToolButton(middle);
    newButton->setObjectName(QStringLiteral("newCaseButton"));
    newButton->setDefaultAction(m_newCase);
    newButton->setToolButtonStyle(Qt::ToolButtonIconOnly);
    newButton->setProperty("plain", true);
    newButton->setAccessibleName(tr("New case"));
    middle->bar()->addWidget(newButton);
    middle->setBody(m_table);
    auto* left = new Pane(this, true);
    auto* codesTitle = new QLabel(tr("Codes"), left);
    codesTitle->setFont(sectionFont());
    auto* importButton = new QToolButton(left);
    importButton->setObjectName(QStringLiteral("importFilesButton"));
    importButton->setIcon(themedIcon(QStringLiteral("import")));
    importButton->setToolTip(tr("Import"));
    importButton->setAccessibleName(tr("Import"));
    importButton->setProperty("plain", true);
    connect(importButton, &QToolButton::clicked, this, [this] { importFiles(); });
    left->bar()->addWidget(codesTitle);
    left->bar()->addStretch();
    left->bar()->addWidget(importButton);
    left->setBody(m_tree);

    auto* splitter = new QSplitter(this);
    splitter->setObjectName(QStringLiteral("casebaseSplitter"));
    splitter->addWidget(left);
    splitter->addWidget(middle);
    splitter->addWidget(m_detail);
    splitter->setSizes({kCodesWidth, 1392 - kCodesWidth - kDetailWidth, kDetailWidth});
    splitter->setStretchFactor(1, 1);
    splitter->setChildrenCollapsible(false);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(splitter);

    auto* pause = new QTimer(this);
    pause->setSingleShot(true);
    pause->setInterval(kTypingPauseMs);
    connect(pause, &QTimer::timeout, this, &CasebasePlace::filter);
    for (QComboBox* facet : {m_disposition, m_status})
        connect(facet, &QComboBox::currentIndexChanged, this, &CasebasePlace::filter);
    connect(m_search, &QLineEdit::textChanged, pause, qOverload<>(&QTimer::start));
    connect(m_tree->selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex& current) {
        m_code = current.data(CodeTreeModel::idRole).toString();
        filter();
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &CasebasePlace::showCurrent);
    connect(m_codes, &QAbstractItemModel::modelReset, this, [this] {
        m_detail->setCodes(m_codes->names());
        m_tree->expandAll();
        const QModelIndex again = m_codes->indexOf(m_code);
        if (again.isValid())
            m_tree->setCurrentIndex(again);
    });
    connect(m_cases, &CaseTableModel::countsChanged, this, [this](qint64 shown, qint64 total) {
        m_count->setText(shown == total ? tr("%L1 cases").arg(total) : tr("%L1 of %L2").arg(shown).arg(total));
    });
    connect(m_cases, &CaseTableModel::failed, this, [this](const QString& message) { Q_EMIT troubled(message, {}); });
    connect(m_detail, &CaseDetail::caseWanted, this, &CasebasePlace::openCase);
    connect(m_detail, &CaseDetail::troubled, this, &Place::troubled);
    connect(m_detail, &CaseDetail::newDraftsChanged, this, &CasebasePlace::countNewDrafts);
    connect(m_detail, &CaseDetail::caseAdded, this, [this](const QString& id) { m_shown = id; });
    // An edit makes the models ask anew: what was chosen stays chosen.
    connect(m_cases, &QAbstractItemModel::dataChanged, this, &CasebasePlace::chooseAgain);
    connect(m_cases, &QAbstractItemModel::modelReset, this, &CasebasePlace::chooseAgain);
    connect(m_codes, &CodeTreeModel::failed, this, [this](const QString& message) { Q_EMIT troubled(message, {}); });
}

void CasebasePlace::makeActions()
{
    m_newCase = new QAction(themedIcon(QStringLiteral("plus")), tr("New case"), this);
    m_newCase->setObjectName(QStringLiteral("newCase"));
    m_newCase->setShortcut(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_N));
    m_newCase->setEnabled(false);
    addAction(m_newCase);
    // Queued: where the window shows this place for it first, the editor gets the focus last.
    connect(m_newCase, &QAction::triggered, this, &CasebasePlace::newEmptyCase, Qt::QueuedConnection);
    m_drafts->setObjectName(QStringLiteral("newDraftsButton"));
    m_drafts->setProperty("plain", true);
    m_drafts->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_drafts->setIcon(themedIcon(QStringLiteral("draft")));
    m_drafts->setToolTip(tr("Cases that were never saved"));
    m_drafts->hide();
    connect(m_drafts, &QToolButton::clicked, this, &CasebasePlace::offerNewDrafts);
}

void CasebasePlace::newEmptyCase()
{
    casebase::Case blank;
    if (!m_code.isEmpty())
        blank.codes.push_back({m_code.toStdString(), true});
    newCase(blank, {});
}

void CasebasePlace::newCase(const casebase::Case& prefilled, const std::string& burnsPrompt)
{
    if (m_casebase == nullptr)
        return;
    if (m_casebase->isReadOnly()) {
        Q_EMIT troubled(
            tr("This casebase is open read-only, so no case can be added."), tr("Make a copy where you may write, and open that."));
        return;
    }
    m_table->clearSelection();
    m_table->setCurrentIndex({});
    m_shown.clear();
    m_detail->newCase(prefilled, burnsPrompt);
}

void CasebasePlace::countNewDrafts()
{
    if (m_casebase == nullptr)
        return m_drafts->hide();
    m_casebase->ask(
        this, [](casebase::Casebase& casebase) { return newCaseDrafts(casebase); },
        [this](const Result<std::vector<CaseDraft>>& drafts) {
            const auto n = drafts.ok() ? static_cast<qint64>(drafts->size()) : 0;
            m_drafts->setVisible(n > 0);
            m_drafts->setText(counted(n, tr("1 unsaved"), tr("%1 unsaved")));
        });
}

void CasebasePlace::offerNewDrafts()
{
    m_casebase->ask(
        this, [](casebase::Casebase& casebase) { return newCaseDrafts(casebase); },
        [this](const Result<std::vector<CaseDraft>>& drafts) {
            if (!drafts.ok() || drafts->empty())
                return;
            auto* menu = new QMenu(this);
            menu->setObjectName(QStringLiteral("newDraftsMenu"));
            menu->setAttribute(Qt::WA_DeleteOnClose);
            for (const CaseDraft& draft : *drafts) {
                const bool hidden = !Reveal::instance().isOn() && isSensitive(draft.value.disposition, draft.value.source);
                QString words = QString::fromStdString(lastUserText(draft.value.request)).simplified().left(kMenuLetters);
                if (hidden || words.isEmpty())
                    words = words.isEmpty() ? tr("nothing written yet") : tr("sensitive, hidden");
                menu->addAction(words, this, [this, draft] {
                    m_table->clearSelection();
                    m_table->setCurrentIndex({});
                    m_shown.clear();
                    m_detail->openNewDraft(draft);
                });
            }
            menu->popup(m_drafts->mapToGlobal(QPoint(0, m_drafts->height())));
        });
}

void CasebasePlace::importFiles(const QStringList& files)
{
    if (m_casebase == nullptr)
        return;
    if (m_casebase->isReadOnly()) {
        Q_EMIT troubled(
            tr("This casebase is open read-only, so nothing can be imported."), tr("Make a copy where you may write, and open that."));
        return;
    }
    QStringList chosen = files;
    if (chosen.isEmpty())
        chosen = QFileDialog::getOpenFileNames(this, tr("Import"), {}, tr("Data (*.csv *.tsv *.json *.jsonl);;All files (*)"));
    if (chosen.isEmpty())
        return;
    auto* dialog = new ImportDialog(m_casebase->path(), chosen, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &ImportDialog::imported, this, [this] { m_casebase->announceChange(); });
    dialog->open();
}

void CasebasePlace::openCase(const QString& id)
{
    for (int row = 0; row < m_cases->rowCount(); ++row) {
        if (m_cases->idAt(row) == id) {
            m_table->selectRow(row);
            m_table->scrollTo(m_cases->index(row, 0));
            return;
        }
    }
    m_detail->showCase(id);
}

void CasebasePlace::openCode(const QString& id)
{
    const QModelIndex index = m_codes->indexOf(id);
    if (index.isValid())
        m_tree->setCurrentIndex(index);
}

void CasebasePlace::setCasebase(CasebaseBridge* casebase)
{
    m_casebase = casebase;
    m_shown.clear();
    m_newCase->setEnabled(casebase != nullptr && !casebase->isReadOnly());
    m_codes->setCasebase(casebase);
    m_cases->setCasebase(casebase);
    m_detail->setCasebase(casebase);
    countNewDrafts();
}

QWidget* CasebasePlace::filterField() const { return m_search; }

QString CasebasePlace::help() const
{
    return tr("Codes say what a model should help with; cases show how they apply. Choose a code at the left to see its cases, or search "
              "(Ctrl+F): words, \"a phrase\", or a beginning with a star. The case at the right is edited in place; Save makes one edit "
              "that can be "
              "undone (Ctrl+Z). An approved case that is edited goes back in review.");
}

QWidget* CasebasePlace::mainView() { return m_table; }

void CasebasePlace::filter()
{
    casebase::CaseFilter filter = casebase::parseQuery(m_search->text().toStdString()).filter;
    if (!m_code.isEmpty())
        filter.codes.push_back(m_code.toStdString());
    if (const int d = m_disposition->currentData().toInt(); d >= 0)
        filter.dispositions = {static_cast<Disposition>(d)};
    if (const int s = m_status->currentData().toInt(); s >= 0)
        filter.statuses = {static_cast<casebase::CaseStatus>(s)};
    m_cases->setFilter(filter);
}

void CasebasePlace::showCurrent()
{
    const QString id = m_cases->idAt(m_table->currentIndex().row());
    if (id.isEmpty())
        return;
    m_shown = id;
    m_detail->showCase(id);
}

void CasebasePlace::chooseAgain()
{
    if (m_table->currentIndex().isValid()) {
        if (m_shown.isEmpty())
            showCurrent();
        return;
    }
    if (m_shown.isEmpty())
        return;
    for (int row = 0; row < m_cases->rowCount() && row < kSearchedRows; ++row) {
        if (m_cases->idAt(row) == m_shown) {
            m_table->selectRow(row);
            return;
        }
    }
}

} // namespace precedent::ui
