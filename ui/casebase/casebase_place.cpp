#include "ui/casebase/casebase_place.h"

#include <QAction>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QResizeEvent>
#include <QShortcut>
#include <QSplitter>
#include <QStackedWidget>
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
#include "ui/casebase/code_detail.h"
#include "ui/casebase/code_legend.h"
#include "ui/casebase/code_tree_model.h"
#include "ui/casebase/facet_bar.h"
#include "ui/casebase/import_dialog.h"
#include "ui/casebase/quick_look.h"
#include "ui/shell/counted.h"
#include "ui/shell/icons.h"
#include "ui/shell/pane.h"
#include "ui/shell/reveal.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kCodesWidth = 256;
constexpr int kDetailWidth = 464;
constexpr int kNarrowTable = 560;
constexpr int kTypingPauseMs = 120;
constexpr int kSearchLeast = 120;
constexpr int kSearchMost = 184;
constexpr int kMenuLetters = 60;
constexpr int kSearchedRows = 128; ///< the first page: what is farther away is not looked for

QToolButton* actionButton(const char* name, QAction* action, QWidget* parent)
{
    auto* button = new QToolButton(parent);
    button->setObjectName(QString::fromLatin1(name));
    button->setDefaultAction(action);
    button->setToolButtonStyle(Qt::ToolButtonIconOnly);
    button->setProperty("plain", true);
    button->setAccessibleName(action->text());
    return button;
}

} // namespace

CasebasePlace::CasebasePlace(QUndoStack* undo, QWidget* parent)
    : Place(parent)
    , m_codes(new CodeTreeModel(this))
    , m_cases(new CaseTableModel(this))
    , m_tree(new QTreeView(this))
    , m_table(new QTableView(this))
    , m_search(new QLineEdit(this))
    , m_facets(new FacetBar(this))
    , m_count(new QLabel(this))
    , m_detail(new CaseDetail(undo, this))
    , m_codeDetail(new CodeDetail(undo, this))
    , m_right(new QStackedWidget(this))
    , m_look(new QuickLook(this))
    , m_drafts(new QToolButton(this))
{
    makeActions();
    m_right->addWidget(m_detail);
    m_right->addWidget(m_codeDetail);
    auto* splitter = new QSplitter(this);
    splitter->setObjectName(QStringLiteral("casebaseSplitter"));
    splitter->addWidget(makeLeft());
    splitter->addWidget(makeMiddle());
    splitter->addWidget(m_right);
    const QList<int> widths{kCodesWidth, 1392 - kCodesWidth - kDetailWidth, kDetailWidth};
    splitter->setSizes(widths);
    // Table and detail give way by their shares; the codes' names need their width.
    splitter->setStretchFactor(1, widths.at(1) / 16);
    splitter->setStretchFactor(2, widths.at(2) / 16);
    splitter->setChildrenCollapsible(false);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(splitter);
    connectAll();
}

QWidget* CasebasePlace::makeLeft()
{
    m_tree->setObjectName(QStringLiteral("codesTree"));
    m_tree->setModel(m_codes);
    m_tree->setItemDelegate(new CodeDelegate(m_tree));
    m_tree->setHeaderHidden(true);
    m_tree->setUniformRowHeights(true);
    m_tree->viewport()->setBackgroundRole(QPalette::Window);
    m_tree->setAccessibleName(tr("Codes"));
    auto* left = new Pane(this, true);
    auto* title = new QLabel(tr("Codes"), left);
    title->setFont(sectionFont());
    left->bar()->addWidget(title);
    left->bar()->addStretch();
    left->bar()->addWidget(actionButton("newCodeButton", m_newCode, left));
    left->setBody(m_tree);
    left->addBelow(new CodeLegend(left));
    return left;
}

QWidget* CasebasePlace::makeMiddle()
{
    setUpTable();
    m_search->setObjectName(QStringLiteral("caseSearchEdit"));
    m_search->setAccessibleName(tr("Search cases"));
    m_search->setPlaceholderText(tr("Search cases"));
    m_search->setMinimumWidth(kSearchLeast);
    m_search->setMaximumWidth(kSearchMost);
    m_search->setClearButtonEnabled(true);
    m_search->addAction(themedIcon(QStringLiteral("inspect")), QLineEdit::LeadingPosition);
    m_count->setObjectName(QStringLiteral("caseCountLabel"));
    auto* middle = new Pane(this);
    auto* importButton = new QToolButton(middle);
    importButton->setObjectName(QStringLiteral("importFilesButton"));
    importButton->setIcon(themedIcon(QStringLiteral("import")));
    importButton->setToolTip(tr("Import"));
    importButton->setAccessibleName(tr("Import"));
    importButton->setProperty("plain", true);
    connect(importButton, &QToolButton::clicked, this, [this] { importFiles(); });
    middle->bar()->addWidget(m_search, 1);
    middle->bar()->addWidget(m_facets);
    middle->bar()->addStretch();
    middle->bar()->addWidget(m_count);
    middle->bar()->addWidget(m_drafts);
    middle->bar()->addWidget(importButton);
    middle->bar()->addWidget(actionButton("newCaseButton", m_newCase, middle));
    middle->setBody(m_table);
    return middle;
}

