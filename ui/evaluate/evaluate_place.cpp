#include "ui/evaluate/evaluate_place.h"

#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QProgressBar>
#include <QPushButton>
#include <QStackedWidget>
#include <QTableView>

#include "precedent/workspace/run_service.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/bridge/evaluation_job.h"
#include "ui/bridge/job_line.h"
#include "ui/evaluate/check_dialog.h"
#include "ui/evaluate/evaluate_dialog.h"
#include "ui/evaluate/evaluation_look.h"
#include "ui/evaluate/rows_panel.h"
#include "ui/evaluate/summary_panels.h"
#include "ui/plots/rate_chart.h"
#include "ui/shell/counted.h"

namespace precedent::ui {
namespace {

enum Page { emptyPage, fullPage };
enum Section { otherSection, starterSection };

QString text(const std::string& value) { return QString::fromStdString(value); }

RateChart::Shape shapeOf(Mode mode)
{
    return mode == Mode::none ? RateChart::Shape::circle : mode == Mode::codes ? RateChart::Shape::square : RateChart::Shape::triangle;
}

std::size_t referenceIn(const workspace::EvaluationTable& table, const workspace::RowKey& chosen)
{
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
        if (table.rows[r].key() == chosen)
            return r;
    }
    return workspace::defaultReference(table);
}

} // namespace

EvaluatePlace::EvaluatePlace(JobLine& line, QWidget* parent)
    : Place(parent)
    , m_line(line)
    , m_model(new EvaluationTableModel(this))
    , m_stack(new QStackedWidget(this))
    , m_progressLabel(new QLabel(this))
    , m_progress(new QProgressBar(this))
    , m_cancel(new QPushButton(tr("Cancel"), this))
    , m_filter(new QLineEdit(this))
    , m_section(new QComboBox(this))
    , m_judge(new QLabel(this))
    , m_check(new QPushButton(this))
    , m_report(new QPushButton(this))
    , m_evaluate(new QPushButton(this))
    , m_notice(new QLabel(this))
    , m_chart(new RateChart(this))
    , m_asked(new AskedPanel(this))
    , m_comparison(new ComparisonPanel(this))
    , m_table(new QTableView(this))
    , m_footnote(new QLabel(this))
    , m_rows(new RowsPanel(this))
{
    setObjectName(QStringLiteral("evaluatePlace"));
    build();
    connect(m_cancel, &QPushButton::clicked, this, &EvaluatePlace::cancel);
    connect(m_evaluate, &QPushButton::clicked, this, &EvaluatePlace::chooseEvaluation);
    connect(m_check, &QPushButton::clicked, this, &EvaluatePlace::checkJudge);
    connect(m_report, &QPushButton::clicked, this, &EvaluatePlace::writeReport);
    connect(m_filter, &QLineEdit::textChanged, this, [this](const QString& filter) {
        m_model->setFilter(filter);
        showChart();
        showCurrent();
    });
    connect(m_section, &QComboBox::activated, this, [this] {
        m_sectionChosen = true;
        refresh();
    });
    connect(&m_line, &JobLine::changed, this, &EvaluatePlace::showWaiting);
    connect(
        m_table->selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex& now, const QModelIndex& before) {
            if (now.row() != before.row())
                showCurrent();
            showFigure();
        });
    connect(m_table, &QTableView::activated, m_rows, &RowsPanel::focusRows);
    connect(m_chart, &RateChart::pointClicked, this, [this](int row) {
        m_table->setCurrentIndex(m_model->index(row, m_table->currentIndex().isValid() ? m_table->currentIndex().column() : 0));
    });
    connect(m_comparison, &ComparisonPanel::regressionsAsked, this, &EvaluatePlace::showRegressions);
    connect(m_rows, &RowsPanel::inspectWanted, this, &EvaluatePlace::inspectWanted);
    connect(m_rows, &RowsPanel::citationClicked, this, &EvaluatePlace::citationClicked);
    connect(m_rows, &RowsPanel::troubled, this, &Place::troubled);
}

