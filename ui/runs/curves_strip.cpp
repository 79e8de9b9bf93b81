#include "ui/runs/curves_strip.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
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
        {QT_TRANSLATE_NOOP("CurvesStrip", "Loss"), 3, {{"loss", "", ""}}},
        {QT_TRANSLATE_NOOP("CurvesStrip", "Reward of pairs"), 2,
            {{"rewards/chosen", QT_TRANSLATE_NOOP("CurvesStrip", "chosen"), "helpful"},
                {"rewards/rejected", QT_TRANSLATE_NOOP("CurvesStrip", "rejected"), "harmlessness"}}},
        {QT_TRANSLATE_NOOP("CurvesStrip", "Pairs told apart"), 2, {{"rewards/accuracies", "", ""}}},
        {QT_TRANSLATE_NOOP("CurvesStrip", "Gradient norm"), 2, {{"grad_norm", "", ""}}},
        {QT_TRANSLATE_NOOP("CurvesStrip", "Learning rate"), 6, {{"learning_rate", "", ""}}},
    };
    return all;
}

constexpr std::size_t kInRow = 4;
constexpr std::size_t kOfDrawn = 8; ///< the charts before these are of what is drawn
/// Loss, pairs, gradient norm, learning rate, entropy, length, tokens a second; then what is drawn.
constexpr std::array<std::size_t, 13> kSupervisedOrder{8, 9, 10, 11, 12, 5, 3, 6, 0, 1, 2, 4, 7};

bool has(const casebase::RunStep& record, const Chart& chart)
{
    return std::any_of(
        chart.lines.cbegin(), chart.lines.cend(), [&](const Chart::Line& line) { return record.metrics.contains(line.metric); });
}

/// The charts that these steps have values for, in the order in which they are looked at.
std::vector<std::size_t> chartsOf(const std::vector<casebase::RunStep>& records)
{
    std::vector<std::size_t> order(charts().size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (records.empty()) {
        order.resize(kOfDrawn);
        return order;
    }
    if (!records.back().metrics.contains("reward"))
        std::copy(kSupervisedOrder.cbegin(), kSupervisedOrder.cend(), order.begin());
    std::erase_if(order, [&](std::size_t chart) {
        return std::none_of(
            records.cbegin(), records.cend(), [&](const casebase::RunStep& record) { return has(record, charts()[chart]); });
    });
    return order;
}

} // namespace

CurvesStrip::CurvesStrip(QWidget* parent)
    : QWidget(parent)
{
    setFixedHeight(kHeight);
    auto* curveRow = new QHBoxLayout(this);
    curveRow->setContentsMargins(0, 0, 0, 0);
    curveRow->setSpacing(0);
    m_rows = new QStackedWidget(this);
    for (std::size_t i = 0; i < charts().size(); ++i) {
        const Chart& chart = charts()[i];
        QVector<CurvePanel::Series> series;
        for (const Chart::Line& line : chart.lines) {
            const QString part = QString::fromLatin1(line.part);
            series.append({QString::fromLatin1(line.label).isEmpty() ? QString() : tr(line.label),
                [part] { return part.isEmpty() ? Theme::instance().color(Role::text) : Theme::instance().partColor(part); }});
        }
        auto* panel = new CurvePanel(tr(chart.title), series, chart.decimals, this);
        panel->setObjectName(QStringLiteral("curve%1").arg(i));
        m_panels.push_back(panel);
    }
    linkCurves(m_panels);
    curveRow->addWidget(m_rows, 1);
    m_more = new QToolButton(this);
    m_more->setObjectName(QStringLiteral("moreCurvesButton"));
    m_more->setIcon(themedIcon(QStringLiteral("right")));
    m_more->setProperty("plain", true);
    m_more->setToolTip(tr("Other curves"));
    m_more->setAccessibleName(tr("Other curves"));
    connect(m_more, &QToolButton::clicked, this, [this] { m_rows->setCurrentIndex((m_rows->currentIndex() + 1) % m_rows->count()); });
    curveRow->addWidget(m_more);
    curveRow->addSpacing(4);
    arrange(chartsOf({}));
}

void CurvesStrip::arrange(const std::vector<std::size_t>& shown)
{
    if (shown == m_shown)
        return;
    m_shown = shown;
    const int inView = m_rows->currentIndex();
    for (CurvePanel* panel : m_panels) {
        panel->hide();
        panel->setParent(this); // out of its row, which goes
    }
    while (m_rows->count() > 0)
        delete m_rows->widget(0);
    for (std::size_t first = 0; first < shown.size(); first += kInRow) {
        auto* row = new QWidget(m_rows);
        auto* layout = new QHBoxLayout(row);
        layout->setContentsMargins(0, 0, 0, 0);
        layout->setSpacing(0);
        for (std::size_t i = first; i < first + kInRow; ++i) {
            if (i >= shown.size()) {
                layout->addStretch(1); // as wide as the others
                continue;
            }
            layout->addWidget(m_panels[shown[i]], 1);
            m_panels[shown[i]]->show();
        }
        m_rows->addWidget(row);
    }
    m_rows->setCurrentIndex(std::clamp(inView, 0, std::max(0, m_rows->count() - 1)));
    m_more->setVisible(m_rows->count() > 1);
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
    arrange(chartsOf(records));
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