void CasebasePlace::setUpTable()
{
    m_table->setObjectName(QStringLiteral("casesTable"));
    m_table->setModel(m_cases);
    m_table->setItemDelegate(new CaseDelegate(m_table));
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setShowGrid(false);
    m_table->setWordWrap(false);
    m_table->setSortingEnabled(true);
    m_table->setAccessibleName(tr("Cases"));
    m_table->installEventFilter(this);
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
}

void CasebasePlace::connectAll()
{
    auto* pause = new QTimer(this);
    pause->setSingleShot(true);
    pause->setInterval(kTypingPauseMs);
    connect(pause, &QTimer::timeout, this, &CasebasePlace::filter);
    connect(m_facets, &FacetBar::changed, this, &CasebasePlace::filter);
    connect(m_facets, &FacetBar::codeCleared, this, [this] { m_tree->setCurrentIndex(m_codes->index(0, 0)); });
    connect(m_search, &QLineEdit::textChanged, pause, qOverload<>(&QTimer::start));
    connect(m_tree->selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex& current) {
        if (current.isValid()) // else the model is being read anew
            chooseCode(current.data(CodeTreeModel::idRole).toString());
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
    connect(m_codes, &CodeTreeModel::failed, this, [this](const QString& message) { Q_EMIT troubled(message, {}); });
    connect(m_detail, &CaseDetail::caseWanted, this, &CasebasePlace::openCase);
    connect(m_detail, &CaseDetail::troubled, this, &Place::troubled);
    connect(m_detail, &CaseDetail::newDraftsChanged, this, &CasebasePlace::countNewDrafts);
    connect(m_detail, &CaseDetail::caseAdded, this, [this](const QString& id) { m_shown = id; });
    connect(m_codeDetail, &CodeDetail::troubled, this, &Place::troubled);
    connect(m_codeDetail, &CodeDetail::newCodeWanted, m_newCode, &QAction::trigger);
    connect(m_codeDetail, &CodeDetail::codeAdded, this, [this](const QString& id) { m_code = id; });
    connect(m_codeDetail, &CodeDetail::codeRemoved, this, [this](const QString& parentCode) {
        m_code = parentCode;
        m_tree->setCurrentIndex(m_codes->indexOf(parentCode));
        m_right->setCurrentWidget(m_detail);
        filter();
    });
    // An edit makes the models ask anew: what was chosen stays chosen.
    connect(m_cases, &QAbstractItemModel::dataChanged, this, &CasebasePlace::chooseAgain);
    connect(m_cases, &QAbstractItemModel::modelReset, this, &CasebasePlace::chooseAgain);
    auto* back = new QShortcut(Qt::Key_Escape, m_right, nullptr, nullptr, Qt::WidgetWithChildrenShortcut);
    connect(back, &QShortcut::activated, this, [this] { m_table->setFocus(Qt::ShortcutFocusReason); });
}

void CasebasePlace::chooseCode(const QString& id)
{
    if (id == m_code)
        return; // the tree was read anew
    m_code = id;
    m_facets->setCode(id);
    if (!id.isEmpty()) {
        m_shown.clear();
        m_detail->showCase({});
        m_codeDetail->showCode(id);
    }
    m_right->setCurrentWidget(id.isEmpty() ? static_cast<QWidget*>(m_detail) : m_codeDetail);
    filter();
}

bool CasebasePlace::eventFilter(QObject* watched, QEvent* event)
{
    // An id begins with its code: where there is little room, the request has more use of it.
    if (watched == m_table && event->type() == QEvent::Resize)
        m_table->setColumnHidden(CaseTableModel::codesColumn, static_cast<QResizeEvent*>(event)->size().width() < kNarrowTable);
    if (watched != m_table || event->type() != QEvent::KeyPress)
        return Place::eventFilter(watched, event);
    switch (static_cast<QKeyEvent*>(event)->key()) {
    case Qt::Key_Space:
        if (m_look->isVisible()) {
            m_look->hide();
        } else {
            m_look->place(QRect(m_table->mapTo(this, QPoint()), m_table->size()));
            m_look->lookAt(m_cases->idAt(m_table->currentIndex().row()));
        }
        return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        m_look->hide();
        m_right->setCurrentWidget(m_detail);
        m_detail->focusEditor();
        return true;
    case Qt::Key_Escape:
        m_look->hide();
        return true;
    default:
        return Place::eventFilter(watched, event);
    }
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
    m_newCode = new QAction(themedIcon(QStringLiteral("plus")), tr("New code"), this);
    m_newCode->setObjectName(QStringLiteral("newCode"));
    m_newCode->setToolTip(tr("New code below the chosen one"));
    m_newCode->setEnabled(false);
    addAction(m_newCode);
    connect(
        m_newCode, &QAction::triggered, this,
        [this] {
            m_right->setCurrentWidget(m_codeDetail);
            m_codeDetail->newCode(m_code);
        },
        Qt::QueuedConnection);
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
    showNewDraft([&] { m_detail->newCase(prefilled, burnsPrompt); });
}

void CasebasePlace::showNewDraft(const std::function<void()>& open)
{
    m_table->clearSelection();
    m_table->setCurrentIndex({});
    m_shown.clear();
    m_right->setCurrentWidget(m_detail);
    open();
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
                menu->addAction(words, this, [this, draft] { showNewDraft([&] { m_detail->openNewDraft(draft); }); });
            }
            menu->popup(m_drafts->mapToGlobal(QPoint(0, m_drafts->height())));
        });
}

