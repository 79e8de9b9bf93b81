#include "ui/plots/curve_panel.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <QContextMenuEvent>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QVBoxLayout>

#include "ui/plots/qcustomplot.h"
#include "ui/shell/theme.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr double kLineWidth = 1.75;
constexpr double kHeadroom = 1.08;
constexpr double kPale = 0.28;
constexpr double kBandOpacity = 0.13;
constexpr double kLabelsApart = 0.12; ///< of the chart's height
constexpr int kMeanOver = 8; ///< steps

/// 1, 2 or 5 times a power of ten, at or above `value`.
double roundUp(double value)
{
    if (value <= 0 || !std::isfinite(value))
        return 1;
    const double power = std::pow(10.0, std::floor(std::log10(value)));
    for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
        if (value <= factor * power * 1.0001)
            return factor * power;
    }
    return 10 * power;
}

/// The mean of each value and those before it, kMeanOver at most; gaps are passed over.
QVector<double> runningMean(const QVector<double>& values)
{
    QVector<double> means;
    const auto behindLast = std::find_if(values.crbegin(), values.crend(), [](double value) { return std::isfinite(value); });
    const qsizetype end = values.crend() - behindLast; // a line ends where its values do
    for (qsizetype i = 0; i < end; ++i) {
        double sum = 0;
        int n = 0;
        for (qsizetype j = std::max<qsizetype>(0, i - kMeanOver + 1); j <= i; ++j) {
            if (std::isfinite(values.at(j))) {
                sum += values.at(j);
                ++n;
            }
        }
        means.append(n > 0 ? sum / n : std::numeric_limits<double>::quiet_NaN());
    }
    means.resize(values.size());
    std::fill(means.begin() + end, means.end(), std::numeric_limits<double>::quiet_NaN());
    return means;
}

} // namespace

CurvePanel::CurvePanel(const QString& title, QVector<Series> series, int decimals, QWidget* parent)
    : QWidget(parent)
    , m_series(std::move(series))
    , m_decimals(decimals)
    , m_title(new QLabel(title, this))
    , m_readout(new QLabel(this))
    , m_plot(new QCustomPlot(this))
    , m_cursorLine(new QCPItemLine(m_plot))
{
    setAccessibleName(title);
    QFont strong = bodyFont();
    strong.setWeight(QFont::DemiBold);
    m_title->setFont(strong);
    m_readout->setFont(secondaryFont());
    m_readout->setTextFormat(Qt::RichText);
    auto* head = new QHBoxLayout;
    head->setContentsMargins(16, 8, 16, 0);
    head->addWidget(m_title);
    head->addStretch();
    head->addWidget(m_readout);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 4);
    layout->setSpacing(0);
    layout->addLayout(head);
    layout->addWidget(m_plot, 1);

    m_plot->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    m_plot->axisRect()->setRangeDrag(Qt::Horizontal);
    m_plot->axisRect()->setRangeZoom(Qt::Horizontal);
    m_plot->axisRect()->setAutoMargins(QCP::msLeft | QCP::msBottom);
    m_plot->axisRect()->setMargins(QMargins(0, 8, 16, 0));
    m_plot->setMinimumHeight(120);
    m_plot->yAxis->ticker()->setTickCount(2);
    m_plot->xAxis->ticker()->setTickCount(4);
    for (QCPAxis* axis : {m_plot->xAxis, m_plot->yAxis}) {
        axis->setTickLength(0);
        axis->setSubTicks(false);
        axis->setTickPen(Qt::NoPen);
        axis->setTickLabelPadding(4);
        axis->grid()->setSubGridVisible(false);
    }
    m_plot->xAxis->grid()->setVisible(false);
    for (int i = 0; i < m_series.size(); ++i)
        m_plot->addGraph(); // as measured, pale
    for (int i = 0; i < m_series.size(); ++i) {
        m_plot->addGraph(); // its running mean
        auto* label = new QCPItemText(m_plot);
        label->setPositionAlignment(Qt::AlignLeft | Qt::AlignVCenter);
        label->setText(m_series.at(i).label);
        label->setPadding(QMargins(6, 0, 0, 0));
        label->setClipToAxisRect(false);
        label->setVisible(false);
        m_labels.append(label);
    }
    m_cursorLine->setVisible(false);
    m_plot->installEventFilter(this);
    connect(m_plot, &QCustomPlot::mouseMove, this, [this](QMouseEvent* event) {
        if (!m_steps.isEmpty())
            Q_EMIT cursorMoved(std::clamp(std::round(m_plot->xAxis->pixelToCoord(event->pos().x())), m_steps.first(), m_steps.last()));
    });
    connect(m_plot, &QCustomPlot::mouseDoubleClick, this, [this] {
        m_zoomed = false;
        rescale();
        Q_EMIT rangeChanged(0, m_lastStep);
    });
    connect(m_plot->xAxis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this, [this](const QCPRange& range) {
        if (m_plot->underMouse() && m_plot->isVisible())
            Q_EMIT rangeChanged(range.lower, range.upper);
    });
    connect(&Theme::instance(), &Theme::changed, this, &CurvePanel::restyle);
    restyle();
}