EvaluatePlace::~EvaluatePlace() = default;

QString EvaluatePlace::help() const
{
    return tr(
        "Evaluate answers suites of requests with any model, checkpoint and mode, and judges the answers. Every figure has its 95 % "
        "interval, resampled by goal; select one to read the answers behind it. The round button makes a row the reference that the others "
        "are compared with. A star marks a difference from it that chance does not explain; a row that one training seed made earns "
        "none. The figures are the judge's until people have checked it: Check blind rows draws answers of the selected row at random, for "
        "you to judge without seeing what the judge said, and then says how far the two of you agree.");
}

QWidget* EvaluatePlace::filterField() const { return m_filter; }

QWidget* EvaluatePlace::mainView()
{
    return m_stack->currentIndex() == fullPage ? static_cast<QWidget*>(m_table) : m_stack->currentWidget();
}

void EvaluatePlace::setCasebase(CasebaseBridge* casebase)
{
    if (m_checking)
        m_checking->close();
    m_casebase = casebase;
    m_sectionChosen = false;
    m_reference = {};
    m_rows->setCasebase(casebase);
    take(std::make_shared<workspace::EvaluationTable>(), 0);
    if (casebase != nullptr) {
        connect(casebase, &CasebaseBridge::changed, this, &EvaluatePlace::refresh);
        refresh();
    }
}

void EvaluatePlace::showEvent(QShowEvent* event)
{
    Place::showEvent(event);
    refresh(); // a run may have been evaluated meanwhile
}

void EvaluatePlace::chooseEvaluation()
{
    if (m_casebase == nullptr)
        return;
    m_casebase->ask(this, readEvaluationChoices, [this](const Result<EvaluationChoices>& choices) {
        if (!choices.ok()) {
            Q_EMIT troubled(text(choices.error().message()), text(choices.error().hint()));
            return;
        }
        auto* dialog = new EvaluateDialog(choices.value(), this);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        connect(dialog, &QDialog::accepted, this, [this, dialog] { start(dialog->order()); });
        dialog->open();
    });
}

void EvaluatePlace::start(const workspace::EvaluationOrder& order)
{
    if (m_casebase == nullptr)
        return;
    if (isBusy()) {
        Q_EMIT troubled(tr("An evaluation is under way already."), tr("Cancel it first, or wait until it is over."));
        return;
    }
    m_waiting = true;
    setChoosable(false);
    m_progressStrip->show();
    m_ticket = m_line.enter(tr("the evaluation"), [this, order] { begin(order); });
    showWaiting();
}

QString EvaluatePlace::progressWords(workspace::EvaluationStage stage)
{
    switch (stage) {
    case workspace::EvaluationStage::judges:
        return tr("%L1 of %L2 answers judged");
    case workspace::EvaluationStage::searches:
        return tr("words searched for %L1 of %L2 requests");
    case workspace::EvaluationStage::answers:
        break;
    }
    return tr("%L1 of %L2 answers");
}

void EvaluatePlace::begin(const workspace::EvaluationOrder& order)
{
    m_waiting = false;
    m_progress->setRange(0, 0);
    m_progress->show();
    m_progressLabel->setText(tr("Preparing: reading suites, codes and cases, loading the engine."));
    m_job = std::make_unique<EvaluationJob>(m_casebase->path(), order);
    connect(m_job.get(), &EvaluationJob::progressed, this,
        [this](const QString& what, qint64 done, qint64 total, workspace::EvaluationStage stage) {
            m_progress->setRange(0, static_cast<int>(total));
            m_progress->setValue(static_cast<int>(done));
            const QString of = progressWords(stage).arg(done).arg(total);
            m_progressLabel->setText(tr("%1: %2").arg(what, of));
            Q_EMIT jobChanged(tr("Evaluating"), QStringLiteral("%1   %2").arg(what, of), total > 0 ? double(done) / double(total) : -1);
        });
    connect(m_job.get(), &EvaluationJob::finished, this, &EvaluatePlace::finish);
    Q_EMIT jobChanged(tr("Evaluating"), tr("preparing"), -1);
}