void CasebasePlace::importFiles(const QStringList& files)
{
    if (m_casebase == nullptr)
        return;
    QStringList chosen = files;
    if (chosen.isEmpty())
        chosen = QFileDialog::getOpenFileNames(this, tr("Import"), {}, tr("Data (*.csv *.tsv *.json *.jsonl);;All files (*)"));
    if (chosen.isEmpty())
        return;
    auto* dialog = new ImportDialog(m_casebase->path(), m_casebase->isReadOnly(), chosen, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &ImportDialog::imported, this, [this] { m_casebase->announceChange(); });
    dialog->open();
}

QVariantMap CasebasePlace::state() const
{
    return {{QStringLiteral("search"), m_search->text()}, {QStringLiteral("code"), m_code}, {QStringLiteral("case"), m_shown}};
}

void CasebasePlace::restore(const QVariantMap& state)
{
    m_search->setText(state.value(QStringLiteral("search")).toString());
    // Tree and table choose these again when they have been read.
    m_code = state.value(QStringLiteral("code")).toString();
    m_facets->setCode(m_code);
    m_shown = state.value(QStringLiteral("case")).toString();
    if (m_shown.isEmpty() && !m_code.isEmpty()) {
        m_codeDetail->showCode(m_code);
        m_right->setCurrentWidget(m_codeDetail);
    }
    filter();
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
    m_right->setCurrentWidget(m_detail);
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
    m_code.clear();
    m_facets->setCasebase(casebase);
    m_newCase->setEnabled(casebase != nullptr && !casebase->isReadOnly());
    m_newCode->setEnabled(m_newCase->isEnabled());
    m_right->setCurrentWidget(m_detail);
    m_codeDetail->setCasebase(casebase);
    m_look->setCasebase(casebase);
    m_codes->setCasebase(casebase);
    m_cases->setCasebase(casebase);
    m_detail->setCasebase(casebase);
    countNewDrafts();
}

QWidget* CasebasePlace::filterField() const { return m_search; }

QString CasebasePlace::help() const
{
    return tr(
        "Codes say what a model should help with; cases show how they apply. Choose a code at the left to see its cases and to edit it, "
        "narrow the table by facets, or search (Ctrl+F): words, \"a phrase\", or a beginning with a star. Space looks at a case, "
        "Enter edits it, Esc goes back to the table. Save makes one edit that can be undone (Ctrl+Z); an approved case that is "
        "edited goes back in review.");
}

QWidget* CasebasePlace::mainView() { return m_table; }

void CasebasePlace::filter()
{
    casebase::CaseFilter filter = casebase::parseQuery(m_search->text().toStdString()).filter;
    m_facets->narrow(filter);
    m_cases->setFilter(filter);
}

void CasebasePlace::showCurrent()
{
    const QString id = m_cases->idAt(m_table->currentIndex().row());
    if (id.isEmpty())
        return;
    m_shown = id;
    m_right->setCurrentWidget(m_detail);
    m_detail->showCase(id);
    if (m_look->isVisible())
        m_look->lookAt(id);
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