void CurvePanel::restyle()
{
    const Theme& theme = Theme::instance();
    m_plot->setBackground(QBrush(theme.color(Role::surface)));
    for (QCPAxis* axis : {m_plot->xAxis, m_plot->yAxis}) {
        axis->setBasePen(QPen(theme.color(Role::border)));
        axis->setTickLabelColor(theme.color(Role::secondary));
        axis->setTickLabelFont(secondaryFont());
        axis->grid()->setPen(QPen(theme.color(Role::grid)));
        axis->grid()->setZeroLinePen(QPen(theme.color(Role::grid)));
    }
    m_plot->yAxis->setBasePen(Qt::NoPen);
    m_cursorLine->setPen(QPen(theme.color(Role::secondary)));
    for (int i = 0; i < m_series.size(); ++i) {
        QColor pale = m_series.at(i).color();
        m_plot->graph(static_cast<int>(m_series.size()) + i)->setPen(QPen(pale, kLineWidth));
        pale.setAlphaF(kPale);
        m_plot->graph(i)->setPen(QPen(pale, 1));
        m_labels.at(i)->setColor(theme.color(Role::text));
        m_labels.at(i)->setFont(secondaryFont());
    }
    QColor band = theme.color(Role::warning);
    band.setAlphaF(kBandOpacity);
    for (QCPItemText* sign : m_markSigns) {
        sign->setColor(theme.color(Role::warning));
        sign->setFont(secondaryFont());
    }
    for (QCPItemRect* rect : m_markBands)
        rect->setBrush(band);
    showValues();
    m_plot->replot(QCustomPlot::rpQueuedReplot);
}

void CurvePanel::setData(const QVector<double>& steps, const QVector<QVector<double>>& values, double lastStep)
{
    m_steps = steps;
    m_values = values;
    m_lastStep = std::max(1.0, lastStep);
    m_means.clear();
    for (int i = 0; i < m_series.size(); ++i) {
        m_means.append(runningMean(m_values.at(i)));
        m_plot->graph(i)->setData(m_steps, m_values.at(i), true);
        m_plot->graph(static_cast<int>(m_series.size()) + i)->setData(m_steps, m_means.at(i), true);
    }
    rescale();
    showValues();
}

void CurvePanel::rescale()
{
    if (!m_zoomed)
        m_plot->xAxis->setRange(0, m_lastStep * (m_series.size() > 1 ? 1.24 : 1.02));
    double most = 0;
    double least = 0;
    for (const auto& line : m_values) {
        for (const double value : line) {
            if (std::isfinite(value)) {
                most = std::max(most, value);
                least = std::min(least, value);
            }
        }
    }
    m_plot->yAxis->setRange(least < 0 ? -roundUp(-least) : 0, most > 0 ? std::max(roundUp(most), most * kHeadroom) : 1);
    placeLabels();
    placeMarks();
}

void CurvePanel::placeLabels()
{
    // Each at its line's last value; two that would lie on each other move apart, the lowest first.
    std::vector<std::pair<double, int>> ends;
    for (int i = 0; i < m_series.size(); ++i) {
        qsizetype last = m_means.at(i).size() - 1;
        while (last >= 0 && !std::isfinite(m_means.at(i).at(last)))
            --last;
        m_labels.at(i)->setVisible(last >= 0 && !m_series.at(i).label.isEmpty());
        if (!m_labels.at(i)->visible())
            continue;
        ends.emplace_back(m_means.at(i).at(last), i);
        m_labels.at(i)->position->setCoords(m_steps.at(last), ends.back().first);
    }
    std::sort(ends.begin(), ends.end());
    const double apart = m_plot->yAxis->range().size() * kLabelsApart;
    if (!ends.empty()) // not on the axis itself
        ends[0].first = std::max(ends[0].first, m_plot->yAxis->range().lower + apart / 2);
    for (std::size_t i = 1; i < ends.size(); ++i) {
        const double lack = apart - (ends[i].first - ends[i - 1].first);
        if (lack <= 0)
            continue;
        if (i == 1)
            ends[0].first -= lack / 2;
        ends[i].first = ends[i - 1].first + apart;
    }
    for (const auto& [value, i] : ends)
        m_labels.at(i)->position->setCoords(m_labels.at(i)->position->key(), value);
}