void EvaluatePlace::finish(const Result<std::vector<std::string>>& ids)
{
    if (ids.ok()) {
        m_sectionChosen = false;
        m_casebase->announceChange();
    } else if (ids.error().code() != ErrorCode::cancelled) {
        Q_EMIT troubled(text(ids.error().message()), text(ids.error().hint()));
    }
    const bool cancelled = !ids.ok() && ids.error().code() == ErrorCode::cancelled;
    m_job.release()->deleteLater(); // it is emitting
    endJob(cancelled ? tr("Cancelled. %1").arg(text(ids.error().hint())) : QString());
}

/// The note stays until the next evaluation; without one the strip goes.
void EvaluatePlace::endJob(const QString& note)
{
    m_waiting = false;
    setChoosable(true);
    m_progress->hide();
    m_cancel->hide();
    m_progressLabel->setText(note);
    m_progressStrip->setVisible(!note.isEmpty());
    Q_EMIT jobChanged({}, {}, -1);
    m_line.leave(m_ticket);
    Q_EMIT over();
}

void EvaluatePlace::showWaiting()
{
    m_cancel->setVisible(isBusy());
    m_cancel->setEnabled(true);
    if (!m_waiting)
        return;
    m_progress->hide();
    m_progressLabel->setText(tr("The evaluation waits for %1 and starts when that is over.").arg(m_line.waitsFor(m_ticket)));
}

void EvaluatePlace::setChoosable(bool on)
{
    m_evaluate->setEnabled(on);
    m_first->setEnabled(on);
}

bool EvaluatePlace::isBusy() const { return m_waiting || m_job != nullptr; }

void EvaluatePlace::cancel()
{
    if (m_waiting) {
        m_waiting = false;
        setChoosable(true);
        m_progressLabel->setText(tr("Cancelled before it began."));
        m_line.leave(m_ticket);
        m_cancel->hide();
        Q_EMIT over();
    } else if (m_job) {
        m_cancel->setEnabled(false);
        m_progressLabel->setText(tr("Cancelling"));
        m_job->cancel();
    }
}

void EvaluatePlace::refresh()
{
    if (m_casebase == nullptr)
        return;
    const bool starter = m_section->currentIndex() == starterSection;
    m_casebase->ask(
        this,
        [starter, chosen = m_sectionChosen](casebase::Casebase& casebase) -> Result<std::shared_ptr<workspace::EvaluationTable>> {
            auto table = workspace::readEvaluationTable(casebase, chosen && starter);
            // Until the reader chooses, the section that has rows; other models before the starter.
            if (table.ok() && !chosen && table.value().rows.empty() && table.value().starterRows > 0)
                table = workspace::readEvaluationTable(casebase, true);
            if (!table.ok())
                return table.error();
            return std::make_shared<workspace::EvaluationTable>(std::move(*table));
        },
        [this, question = ++m_question](Result<std::shared_ptr<workspace::EvaluationTable>> table) {
            if (question != m_question)
                return;
            if (table.ok())
                compare(std::move(*table));
            else
                Q_EMIT troubled(text(table.error().message()), text(table.error().hint()));
        });
}

void EvaluatePlace::compare(std::shared_ptr<workspace::EvaluationTable> table)
{
    if (table->rows.empty()) {
        take(table, 0);
        return;
    }
    const std::size_t reference = referenceIn(*table, m_reference);
    m_casebase->ask(
        this,
        [table, reference](casebase::Casebase&) {
            workspace::compareWith(*table, reference);
            return true;
        },
        [this, table, reference, question = ++m_question](bool) {
            if (question == m_question)
                take(table, reference);
        });
}

