#include "ui/evaluate/evaluate_place.h"

#include <algorithm>
#include <array>

#include <QAction>
#include <QComboBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QTableView>
#include <QVBoxLayout>

#include "precedent/base/files.h"
#include "precedent/workspace/run_report.h"
#include "precedent/workspace/run_service.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/evaluate/figure_delegate.h"
#include "ui/evaluate/mode_legend.h"
#include "ui/evaluate/rows_panel.h"
#include "ui/evaluate/summary_panels.h"
#include "ui/plots/rate_chart.h"
#include "ui/shell/card.h"
#include "ui/shell/icons.h"
#include "ui/shell/pane.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

// How the place is laid out, and its report: what it does is in evaluate_place.cpp.
namespace precedent::ui {
namespace {

constexpr int kChartHeight = 296;
constexpr int kTableHeight = 268;
constexpr int kRowsHeight = 220;
constexpr int kFilterWidth = 200;
constexpr int kStripHeight = 36;
constexpr int kProgressWidth = 200;
constexpr int kModelWidth = 190;
constexpr double kLeastShare = 0.55;

QString text(const std::string& value) { return QString::fromStdString(value); }

/// The report of these evaluations in the kind that the file's name asks for.
Status writeReportTo(casebase::Casebase& casebase, const std::vector<std::string>& ids, const std::string& path)
{
    const auto data = workspace::gatherEvaluationReport(casebase, ids);
    if (!data.ok())
        return data.error();
    const bool csv = QString::fromStdString(path).endsWith(QStringLiteral(".csv"), Qt::CaseInsensitive);
    return writeFileAtomically(path, csv ? workspace::reportCsv(data.value()) : workspace::reportHtml(data.value()));
}

} // namespace

void EvaluatePlace::build()
{
    auto* pane = new Pane(this);
    buildBar(*pane->bar());
    auto* body = new QWidget(this);
    auto* bodyLayout = new QVBoxLayout(body);
    bodyLayout->setContentsMargins(0, 0, 0, 0);
    bodyLayout->setSpacing(0);
    bodyLayout->addWidget(buildProgress());
    bodyLayout->addWidget(m_stack, 1);
    m_stack->addWidget(buildEmpty());
    m_stack->addWidget(buildFull());
    pane->setBody(body);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(pane);
}

void EvaluatePlace::buildBar(QHBoxLayout& bar)
{
    m_filter->setObjectName(QStringLiteral("evaluateFilterEdit"));
    m_filter->setAccessibleName(tr("Filter models and modes"));
    m_filter->setPlaceholderText(tr("Filter models and modes"));
    m_filter->addAction(themedIcon(QStringLiteral("filter")), QLineEdit::LeadingPosition);
    m_filter->setClearButtonEnabled(true);
    m_filter->setFixedWidth(kFilterWidth);
    m_section->setObjectName(QStringLiteral("evaluateSectionCombo"));
    m_section->setAccessibleName(tr("Which models"));
    m_section->addItems({tr("other models"), tr("starter model")});
    m_section->setToolTip(tr("The starter model's rows never stand beside other models'."));
    m_judge->setObjectName(QStringLiteral("evaluateJudgeLabel"));
    m_check->setObjectName(QStringLiteral("checkJudgeButton"));
    m_check->setProperty("plain", true);
    m_report->setObjectName(QStringLiteral("evaluateReportButton"));
    m_report->setIcon(themedIcon(QStringLiteral("export"), Role::text));
    m_report->setText(tr("Report"));
    m_evaluate->setObjectName(QStringLiteral("evaluateButton"));
    m_evaluate->setIcon(themedIcon(QStringLiteral("runs"), Role::onAccent));
    m_evaluate->setText(tr("Evaluate"));
    m_evaluate->setProperty("primary", true);
    for (QWidget* part : std::initializer_list<QWidget*>{m_filter, m_section, m_judge, m_check})
        bar.addWidget(part);
    bar.addStretch();
    bar.addWidget(m_report);
    bar.addWidget(m_evaluate);
}

QWidget* EvaluatePlace::buildProgress()
{
    auto* strip = new QWidget(this);
    m_progressStrip = strip;
    strip->setObjectName(QStringLiteral("evaluateProgressStrip"));
    strip->setFixedHeight(kStripHeight);
    m_progressLabel->setObjectName(QStringLiteral("evaluateProgressLabel"));
    m_progress->setObjectName(QStringLiteral("evaluateProgress"));
    m_progress->setAccessibleName(tr("Progress of the evaluation"));
    m_progress->setFixedWidth(kProgressWidth);
    m_progress->setTextVisible(false);
    m_cancel->setObjectName(QStringLiteral("cancelEvaluationButton"));
    auto* row = new QHBoxLayout(strip);
    row->setContentsMargins(16, 0, 12, 0);
    row->setSpacing(12);
    row->addWidget(m_progress);
    row->addWidget(m_progressLabel, 1);
    row->addWidget(m_cancel);
    m_progress->hide();
    m_cancel->hide();
    strip->hide();
    return strip;
}

QWidget* EvaluatePlace::buildEmpty()
{
    auto* empty = new QWidget(this);
    auto* sentence = new QuietLabel(
        tr("An evaluation answers a suite's requests with a model and counts what it answered and refused."), bodyFont(), empty);
    sentence->setAlignment(Qt::AlignCenter);
    m_first = new QPushButton(themedIcon(QStringLiteral("evaluate"), Role::onAccent), tr("Evaluate a model"), empty);
    m_first->setObjectName(QStringLiteral("firstEvaluationButton"));
    m_first->setProperty("primary", true);
    m_first->setProperty("tall", true);
    auto* about = new QPushButton(tr("How the figures are made"), empty);
    about->setObjectName(QStringLiteral("aboutFiguresButton"));
    about->setProperty("plain", true);
    auto* layout = new QVBoxLayout(empty);
    layout->addStretch();
    layout->addWidget(sentence);
    layout->addSpacing(12);
    layout->addWidget(m_first, 0, Qt::AlignHCenter);
    layout->addSpacing(4);
    layout->addWidget(about, 0, Qt::AlignHCenter);
    layout->addStretch();
    connect(m_first, &QPushButton::clicked, this, &EvaluatePlace::chooseEvaluation);
    connect(about, &QPushButton::clicked, this, &EvaluatePlace::helpAsked);
    return empty;
}

QWidget* EvaluatePlace::buildFull()
{
    auto* chart = new QWidget(this);
    auto* chartLayout = new QVBoxLayout(chart);
    chartLayout->setContentsMargins(0, 0, 0, 0);
    chartLayout->setSpacing(0);
    m_chart->setCorners(tr("good"), tr("refuses everything"));
    chartLayout->addWidget(m_chart, 1);
    chartLayout->addWidget(new ModeLegend(chart));
    auto* top = new QSplitter(this);
    top->setObjectName(QStringLiteral("evaluateTopSplitter"));
    for (QWidget* part : std::initializer_list<QWidget*>{chart, m_asked, m_comparison})
        top->addWidget(part);
    top->setSizes({720, 336, 336});
    top->setStretchFactor(0, 1);
    top->setChildrenCollapsible(false);
    prepareTable();
    m_notice->setObjectName(QStringLiteral("evaluateStarterNotice"));
    m_notice->setText(QString::fromUtf8(workspace::kStarterNotice));
    m_footnote->setObjectName(QStringLiteral("evaluateFootnote"));
    for (QLabel* label : {m_notice, m_footnote}) {
        label->setFont(secondaryFont());
        label->setContentsMargins(12, 4, 12, 4);
        label->setWordWrap(true);
        const auto follow = [label] { setTextColor(*label, Role::secondary); };
        follow();
        connect(&Theme::instance(), &Theme::changed, label, follow);
    }
    auto* middle = new QWidget(this);
    auto* middleLayout = new QVBoxLayout(middle);
    middleLayout->setContentsMargins(0, 0, 0, 0);
    middleLayout->setSpacing(0);
    middleLayout->addWidget(m_table, 1);
    middleLayout->addWidget(m_footnote);
    middleLayout->addWidget(m_notice);
    auto* splitter = new QSplitter(Qt::Vertical, this);
    splitter->setObjectName(QStringLiteral("evaluateSplitter"));
    splitter->addWidget(top);
    splitter->addWidget(middle);
    splitter->addWidget(m_rows);
    splitter->setSizes({kChartHeight, kTableHeight, kRowsHeight});
    splitter->setStretchFactor(2, 1);
    splitter->setChildrenCollapsible(false);
    return splitter;
}

void EvaluatePlace::prepareTable()
{
    m_table->setObjectName(QStringLiteral("evaluationTable"));
    m_table->setAccessibleName(tr("Figures by model and mode"));
    m_table->setModel(m_model);
    auto* delegate = new FigureDelegate(m_table);
    m_table->setItemDelegate(delegate);
    connect(delegate, &FigureDelegate::referenceChosen, this, &EvaluatePlace::chooseReference);
    m_table->setShowGrid(false);
    m_table->setFrameShape(QFrame::NoFrame);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setTabKeyNavigation(false);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setMinimumSectionSize(kRowHeight);
    m_table->verticalHeader()->setDefaultSectionSize(kRowHeight);
    QHeaderView* header = m_table->horizontalHeader();
    header->setHighlightSections(false);
    header->setMinimumSectionSize(kRowHeight);
    header->setSectionResizeMode(EvaluationTableModel::modelColumn, QHeaderView::Stretch);
    // The radio button by key: R makes the selected row the reference.
    auto* reference = new QAction(tr("Make it the reference"), m_table);
    reference->setObjectName(QStringLiteral("makeReference"));
    reference->setShortcut(QKeySequence(Qt::Key_R));
    reference->setShortcutContext(Qt::WidgetShortcut);
    m_table->addAction(reference);
    m_table->setContextMenuPolicy(Qt::ActionsContextMenu);
    connect(reference, &QAction::triggered, this, [this] { chooseReference(m_table->currentIndex().row()); });
}

void EvaluatePlace::resizeEvent(QResizeEvent* event)
{
    Place::resizeEvent(event);
    // In a narrow window whiskers and marks give way before figures do.
    const std::array widths{kModelWidth, 56, 226, 226, 226, 226, 162, 80};
    int figures = 0;
    for (std::size_t column = EvaluationTableModel::firstFigureColumn; column < widths.size(); ++column)
        figures += widths[column];
    const double share = std::clamp((width() - widths[0] - widths[1]) / double(figures), kLeastShare, 1.0);
    for (std::size_t column = 1; column < widths.size(); ++column)
        m_table->horizontalHeader()->resizeSection(
            static_cast<int>(column), column < EvaluationTableModel::firstFigureColumn ? widths[column] : int(widths[column] * share));
}

void EvaluatePlace::writeReport()
{
    std::vector<std::string> ids;
    for (const workspace::TableRow& row : m_model->table()->rows) {
        if (std::find(ids.begin(), ids.end(), row.evaluation) == ids.end())
            ids.push_back(row.evaluation);
    }
    if (m_casebase == nullptr || ids.empty())
        return;
    QString path =
        QFileDialog::getSaveFileName(this, tr("Write a report"), QStringLiteral("evaluation.html"), tr("Web page (*.html);;Table (*.csv)"));
    if (path.isEmpty())
        return;
    if (QFileInfo(path).suffix().isEmpty())
        path += QStringLiteral(".html");
    m_casebase->ask(
        this, [ids, to = path.toStdString()](casebase::Casebase& casebase) { return writeReportTo(casebase, ids, to); },
        [this](const Status& written) {
            if (!written.ok())
                Q_EMIT troubled(text(written.error().message()), text(written.error().hint()));
        });
}

} // namespace precedent::ui
