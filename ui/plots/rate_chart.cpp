#include "ui/plots/rate_chart.h"

#include <algorithm>
#include <cmath>

#include <QVBoxLayout>

#include "ui/plots/qcustomplot.h"
#include "ui/shell/theme.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr double kMark = 9;
constexpr double kCross = 1.5;
constexpr double kLabelGap = 6;
constexpr double kClickReach = 12;
constexpr int kNearRings = 2;
constexpr int kFarRings = 6;
constexpr double kLeast = 20; ///< per cent that an axis shows at least

QCPScatterStyle::ScatterShape shapeOf(RateChart::Shape shape)
{
    switch (shape) {
    case RateChart::Shape::square:
        return QCPScatterStyle::ssSquare;
    case RateChart::Shape::triangle:
        return QCPScatterStyle::ssTriangle;
    case RateChart::Shape::circle:
        break;
    }
    return QCPScatterStyle::ssDisc;
}

/// The next 20 above the greatest value, 100 at most.
double axisEnd(double most) { return std::clamp(std::ceil((most + 2) / kLeast) * kLeast, kLeast, 104.0); }

/// Where a label of `size` meets none of `taken`: near the mark first (right, left, over or under it), then farther out.
QRectF freePlace(const QPointF& at, const QSizeF& size, const QRectF& room, const QVector<QRectF>& taken, int rings)
{
    for (int ring = 1; ring <= rings; ++ring) {
        const double dx = kLabelGap * ring;
        const double dy = (size.height() + 2) * (ring - 1) + 2;
        for (const double x : {at.x() + dx, at.x() - dx - size.width(), at.x() - size.width() / 2}) {
            // Over or under the mark it must clear it; beside it the mark's own height will do.
            const double clear = x < at.x() && x + size.width() > at.x() ? dy + kMark / 2 : dy;
            for (const double y : {at.y() - clear - size.height(), at.y() + clear}) {
                const QRectF place(QPointF(x, y), size);
                const bool free = std::none_of(taken.cbegin(), taken.cend(), [&place](const QRectF& r) { return r.intersects(place); });
                if (free && room.contains(place))
                    return place;
            }
        }
    }
    return {};
}

} // namespace

