#include "ui/runs/curves_strip.h"

#include <algorithm>
#include <limits>
#include <string>

#include <QHBoxLayout>
#include <QStackedWidget>
#include <QToolButton>

#include "ui/plots/curve_panel.h"
#include "ui/shell/icons.h"
#include "ui/shell/theme.h"

namespace precedent::ui {
namespace {

constexpr int kHeight = 212;
const std::string kRewardShown = "reward/harmful/mean"; ///< the mean over all labels has no line of its own
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// One chart: its lines by metric.
struct Chart {
    const char* title;
    int decimals;
    struct Line {
        const char* metric;
        const char* label;
        const char* part; ///< whose colour; empty: the text's
    };
    std::vector<Line> lines;
};

const std::vector<Chart>& charts()
{
    static const std::vector<Chart> all{
        {QT_TRANSLATE_NOOP("CurvesStrip", "Reward"), 2,
            {{"reward/harmful/mean", QT_TRANSLATE_NOOP("CurvesStrip", "harmful"), "harmlessness"},
                {"reward/benign/mean", QT_TRANSLATE_NOOP("CurvesStrip", "benign"), "helpful"}}},
        {QT_TRANSLATE_NOOP("CurvesStrip", "Refusal"), 2,
            {{"refusal_rate/harmful", QT_TRANSLATE_NOOP("CurvesStrip", "harmful"), "harmlessness"},
                {"refusal_rate/benign", QT_TRANSLATE_NOOP("CurvesStrip", "benign"), "helpful"}}},
        {QT_TRANSLATE_NOOP("CurvesStrip", "KL to the reference"), 3, {{"kl", "", ""}}},
        {QT_TRANSLATE_NOOP("CurvesStrip", "Length in tokens"), 0, {{"completions/mean_length", "", ""}}},
        {QT_TRANSLATE_NOOP("CurvesStrip", "Reward parts"), 2,
            {{"rewards/disposition/mean", QT_TRANSLATE_NOOP("CurvesStrip", "disposition"), "disposition"},
                {"rewards/harmlessness/mean", QT_TRANSLATE_NOOP("CurvesStrip", "harmlessness"), "harmlessness"},
                {"rewards/format/mean", QT_TRANSLATE_NOOP("CurvesStrip", "format"), "format"},
                {"rewards/citation/mean", QT_TRANSLATE_NOOP("CurvesStrip", "citation"), "citation"}}},
        {QT_TRANSLATE_NOOP("CurvesStrip", "Entropy"), 3, {{"entropy", "", ""}}},
        {QT_TRANSLATE_NOOP("CurvesStrip", "Tokens a second"), 0, {{"tokens_per_second", "", ""}}},
        {QT_TRANSLATE_NOOP("CurvesStrip", "Groups without spread"), 2, {{"frac_reward_zero_std", "", ""}}},
    };
    return all;
}

} // namespace

CurvesStrip::CurvesStrip(QWidget* parent)
    : QWidget(parent)
{
    setFixedHeight(kHeight);
    auto* curveRow = new QHBoxLayout(this);
    curveRow->setContentsMargins(0, 0, 0, 0);
    curveRow->setSpacing(0);
    auto* choice = new QStackedWidget(this);
    for (std::size_t half = 0; half < 2; ++half) {
        auto* four = new QWidget(choice);
        auto* fourRow = new QHBoxLayout(four);
        fourRow->setContentsMargins(0, 0, 0, 0);
        fourRow->setSpacing(0);
        for (std::size_t i = half * 4; i < half * 4 + 4; ++i) {
            const Chart& chart = charts()[i];
            QVector<CurvePanel::Series> series;
            for (const Chart::Line& line : chart.lines) {
                const QString part = QString::fromLatin1(line.part);
                series.append({QString::fromLatin1(line.label).isEmpty() ? QString() : tr(line.label),
                    [part] { return part.isEmpty() ? Theme::instance().color(Role::text) : Theme::instance().partColor(part); }});
            }
            auto* panel = new CurvePanel(tr(chart.title), series, chart.decimals, four);
            panel->setObjectName(QStringLiteral("curve%1").arg(i));
            fourRow->addWidget(panel, 1);
            m_panels.push_back(panel);
        }
        choice->addWidget(four);
    }
    linkCurves(m_panels);
    curveRow->addWidget(choice, 1);
    auto* more = new QToolButton(this);
    more->setObjectName(QStringLiteral("moreCurvesButton"));
    more->setIcon(themedIcon(QStringLiteral("right")));
    more->setProperty("plain", true);
    more->setToolTip(tr("Other curves"));
    more->setAccessibleName(tr("Other curves"));
    connect(more, &QToolButton::clicked, this, [choice] { choice->setCurrentIndex(1 - choice->currentIndex()); });
    curveRow->addWidget(more);
    curveRow->addSpacing(4);
}

void CurvesStrip::setSteps(const std::vector<casebase::RunStep>& records, int planned)
{
    QVector<double> steps;
    for (const auto& record : records)
        steps.append(record.step);
    for (std::size_t i = 0; i < m_panels.size(); ++i) {
        QVector<QVector<double>> values;
        for (const Chart::Line& line : charts()[i].lines) {
            QVector<double> one;
            for (const auto& record : records) {
                const auto found = record.metrics.find(line.metric);
                one.append(found == record.metrics.end() ? kNaN : found->second);
            }
            values.append(one);
        }
        m_panels[i]->setData(steps, values, std::max(planned, records.empty() ? 1 : records.back().step));
    }
}

void CurvesStrip::setAlarms(const std::vector<workspace::Alarm>& alarms)
{
    for (std::size_t i = 0; i < m_panels.size(); ++i) {
        QVector<CurvePanel::Mark> marks;
        for (const workspace::Alarm& alarm : alarms) {
            const std::string& metric = alarm.metric == "reward" ? kRewardShown : alarm.metric;
            const auto& lines = charts()[i].lines;
            if (std::any_of(lines.cbegin(), lines.cend(), [&](const Chart::Line& line) { return metric == line.metric; }))
                marks.append({static_cast<double>(alarm.from), static_cast<double>(alarm.to), QString::fromStdString(alarm.message)});
        }
        m_panels[i]->setMarks(marks);
    }
}

} // namespace precedent::ui
