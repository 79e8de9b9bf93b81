#include "ui/evaluate/figure_delegate.h"

#include <cmath>

#include <QMouseEvent>
#include <QPainter>

#include "ui/evaluate/evaluation_look.h"
#include "ui/evaluate/evaluation_table_model.h"
#include "ui/shell/icons.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kRadio = 12;
constexpr int kRadioArea = 28;
constexpr int kMark = 8;
constexpr int kNumber = 38;
constexpr int kInterval = 56;
constexpr int kTrack = 40;
constexpr int kGap = 6;

QColor c(Role role) { return Theme::instance().color(role); }

void paintRadio(QPainter& painter, const QRect& cell, bool chosen)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF circle(cell.left() + 0.5, cell.center().y() - kRadio / 2.0 + 0.5, kRadio, kRadio);
    painter.setPen(QPen(c(chosen ? Role::accent : Role::fieldBorder), 1));
    painter.setBrush(c(Role::surface));
    painter.drawEllipse(circle);
    if (chosen) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(c(Role::accent));
        painter.drawEllipse(circle.center(), 3, 3);
    }
    painter.restore();
}

void paintModel(QPainter& painter, QRect cell, const workspace::TableRow& row, bool reference, bool selected)
{
    paintRadio(painter, cell, reference);
    const QPointF mark(cell.left() + kRadio + 14, cell.center().y() + 0.5);
    if (selected)
        paintModeMark(painter, mark, kMark + 3, row.mode, c(Role::text));
    paintModeMark(painter, mark, kMark, row.mode, colorOf(row));
    cell.setLeft(cell.left() + kRadio + 26);
    QFont font = bodyFont();
    font.setWeight(selected ? QFont::DemiBold : QFont::Normal);
    painter.setFont(font);
    painter.setPen(c(Role::text));
    const QString name = painter.fontMetrics().elidedText(nameOf(row), Qt::ElideMiddle, cell.width());
    painter.drawText(cell, Qt::AlignVCenter, name);
    cell.setLeft(cell.left() + painter.fontMetrics().horizontalAdvance(name) + kGap);
    if (row.selfJudged && cell.width() > kRadio) {
        paintIcon(painter, QRectF(cell.left(), cell.center().y() - 5.5, 12, 12), QStringLiteral("own"),
            c(selected ? Role::text : Role::secondary));
        cell.setLeft(cell.left() + 12 + kGap);
    }
    painter.setFont(secondaryFont());
    painter.setPen(c(selected ? Role::text : Role::secondary));
    QString detail = detailOf(row);
    if (reference)
        detail = detail.isEmpty() ? FigureDelegate::tr("reference") : FigureDelegate::tr("%1, reference").arg(detail);
    painter.drawText(cell, Qt::AlignVCenter, painter.fontMetrics().elidedText(detail, Qt::ElideRight, cell.width()));
}

void paintWhisker(QPainter& painter, const QRect& track, const workspace::Estimate& estimate, bool selected)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const double y = track.center().y() + 0.5;
    const auto x = [&](double share) { return track.left() + share * track.width(); };
    painter.setPen(QPen(c(selected ? Role::fieldBorder : Role::grid), 1));
    painter.drawLine(QPointF(track.left(), y), QPointF(track.right(), y));
    painter.setPen(QPen(c(Role::text), 1.5));
    painter.drawLine(QPointF(x(estimate.low), y), QPointF(x(estimate.high), y));
    painter.setPen(Qt::NoPen);
    painter.setBrush(c(Role::text));
    painter.drawEllipse(QPointF(x(estimate.value), y), 2.5, 2.5);
    painter.restore();
}

void paintMarks(QPainter& painter, QRect cell, const workspace::CellTest& test, bool selected)
{
    painter.setFont(bodyFont());
    painter.setPen(c(test.worse && !selected ? Role::warning : Role::text));
    painter.drawText(cell, Qt::AlignVCenter, QStringLiteral("*"));
    if (!test.worse)
        return;
    cell.setLeft(cell.left() + painter.fontMetrics().horizontalAdvance(QLatin1Char('*')) + 2);
    const QString icon = test.difference.value > 0 ? QStringLiteral("up") : QStringLiteral("down");
    paintIcon(painter, QRectF(cell.left(), cell.center().y() - 5.5, 12, 12), icon, c(Role::warning));
    cell.setLeft(cell.left() + 13);
    painter.drawText(cell, Qt::AlignVCenter, painter.fontMetrics().elidedText(FigureDelegate::tr("worse"), Qt::ElideRight, cell.width()));
}