void EvaluatePlace::take(std::shared_ptr<const workspace::EvaluationTable> table, std::size_t reference)
{
    const QModelIndex before = m_table->currentIndex();
    const workspace::TableRow* row = m_model->at(before.row());
    const workspace::RowKey current = row != nullptr ? row->key() : workspace::RowKey();
    m_model->setTable(std::move(table), reference);
    const workspace::EvaluationTable& now = *m_model->table();
    const bool any = now.starterRows + now.otherRows > 0;
    m_stack->setCurrentIndex(any ? fullPage : emptyPage);
    m_filter->setVisible(any);
    m_report->setVisible(any);
    m_evaluate->setVisible(any);
    m_judge->setVisible(any);
    m_check->setVisible(any);
    m_section->setVisible(now.starterRows > 0 && now.otherRows > 0);
    if (!now.rows.empty())
        m_section->setCurrentIndex(now.rows.front().ofStarter ? starterSection : otherSection);
    m_asked->setTable(now);
    showNotes();
    showChart();
    int at = m_model->rowOf(current);
    const bool regressions = m_regressions && at >= 0; // what the reader looks at stays
    // Nothing selected yet: the first row that is not the reference has something to say.
    if (at < 0 && m_model->rowCount() > 0)
        at = m_model->rowCount() > 1 && m_model->isReference(0) ? 1 : 0;
    if (at >= 0)
        m_table->setCurrentIndex(m_model->index(at, std::max(before.column(), int(EvaluationTableModel::firstFigureColumn))));
    else
        m_rows->clear();
    showCurrent();
    if (regressions && !m_model->isReference(at))
        showRegressions();
}

void EvaluatePlace::chooseReference(int row)
{
    const workspace::TableRow* chosen = m_model->at(row);
    if (chosen == nullptr)
        return;
    m_reference = chosen->key();
    compare(std::make_shared<workspace::EvaluationTable>(*m_model->table()));
}

void EvaluatePlace::showChart()
{
    bool attacked = false;
    for (const workspace::TableRow& row : m_model->table()->rows)
        attacked = attacked || row.cell(workspace::TableColumn::harmfulUnderAttack).estimate.n > 0;
    const auto up = attacked ? workspace::TableColumn::harmfulUnderAttack : workspace::TableColumn::harmfulAnswered;
    QVector<RateChart::Point> points;
    for (int i = 0; i < m_model->rowCount(); ++i) {
        const workspace::TableRow& row = *m_model->at(i);
        const workspace::Estimate& x = row.cell(workspace::TableColumn::benignRefused).estimate;
        const workspace::Estimate& y = row.cell(up).estimate;
        if (x.n == 0 || y.n == 0)
            continue;
        points.append({100 * x.value, 100 * x.low, 100 * x.high, 100 * y.value, 100 * y.low, 100 * y.high, labelOf(row), shapeOf(row.mode),
            [table = m_model->table(), at = static_cast<std::size_t>(m_model->tableRow(i))] { return colorOf(table->rows[at]); }, i});
    }
    m_chart->setPoints(std::move(points), tr("benign refused, %"), tr("%1, %").arg(wordsOf(up)));
}

void EvaluatePlace::showNotes()
{
    const workspace::EvaluationTable& table = *m_model->table();
    m_notice->setVisible(!table.rows.empty() && table.rows.front().ofStarter);
    if (table.rows.empty()) {
        m_footnote->clear();
        return;
    }
    const workspace::TableRow& reference = table.rows[m_model->reference()];
    QString note =
        tr("Per cent, 95 % intervals, resampled by goal. * differs from the reference row %1 (paired by goal, Holm); a row from fewer "
           "than three training seeds earns none.")
            .arg(labelOf(reference));
    const auto held = static_cast<qint64>(table.heldOut - table.burned);
    note += QLatin1Char(' ') + tr("%L1 held out, %L2 burned.").arg(held).arg(table.burned);
    bool cut = false;
    bool own = false;
    for (const workspace::TableRow& row : table.rows) {
        cut = cut || !row.budget.empty();
        own = own || row.selfJudged;
    }
    if (own)
        note += QLatin1Char(' ') + tr("The arrow round a dot: graded by its own reward.");
    if (cut)
        note += QLatin1Char(' ') + tr("† prompts voided or cases left out for want of room: see the row's tooltip.");
    m_footnote->setText(note);
    m_footnote->setToolTip(note);
}