RateChart::RateChart(QWidget* parent)
    : QWidget(parent)
    , m_plot(new QCustomPlot(this))
    , m_good(new QCPItemText(m_plot))
    , m_bad(new QCPItemText(m_plot))
{
    setObjectName(QStringLiteral("rateChart"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_plot);
    m_plot->axisRect()->setAutoMargins(QCP::msLeft | QCP::msBottom);
    m_plot->axisRect()->setMargins(QMargins(0, 12, 24, 0));
    for (QCPAxis* axis : {m_plot->xAxis, m_plot->yAxis}) {
        axis->setTickLength(0);
        axis->setSubTicks(false);
        axis->setTickLabelPadding(4);
        axis->setLabelPadding(4);
        axis->grid()->setSubGridVisible(false);
        axis->ticker()->setTickCount(4);
    }
    for (QCPItemText* corner : {m_good, m_bad}) {
        corner->position->setType(QCPItemPosition::ptAxisRectRatio);
        corner->setClipToAxisRect(false);
        corner->setPadding(QMargins(6, 2, 6, 4));
    }
    m_good->setPositionAlignment(Qt::AlignLeft | Qt::AlignBottom);
    m_good->position->setCoords(0, 1);
    m_bad->setPositionAlignment(Qt::AlignRight | Qt::AlignBottom);
    m_bad->position->setCoords(1, 1);
    connect(m_plot, &QCustomPlot::afterLayout, this, &RateChart::placeLabels);
    connect(m_plot, &QCustomPlot::mousePress, this, [this](QMouseEvent* event) {
        const QPointF at = event->pos();
        double nearest = kClickReach;
        int id = -1;
        for (const Point& point : m_points) {
            const QPointF mark(m_plot->xAxis->coordToPixel(point.x), m_plot->yAxis->coordToPixel(point.y));
            const double distance = std::hypot(mark.x() - at.x(), mark.y() - at.y());
            if (distance < nearest) {
                nearest = distance;
                id = point.id;
            }
        }
        if (id >= 0)
            Q_EMIT pointClicked(id);
    });
    connect(&Theme::instance(), &Theme::changed, this, &RateChart::restyle);
    restyle();
}

void RateChart::setPoints(QVector<Point> points, const QString& xTitle, const QString& yTitle)
{
    m_points = std::move(points);
    m_plot->xAxis->setLabel(xTitle);
    m_plot->yAxis->setLabel(yTitle);
    setAccessibleName(QStringLiteral("%1, %2").arg(xTitle, yTitle));
    rebuild();
    restyle();
}

QString RateChart::yTitle() const { return m_plot->yAxis->label(); }

void RateChart::setCurrent(int id)
{
    m_current = id;
    restyle();
}

void RateChart::setCorners(const QString& good, const QString& bad)
{
    m_good->setText(good);
    m_bad->setText(bad);
}

void RateChart::rebuild()
{
    for (QCPItemText* label : m_labels)
        m_plot->removeItem(label);
    for (QCPItemLine* leader : m_leaders)
        m_plot->removeItem(leader);
    m_labels.clear();
    m_leaders.clear();
    m_plot->clearGraphs();
    double xMost = 0;
    double yMost = 0;
    // Three graphs a point: the cross's two lines, and the mark over them.
    for (const Point& point : m_points) {
        m_plot->addGraph()->setData({point.xLow, point.xHigh}, {point.y, point.y});
        m_plot->addGraph()->setData({point.x, point.x}, {point.yLow, point.yHigh});
        m_plot->addGraph()->setData({point.x}, {point.y});
        xMost = std::max(xMost, point.xHigh);
        yMost = std::max(yMost, point.yHigh);
        auto* leader = new QCPItemLine(m_plot);
        leader->start->setType(QCPItemPosition::ptAbsolute);
        leader->end->setType(QCPItemPosition::ptAbsolute);
        m_leaders.append(leader);
        auto* label = new QCPItemText(m_plot);
        label->position->setType(QCPItemPosition::ptAbsolute);
        label->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
        label->setClipToAxisRect(false);
        label->setPadding({});
        label->setText(point.label);
        m_labels.append(label);
    }
    m_plot->xAxis->setRange(0, axisEnd(xMost));
    m_plot->yAxis->setRange(0, axisEnd(yMost));
}

void RateChart::restyle()
{
    const Theme& theme = Theme::instance();
    m_plot->setBackground(QBrush(theme.color(Role::surface)));
    for (QCPAxis* axis : {m_plot->xAxis, m_plot->yAxis}) {
        axis->setBasePen(QPen(theme.color(Role::border)));
        axis->setTickPen(Qt::NoPen);
        axis->setTickLabelColor(theme.color(Role::secondary));
        axis->setTickLabelFont(secondaryFont());
        axis->setLabelColor(theme.color(Role::secondary));
        axis->setLabelFont(secondaryFont());
        axis->grid()->setPen(QPen(theme.color(Role::grid)));
        axis->grid()->setZeroLinePen(QPen(theme.color(Role::grid)));
    }
    for (QCPItemText* corner : {m_good, m_bad}) {
        corner->setColor(theme.color(Role::secondary));
        corner->setFont(secondaryFont());
    }
    for (int i = 0; i < m_points.size(); ++i) {
        const Point& point = m_points.at(i);
        const QColor color = point.color();
        for (int line = 0; line < 2; ++line)
            m_plot->graph(3 * i + line)->setPen(QPen(color, kCross));
        QCPGraph* mark = m_plot->graph(3 * i + 2);
        mark->setLineStyle(QCPGraph::lsNone);
        mark->setScatterStyle(QCPScatterStyle(shapeOf(point.shape), QPen(color, 1), QBrush(color), kMark));
        QFont font = secondaryFont();
        font.setWeight(point.id == m_current ? QFont::DemiBold : QFont::Normal);
        m_labels.at(i)->setFont(font);
        m_labels.at(i)->setColor(theme.color(Role::text));
        m_leaders.at(i)->setPen(QPen(theme.color(Role::secondary), 1));
    }
    m_plot->replot(QCustomPlot::rpQueuedReplot);
}

void RateChart::placeLabels()
{
    const QRectF room = m_plot->axisRect()->rect();
    QVector<QRectF> taken;
    QVector<QRectF> crosses;
    QVector<QPointF> marks;
    for (const Point& point : m_points) {
        const QPointF at(m_plot->xAxis->coordToPixel(point.x), m_plot->yAxis->coordToPixel(point.y));
        marks.append(at);
        taken.append(QRectF(at.x() - kMark / 2, at.y() - kMark / 2, kMark, kMark));
        crosses.append(QRectF(
            QPointF(m_plot->xAxis->coordToPixel(point.xLow), at.y() - 1), QPointF(m_plot->xAxis->coordToPixel(point.xHigh), at.y() + 1)));
        crosses.append(QRectF(
            QPointF(at.x() - 1, m_plot->yAxis->coordToPixel(point.yHigh)), QPointF(at.x() + 1, m_plot->yAxis->coordToPixel(point.yLow))));
    }
    if (!m_good->text().isEmpty()) {
        const QFontMetricsF metrics(m_good->font());
        const double top = room.bottom() - metrics.height() - 6;
        const double width = metrics.horizontalAdvance(m_bad->text()) + 12;
        // A mark in the corner says better than a word that it is there.
        const auto claim = [&](QCPItemText& corner, const QRectF& place) {
            const bool free = std::none_of(taken.cbegin(), taken.cend(), [&](const QRectF& mark) { return mark.intersects(place); });
            corner.setVisible(free);
            if (free)
                taken.append(place);
        };
        claim(*m_good, QRectF(room.left(), top, metrics.horizontalAdvance(m_good->text()) + 12, metrics.height()));
        claim(*m_bad, QRectF(room.right() - width, top, width, metrics.height()));
    }
    // The picked one's label first; one that finds no room is left out: the table names its row.
    QVector<int> order;
    for (int i = 0; i < m_labels.size(); ++i) {
        if (m_points.at(i).id == m_current)
            order.prepend(i);
        else
            order.append(i);
    }
    m_labelRects.fill({}, m_labels.size());
    for (const int i : order) {
        const QFontMetricsF metrics(m_labels.at(i)->font());
        const QSizeF size(metrics.horizontalAdvance(m_labels.at(i)->text()), metrics.height());
        const QPointF at = marks.at(i);
        QRectF place = freePlace(at, size, room, taken + crosses, kNearRings);
        if (place.isNull())
            place = freePlace(at, size, room, taken, kFarRings); // over a cross rather than far away
        m_labels.at(i)->setVisible(!place.isNull());
        m_leaders.at(i)->setVisible(false);
        m_labelRects[i] = place;
        if (place.isNull())
            continue;
        taken.append(place);
        m_labels.at(i)->position->setPixelPosition(place.topLeft());
        const QPointF near(std::clamp(at.x(), place.left(), place.right()), std::clamp(at.y(), place.top(), place.bottom()));
        m_leaders.at(i)->setVisible(std::hypot(near.x() - at.x(), near.y() - at.y()) > 2.5 * kLabelGap);
        m_leaders.at(i)->start->setPixelPosition(at);
        m_leaders.at(i)->end->setPixelPosition(near);
    }
}

} // namespace precedent::ui