void paintFigure(QPainter& painter, QRect cell, const workspace::TableCell& figure, bool marked, bool selected)
{
    painter.setFont(bodyFont());
    painter.setPen(c(selected ? Role::text : Role::secondary));
    if (figure.estimate.n == 0) {
        painter.drawText(QRect(cell.left(), cell.top(), kNumber, cell.height()), Qt::AlignVCenter | Qt::AlignRight, QStringLiteral("–"));
        return;
    }
    const auto take = [&cell](int width) {
        const QRect part(cell.left(), cell.top(), width, cell.height());
        cell.setLeft(cell.left() + width + kGap);
        return part;
    };
    painter.setPen(c(Role::text));
    painter.drawText(
        take(kNumber), Qt::AlignVCenter | Qt::AlignRight, percentOf(figure.estimate.value) + (marked ? QStringLiteral("†") : QString()));
    painter.setPen(c(selected ? Role::text : Role::secondary));
    const bool roomForInterval = cell.width() >= kInterval;
    if (roomForInterval)
        painter.drawText(take(kInterval), Qt::AlignVCenter | Qt::AlignRight, intervalOf(figure.estimate));
    if (roomForInterval && cell.width() >= kTrack)
        paintWhisker(painter, take(kTrack), figure.estimate, selected);
    if (figure.test && figure.test->star)
        paintMarks(painter, cell, *figure.test, selected);
}

} // namespace

void FigureDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    paintGround(*painter, option, index);
    const auto* model = qobject_cast<const EvaluationTableModel*>(index.model());
    const workspace::TableRow* row = model != nullptr ? model->at(index.row()) : nullptr;
    if (row == nullptr)
        return;
    const bool selected = (option.state & QStyle::State_Selected) != 0;
    painter->save();
    const QRect cell = option.rect.adjusted(index.column() == 0 ? 12 : 8, 0, EvaluationTableModel::isFigure(index.column()) ? -4 : -8, 0);
    if (index.column() == EvaluationTableModel::modelColumn) {
        paintModel(*painter, cell, *row, model->isReference(index.row()), selected);
    } else if (index.column() == EvaluationTableModel::modeColumn) {
        painter->setFont(bodyFont());
        painter->setPen(c(selected ? Role::text : Role::secondary));
        painter->drawText(cell, Qt::AlignVCenter, index.data().toString());
    } else if (EvaluationTableModel::figureAt(index.column()) == workspace::TableColumn::noAnswer) {
        painter->setFont(bodyFont());
        painter->setPen(c(selected ? Role::text : Role::secondary));
        painter->drawText(cell.adjusted(0, 0, -4, 0), Qt::AlignVCenter | Qt::AlignRight, index.data().toString());
    } else {
        paintFigure(*painter, cell, row->cell(EvaluationTableModel::figureAt(index.column())), !row->budget.empty(), selected);
    }
    if ((option.state & QStyle::State_HasFocus) != 0) {
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(QPen(c(Role::accent), 2));
        painter->setBrush(Qt::NoBrush);
        painter->drawRoundedRect(QRectF(option.rect).adjusted(1, 1, -1, -1), 4, 4);
    }
    painter->restore();
}

QSize FigureDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    return {QStyledItemDelegate::sizeHint(option, index).width(), kRowHeight};
}

bool FigureDelegate::editorEvent(QEvent* event, QAbstractItemModel* model, const QStyleOptionViewItem& option, const QModelIndex& index)
{
    if (index.column() == EvaluationTableModel::modelColumn && event->type() == QEvent::MouseButtonRelease) {
        const auto* mouse = static_cast<QMouseEvent*>(event);
        if (mouse->position().x() < option.rect.left() + kRadioArea) {
            Q_EMIT referenceChosen(index.row());
            return true;
        }
    }
    return RowDelegate::editorEvent(event, model, option, index);
}

} // namespace precedent::ui