void EvaluatePlace::showJudge()
{
    const workspace::TableRow* row = m_model->at(m_table->currentIndex().row());
    m_check->setVisible(row != nullptr);
    if (row == nullptr) {
        m_judge->clear();
        return;
    }
    const std::size_t judged = row->check.all.n;
    const QString sentence = judged == 0 ? tr("as judged: not yet checked") : text(workspace::checkSentence(row->check));
    m_judge->setText(tr("judge <b>%1</b> · %2").arg(text(row->judge).toHtmlEscaped(), sentence));
    QStringList about{tr("Of %1").arg(labelOf(*row)), text(row->judge + ", " + row->judgeHash)};
    for (const auto& [name, of] :
        {std::pair(tr("safe requests"), &row->check.safe), std::pair(tr("unsafe requests"), &row->check.unsafe)}) {
        if (of->n > 0)
            about += tr("%1: n %L2, kappa %3").arg(name).arg(of->n).arg(QLocale().toString(of->kappa, 'f', 2));
    }
    m_judge->setToolTip(about.join(QLatin1Char('\n')));
    const auto left = static_cast<qlonglong>(workspace::kBlindRows - judged % workspace::kBlindRows);
    m_check->setText(judged == 0 ? tr("Check %L1 blind rows").arg(left) : tr("Check %L1 more").arg(left));
    m_check->setToolTip(tr("Judge answers of %1, drawn at random, without seeing what the judge said").arg(labelOf(*row)));
    m_check->setEnabled(m_casebase != nullptr && !m_casebase->isReadOnly());
}

void EvaluatePlace::checkJudge()
{
    const workspace::TableRow* row = m_model->at(m_table->currentIndex().row());
    if (m_casebase == nullptr || row == nullptr)
        return;
    if (m_checking)
        m_checking->close();
    m_checking = new CheckDialog(*m_casebase, {row->evaluation, row->mode, row->attack}, labelOf(*row), this);
    m_checking->show(); // beside the place, so that codes and cases can be looked up
}

void EvaluatePlace::showCurrent()
{
    const workspace::EvaluationTable& table = *m_model->table();
    if (table.rows.empty())
        return;
    showJudge();
    const int at = m_table->currentIndex().row();
    const workspace::TableRow* row = m_model->at(at);
    m_chart->setCurrent(row == nullptr ? -1 : at);
    m_comparison->setRows(row == nullptr || m_model->isReference(at) ? nullptr : row, table.rows[m_model->reference()]);
}

void EvaluatePlace::showRegressions()
{
    const workspace::TableRow* row = m_model->at(m_table->currentIndex().row());
    if (row == nullptr)
        return;
    m_regressions = true;
    m_rows->showRegressions(*row, m_model->table()->rows[m_model->reference()]);
}

void EvaluatePlace::showFigure()
{
    m_regressions = false;
    const QModelIndex current = m_table->currentIndex();
    const workspace::TableRow* row = m_model->at(current.row());
    if (row == nullptr || !EvaluationTableModel::isFigure(current.column()))
        return;
    const workspace::TableRow* reference = m_model->isReference(current.row()) ? nullptr : &m_model->table()->rows[m_model->reference()];
    m_rows->showFigure(*row, EvaluationTableModel::figureAt(current.column()), reference);
}

} // namespace precedent::ui