void CurvePanel::setMarks(const QVector<Mark>& marks)
{
    for (QCPItemText* sign : m_markSigns)
        m_plot->removeItem(sign);
    for (QCPItemRect* band : m_markBands)
        m_plot->removeItem(band);
    m_markSigns.clear();
    m_markBands.clear();
    m_marks = marks;
    QStringList words;
    for (const Mark& mark : marks) {
        words += mark.text;
        auto* band = new QCPItemRect(m_plot);
        band->setPen(Qt::NoPen);
        m_markBands.append(band);
        auto* sign = new QCPItemText(m_plot);
        sign->setText(QString(QChar(0x25B2)));
        sign->setPositionAlignment(Qt::AlignHCenter | Qt::AlignBottom);
        m_markSigns.append(sign);
    }
    words.removeDuplicates();
    m_plot->setToolTip(words.join(QLatin1Char('\n')));
    restyle();
    placeMarks();
}

void CurvePanel::placeMarks()
{
    const QCPRange range = m_plot->yAxis->range();
    for (qsizetype i = 0; i < m_marks.size(); ++i) {
        const Mark& mark = m_marks.at(i);
        m_markSigns.at(i)->position->setCoords(mark.from, range.lower);
        m_markBands.at(i)->topLeft->setCoords(mark.from, range.upper);
        m_markBands.at(i)->bottomRight->setCoords(mark.to, range.lower);
    }
    m_plot->replot(QCustomPlot::rpQueuedReplot);
}

void CurvePanel::setStepRange(double from, double to)
{
    m_zoomed = from > 0 || to < m_lastStep;
    m_plot->xAxis->setRange(from, m_zoomed ? to : m_lastStep * (m_series.size() > 1 ? 1.24 : 1.02));
    m_plot->replot(QCustomPlot::rpQueuedReplot);
}

void CurvePanel::setCursorStep(double step)
{
    m_cursor = step;
    m_cursorLine->setVisible(step >= 0);
    if (step >= 0) {
        m_cursorLine->start->setCoords(step, m_plot->yAxis->range().lower);
        m_cursorLine->end->setCoords(step, m_plot->yAxis->range().upper);
    }
    showValues();
    m_plot->replot(QCustomPlot::rpQueuedReplot);
}

void CurvePanel::showValues()
{
    if (m_steps.isEmpty()) {
        m_readout->clear();
        return;
    }
    auto at = m_steps.size() - 1;
    QString readout;
    const QString quiet = Theme::instance().color(Role::secondary).name();
    if (m_cursor >= 0) {
        const auto found = std::lower_bound(m_steps.cbegin(), m_steps.cend(), m_cursor);
        at = std::min<qsizetype>(found - m_steps.cbegin(), at);
        readout = QStringLiteral("<span style='color:%1'>%2</span> ").arg(quiet, tr("step %1").arg(m_steps.at(at)));
    }
    for (int i = 0; i < m_series.size(); ++i) {
        const double value = m_values.at(i).at(at);
        readout += QStringLiteral(" <b>%1</b> <span style='color:%2'>%3</span>")
                       .arg(std::isfinite(value) ? QLocale().toString(value, 'f', m_decimals) : QStringLiteral("-"), quiet,
                           m_series.at(i).label.toHtmlEscaped());
    }
    m_readout->setText(readout);
}

bool CurvePanel::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_plot && event->type() == QEvent::Leave)
        Q_EMIT cursorMoved(-1);
    if (watched == m_plot && event->type() == QEvent::ContextMenu) {
        QMenu menu(this);
        menu.addAction(tr("Save as picture"), this, &CurvePanel::saveAsPng);
        menu.exec(static_cast<QContextMenuEvent*>(event)->globalPos());
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

void CurvePanel::saveAsPng()
{
    const QString path =
        QFileDialog::getSaveFileName(this, tr("Save as picture"), m_title->text() + QStringLiteral(".png"), tr("Pictures (*.png)"));
    if (!path.isEmpty())
        (void)m_plot->savePng(path, 0, 0, 2.0);
}

void linkCurves(const std::vector<CurvePanel*>& panels)
{
    for (CurvePanel* panel : panels) {
        QObject::connect(panel, &CurvePanel::cursorMoved, panel, [panels](double step) {
            for (CurvePanel* other : panels)
                other->setCursorStep(step);
        });
        QObject::connect(panel, &CurvePanel::rangeChanged, panel, [panels, panel](double from, double to) {
            for (CurvePanel* other : panels) {
                if (other != panel)
                    other->setStepRange(from, to);
            }
        });
    }
}

} // namespace precedent::ui
