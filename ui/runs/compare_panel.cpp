#include "ui/runs/compare_panel.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <tuple>

#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QTableWidget>
#include <QVBoxLayout>

#include "ui/bridge/casebase_bridge.h"
#include "ui/plots/curve_panel.h"
#include "ui/shell/card.h"
#include "ui/shell/counted.h"
#include "ui/shell/icons.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kColumns = 4;
constexpr int kChartHeight = 212;
constexpr int kFactColumns = 3; ///< requests, figure, mode: before the columns of the runs

struct Chart {
    const char* title;
    const char* metric;
    int decimals;
};
constexpr std::array kCharts{Chart{QT_TRANSLATE_NOOP("ComparePanel", "Reward"), "reward", 2},
    Chart{QT_TRANSLATE_NOOP("ComparePanel", "Refused, harmful"), "refusal_rate/harmful", 2},
    Chart{QT_TRANSLATE_NOOP("ComparePanel", "Refused, harmless"), "refusal_rate/benign", 2},
    Chart{QT_TRANSLATE_NOOP("ComparePanel", "KL to the reference"), "kl", 3},
    Chart{QT_TRANSLATE_NOOP("ComparePanel", "Disposition"), "rewards/disposition/mean", 2},
    Chart{QT_TRANSLATE_NOOP("ComparePanel", "Entropy"), "entropy", 3},
    Chart{QT_TRANSLATE_NOOP("ComparePanel", "Length in tokens"), "completions/mean_length", 0},
    Chart{QT_TRANSLATE_NOOP("ComparePanel", "Tokens a second"), "tokens_per_second", 0}};

QString text(const std::string& value) { return QString::fromStdString(value); }

QColor colorOf(std::size_t run)
{
    static constexpr std::array kParts{"helpful", "harmlessness", "disposition", "citation", "format", "overlong"};
    const Theme& theme = Theme::instance();
    if (run < kParts.size())
        return theme.partColor(QString::fromLatin1(kParts[run]));
    return theme.color(run == kParts.size() ? Role::text : Role::secondary);
}

using Cell = std::tuple<std::string, std::string, Mode>; ///< axis, metric, mode

} // namespace

ComparePanel::ComparePanel(QWidget* parent)
    : Pane(parent)
    , m_title(new QLabel(this))
    , m_body(new QWidget(this))
{
    setObjectName(QStringLiteral("comparePanel"));
    m_title->setObjectName(QStringLiteral("compareTitle"));
    m_title->setFont(sectionFont());
    auto* close = new QPushButton(themedIcon(QStringLiteral("x"), Role::text), tr("Close"), this);
    close->setObjectName(QStringLiteral("closeCompareButton"));
    bar()->addWidget(m_title);
    bar()->addStretch();
    bar()->addWidget(close);
    auto* layout = new QVBoxLayout(m_body);
    layout->setContentsMargins(0, 0, 0, 0);
    setBody(m_body);
    connect(close, &QPushButton::clicked, this, &ComparePanel::closed);
}

void ComparePanel::setCasebase(CasebaseBridge* casebase)
{
    ++m_request;
    m_casebase = casebase;
    m_runs.clear();
    rebuild();
}

void ComparePanel::show(const QStringList& ids)
{
    if (m_casebase == nullptr)
        return;
    std::vector<std::string> wanted;
    for (const QString& id : ids)
        wanted.push_back(id.toStdString());
    m_title->setText(tr("Comparing %1").arg(counted(ids.size(), tr("1 run"), tr("%1 runs"))));
    m_casebase->ask(
        this,
        [wanted](casebase::Casebase& casebase) -> Result<std::vector<Compared>> {
            std::vector<Compared> runs;
            for (const std::string& id : wanted) {
                auto rows = readRun(casebase, id);
                if (!rows.ok())
                    return rows.error();
                auto figures = readBeforeAfter(casebase, id);
                if (!figures.ok())
                    return figures.error();
                runs.push_back({std::move(*rows), std::move(*figures)});
            }
            return runs;
        },
        [this, request = ++m_request](Result<std::vector<Compared>> runs) {
            if (request != m_request)
                return;
            if (!runs.ok()) {
                Q_EMIT troubled(text(runs.error().message()), text(runs.error().hint()));
                return;
            }
            m_runs = std::move(*runs);
            rebuild();
        });
}

void ComparePanel::rebuild()
{
    delete m_content;
    auto* page = new QWidget;
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 24);
    layout->setSpacing(0);
    if (!m_runs.empty()) {
        layout->addWidget(buildCurves(page));
        auto* heading = new QLabel(tr("Before and after"), page);
        heading->setFont(sectionFont());
        heading->setContentsMargins(16, 16, 16, 8);
        layout->addWidget(heading);
        layout->addWidget(buildTable(page));
    }
    layout->addStretch();
    auto* scroll = new QScrollArea(m_body);
    scroll->setWidget(page);
    scroll->setWidgetResizable(true);
    for (QWidget* ground : std::initializer_list<QWidget*>{scroll, scroll->viewport(), page})
        ground->setBackgroundRole(QPalette::Base);
    m_content = scroll;
    m_body->layout()->addWidget(scroll);
}

