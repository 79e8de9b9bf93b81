#include "ui/evaluate/rows_panel.h"

#include <array>
#include <tuple>

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>

#include "ui/bridge/casebase_bridge.h"
#include "ui/evaluate/answer_view.h"
#include "ui/evaluate/cell_rows_delegate.h"
#include "ui/evaluate/evaluation_look.h"
#include "ui/shell/card.h"
#include "ui/shell/pane.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kAnswerWidth = 392;
constexpr std::array kChips{CellRowsModel::Show::counting, CellRowsModel::Show::others, CellRowsModel::Show::changed};
constexpr std::array kChipNames{"countingChip", "othersChip", "changedChip"};

RowsOf placeOf(const workspace::TableRow* row) { return row == nullptr ? RowsOf{} : RowsOf{row->evaluation, row->mode, row->attack}; }

/// What counts on a column, and what does not.
std::pair<QString, QString> chipWords(workspace::TableColumn column)
{
    switch (column) {
    case workspace::TableColumn::harmfulAnswered:
    case workspace::TableColumn::harmfulUnderAttack:
        return {RowsPanel::tr("answered"), RowsPanel::tr("not answered")};
    case workspace::TableColumn::benignRefused:
    case workspace::TableColumn::benignRefusedWrapped:
        return {RowsPanel::tr("refused"), RowsPanel::tr("not refused")};
    case workspace::TableColumn::utility:
        return {RowsPanel::tr("right"), RowsPanel::tr("not right")};
    case workspace::TableColumn::noAnswer:
        break;
    }
    return {RowsPanel::tr("no answer"), RowsPanel::tr("some answer")};
}

void prepareTable(QTableView& table, CellRowsModel& model)
{
    table.setObjectName(QStringLiteral("cellRowsTable"));
    table.setAccessibleName(RowsPanel::tr("Answers behind the figure"));
    table.setModel(&model);
    table.setItemDelegate(new CellRowsDelegate(&table));
    table.setShowGrid(false);
    table.setFrameShape(QFrame::NoFrame);
    table.setSelectionBehavior(QAbstractItemView::SelectRows);
    table.setSelectionMode(QAbstractItemView::SingleSelection);
    table.setTabKeyNavigation(false);
    table.verticalHeader()->hide();
    table.verticalHeader()->setMinimumSectionSize(kRowHeight);
    table.verticalHeader()->setDefaultSectionSize(kRowHeight);
    QHeaderView* header = table.horizontalHeader();
    header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    header->setHighlightSections(false);
    const std::array widths{112, 200, 96, 152, 152, 120};
    for (int column = 0; column < CellRowsModel::columnCount_; ++column)
        header->resizeSection(column, widths[static_cast<std::size_t>(column)]);
    header->setSectionResizeMode(CellRowsModel::requestColumn, QHeaderView::Stretch);
}

} // namespace

