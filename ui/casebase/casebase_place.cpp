#include "ui/casebase/casebase_place.h"

#include <QComboBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
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
#include "ui/shell/disposition_look.h"
#include "ui/shell/icons.h"
#include "ui/shell/pane.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kCodesWidth = 256;
constexpr int kDetailWidth = 464;
constexpr int kTypingPauseMs = 120;
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
{
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
    for (const auto& [status, word] :
        {std::pair{casebase::CaseStatus::draft, tr("draft")}, {casebase::CaseStatus::inReview, tr("in review")},
            {casebase::CaseStatus::approved, tr("approved")}, {casebase::CaseStatus::retired, tr("retired")}})
        m_status->addItem(word, static_cast<int>(status));
    m_count->setObjectName(QStringLiteral("caseCountLabel"));

    auto* middle = new Pane(this);
    middle->bar()->addWidget(m_search, 1);
    middle->bar()->addWidget(m_disposition);
    middle->bar()->addWidget(m_status);
    middle->bar()->addSpacing(8);
    middle->bar()->addWidget(m_count);
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
    // An edit makes the models ask anew: what was chosen stays chosen.
    connect(m_cases, &QAbstractItemModel::dataChanged, this, &CasebasePlace::chooseAgain);
    connect(m_cases, &QAbstractItemModel::modelReset, this, &CasebasePlace::chooseAgain);
    connect(m_codes, &CodeTreeModel::failed, this, [this](const QString& message) { Q_EMIT troubled(message, {}); });
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
    m_codes->setCasebase(casebase);
    m_cases->setCasebase(casebase);
    m_detail->setCasebase(casebase);
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
    for (int row = 0; row < m_cases->rowCount() && row < kSearchedRows; ++row) {
        if (m_cases->idAt(row) == m_shown) {
            m_table->selectRow(row);
            return;
        }
    }
}

} // namespace precedent::ui