QWidget* ComparePanel::buildCurves(QWidget* page)
{
    auto* made = new QWidget(page);
    auto* grid = new QGridLayout(made);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setSpacing(0);
    QVector<double> steps;
    std::set<int> all;
    for (const Compared& run : m_runs) {
        for (const auto& step : run.rows.steps)
            all.insert(step.step);
    }
    for (const int step : all)
        steps.append(step);
    QVector<CurvePanel::Series> series;
    for (std::size_t i = 0; i < m_runs.size(); ++i)
        series.append({text(m_runs[i].rows.run.id), [i] { return colorOf(i); }});
    std::vector<CurvePanel*> panels;
    for (std::size_t c = 0; c < kCharts.size(); ++c) {
        auto* panel = new CurvePanel(tr(kCharts[c].title), series, kCharts[c].decimals, made);
        panel->setObjectName(QStringLiteral("compareCurve%1").arg(c));
        panel->setFixedHeight(kChartHeight);
        QVector<QVector<double>> values;
        for (const Compared& run : m_runs) {
            std::map<int, double> byStep;
            for (const auto& step : run.rows.steps) {
                if (const auto found = step.metrics.find(kCharts[c].metric); found != step.metrics.end())
                    byStep[step.step] = found->second;
            }
            QVector<double> line;
            for (const int step : all)
                line.append(byStep.contains(step) ? byStep[step] : std::numeric_limits<double>::quiet_NaN());
            values.append(line);
        }
        panel->setData(steps, values, steps.isEmpty() ? 1 : steps.last());
        grid->addWidget(panel, static_cast<int>(c) / kColumns, static_cast<int>(c) % kColumns);
        panels.push_back(panel);
    }
    linkCurves(panels);
    return made;
}

QWidget* ComparePanel::buildTable(QWidget* page)
{
    std::vector<Cell> cells;
    for (const Compared& run : m_runs) {
        for (const auto& figure : run.figures) {
            const Cell cell{figure.after.axis, figure.after.metric, figure.after.mode};
            if (std::find(cells.cbegin(), cells.cend(), cell) == cells.cend())
                cells.push_back(cell);
        }
    }
    if (cells.empty()) {
        auto* none = new QuietLabel(tr("None of these runs was measured before and after."), bodyFont(), page);
        none->setObjectName(QStringLiteral("compareNoFigures"));
        none->setContentsMargins(16, 0, 16, 0);
        return none;
    }
    auto* table = new QTableWidget(static_cast<int>(cells.size()), kFactColumns + static_cast<int>(m_runs.size()), page);
    table->setObjectName(QStringLiteral("compareTable"));
    table->setAccessibleName(tr("Figures of the runs"));
    QStringList heads{tr("requests"), tr("figure"), tr("mode")};
    for (const Compared& run : m_runs)
        heads += tr("%1, before to after").arg(text(run.rows.run.id));
    table->setHorizontalHeaderLabels(heads);
    table->verticalHeader()->hide();
    table->verticalHeader()->setMinimumSectionSize(kRowHeight);
    table->verticalHeader()->setDefaultSectionSize(kRowHeight);
    table->setShowGrid(false);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    const auto put = [table](int row, int column, const QString& words, const QString& tip) {
        auto* item = new QTableWidgetItem(words);
        item->setToolTip(tip);
        if (column >= kFactColumns)
            item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
        table->setItem(row, column, item);
    };
    for (int row = 0; row < table->rowCount(); ++row) {
        const auto& [axis, metric, mode] = cells[static_cast<std::size_t>(row)];
        put(row, 0, text(workspace::titleOf(axis)), {});
        put(row, 1, text(workspace::titleOf(metric)), {});
        put(row, 2, QString::fromLatin1(toString(mode)), {});
        for (std::size_t i = 0; i < m_runs.size(); ++i) {
            const auto& figures = m_runs[i].figures;
            const auto found = std::find_if(figures.cbegin(), figures.cend(), [&](const auto& f) {
                return Cell{f.after.axis, f.after.metric, f.after.mode} == cells[static_cast<std::size_t>(row)];
            });
            const int column = kFactColumns + static_cast<int>(i);
            if (found == figures.cend()) {
                put(row, column, QString(QChar(0x2013)), tr("not measured"));
                continue;
            }
            put(row, column,
                QStringLiteral("%1 %2 %3")
                    .arg(text(workspace::percentText(found->before.estimate.value)), QString(QChar(0x2192)),
                        text(workspace::percentText(found->after.estimate.value))),
                tr("before %1, after %2, difference %3 points")
                    .arg(text(workspace::intervalText(found->before.estimate)), text(workspace::intervalText(found->after.estimate)),
                        text(workspace::differenceText(found->difference))));
        }
    }
    for (int column = 0; column < table->columnCount(); ++column)
        table->horizontalHeaderItem(column)->setTextAlignment(
            Qt::Alignment((column >= kFactColumns ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
    table->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    table->setFixedHeight(table->rowCount() * kRowHeight + table->horizontalHeader()->sizeHint().height() + 4);
    return table;
}

} // namespace precedent::ui