RowsPanel::RowsPanel(QWidget* parent)
    : QWidget(parent)
    , m_model(new CellRowsModel(this))
    , m_title(new QLabel(this))
    , m_measures(new QuietLabel({}, bodyFont(), this))
    , m_chips(new QButtonGroup(this))
    , m_table(new QTableView(this))
    , m_answer(new AnswerView(this))
{
    setObjectName(QStringLiteral("rowsPanel"));
    auto* left = new Pane(this);
    m_title->setObjectName(QStringLiteral("figureTitleLabel"));
    QFont strong = bodyFont();
    strong.setWeight(QFont::DemiBold);
    m_title->setFont(strong);
    left->bar()->addWidget(m_title);
    m_chips->setExclusive(false); // all are off where every row is shown
    for (std::size_t i = 0; i < kChips.size(); ++i) {
        auto* chip = new QPushButton(left);
        chip->setObjectName(QString::fromLatin1(kChipNames[i]));
        chip->setCheckable(true);
        m_chips->addButton(chip, static_cast<int>(i));
        left->bar()->addWidget(chip);
    }
    m_measures->setObjectName(QStringLiteral("figureMeasuresLabel"));
    m_measures->setWordWrap(false);
    m_measures->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    left->bar()->addWidget(m_measures, 1);
    prepareTable(*m_table, *m_model);
    left->setBody(m_table);
    auto* splitter = new QSplitter(this);
    splitter->setObjectName(QStringLiteral("rowsSplitter"));
    splitter->addWidget(left);
    splitter->addWidget(m_answer);
    splitter->setSizes({1000, kAnswerWidth});
    splitter->setStretchFactor(0, 1);
    splitter->setChildrenCollapsible(false);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(splitter);
    connect(m_chips, &QButtonGroup::idToggled, this, [this](int id, bool on) {
        if (on) {
            for (QAbstractButton* other : m_chips->buttons()) {
                if (m_chips->id(other) != id)
                    other->setChecked(false);
            }
        }
        const int checked = m_chips->checkedId();
        m_model->setShow(checked < 0 ? CellRowsModel::Show::all : kChips[static_cast<std::size_t>(checked)]);
        showCurrent();
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentChanged, this, &RowsPanel::showCurrent);
    connect(m_table, &QTableView::activated, this, &RowsPanel::askInspect);
    connect(m_answer, &AnswerView::inspectAsked, this, &RowsPanel::askInspect);
    connect(m_answer, &AnswerView::citationClicked, this, &RowsPanel::citationClicked);
    clear();
}

void RowsPanel::setCasebase(CasebaseBridge* casebase)
{
    m_casebase = casebase;
    clear();
}

void RowsPanel::clear()
{
    ++m_question;
    m_title->setText(tr("Choose a figure to read the answers behind it"));
    m_model->setRows({}, {}, {});
    for (QAbstractButton* chip : m_chips->buttons())
        chip->hide();
    showMeasures({});
    m_answer->setRow(nullptr, {});
}

void RowsPanel::showMeasures(const std::vector<workspace::TableMeasure>& measures)
{
    QStringList said, about;
    for (const workspace::TableMeasure& measure : measures) {
        said += wordsOf(measure);
        about += aboutMeasure(measure);
    }
    m_measures->setText(said.join(QStringLiteral(", ")));
    m_measures->setToolTip(about.join(QLatin1Char('\n')));
}

void RowsPanel::focusRows()
{
    m_table->setFocus(Qt::OtherFocusReason);
    if (!m_table->currentIndex().isValid() && m_model->rowCount() > 0)
        m_table->selectRow(0);
}

void RowsPanel::begin(const workspace::TableRow& row)
{
    ++m_question;
    m_name = labelOf(row);
    m_modelName = row.name();
    m_mode = row.mode;
    showMeasures({});
}

void RowsPanel::showFigure(const workspace::TableRow& row, workspace::TableColumn column, const workspace::TableRow* reference)
{
    if (m_casebase == nullptr)
        return;
    begin(row);
    m_title->setText(tr("%1: %2").arg(m_name, wordsOf(column)));
    showMeasures(row.cell(column).measures);
    std::tie(m_words[0], m_words[1]) = chipWords(column);
    const QString referenceTitle = reference == nullptr ? QString() : labelOf(*reference);
    m_casebase->ask(
        this,
        [of = placeOf(&row), beside = placeOf(reference), column](
            casebase::Casebase& casebase) { return readCellRows(casebase, of, column, beside); },
        [this, question = m_question, referenceTitle](
            Result<std::vector<CellRow>> rows) { take(question, std::move(rows), referenceTitle); });
}

void RowsPanel::showRegressions(const workspace::TableRow& row, const workspace::TableRow& reference)
{
    if (m_casebase == nullptr)
        return;
    begin(row);
    m_title->setText(tr("%1: got worse than %2").arg(m_name, labelOf(reference)));
    m_words[0].clear();
    m_words[1].clear();
    m_casebase->ask(
        this,
        [of = placeOf(&row), beside = placeOf(&reference)](casebase::Casebase& casebase) { return readRegressions(casebase, of, beside); },
        [this, question = m_question, title = labelOf(reference)](
            Result<std::vector<CellRow>> rows) { take(question, std::move(rows), title); });
}

void RowsPanel::take(int question, Result<std::vector<CellRow>> rows, const QString& referenceTitle)
{
    if (question != m_question)
        return;
    if (!rows.ok()) {
        Q_EMIT troubled(QString::fromStdString(rows.error().message()), QString::fromStdString(rows.error().hint()));
        return;
    }
    m_model->setRows(std::move(*rows), referenceTitle, m_name);
    m_table->setColumnHidden(CellRowsModel::referenceColumn, referenceTitle.isEmpty());
    const std::array words{m_words[0], m_words[1], tr("changed against the reference")};
    for (std::size_t i = 0; i < kChips.size(); ++i) {
        QAbstractButton* chip = m_chips->button(static_cast<int>(i));
        const std::size_t n = m_model->count(kChips[i]);
        chip->setText(QStringLiteral("%1  %L2").arg(words[i]).arg(n));
        chip->setVisible(!m_words[0].isEmpty() && (kChips[i] != CellRowsModel::Show::changed || !referenceTitle.isEmpty()));
        chip->setChecked(false);
    }
    // What the figure counts is what a reader comes for.
    if (!m_words[0].isEmpty() && m_model->count(CellRowsModel::Show::counting) > 0)
        m_chips->button(0)->setChecked(true);
    else
        m_model->setShow(CellRowsModel::Show::all);
    showCurrent();
}

void RowsPanel::showCurrent() { m_answer->setRow(m_model->at(m_table->currentIndex().row()), m_name); }

void RowsPanel::askInspect()
{
    const CellRow* row = m_model->at(m_table->currentIndex().row());
    if (row == nullptr || row->messages.empty())
        return;
    InspectOrder order;
    order.messages = row->messages;
    order.models = {m_modelName};
    order.modes = {m_mode};
    order.promptId = row->row.promptId;
    Q_EMIT inspectWanted(order);
}

} // namespace precedent::ui
