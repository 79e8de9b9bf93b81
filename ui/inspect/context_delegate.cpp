#include "ui/inspect/context_delegate.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include "ui/inspect/context_model.h"
#include "ui/shell/disposition_look.h"
#include "ui/shell/icons.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kRow = 44;
constexpr int kBox = 16;
constexpr int kSide = 16;

QRect boxOf(const QRect& row) { return {row.left() + kSide, row.center().y() - kBox / 2, kBox, kBox}; }

} // namespace

void ContextDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    paintGround(*painter, option, index);
    const Theme& theme = Theme::instance();
    const bool selected = (option.state & QStyle::State_Selected) != 0;
    const bool on = index.data(Qt::CheckStateRole).toInt() == Qt::Checked;
    painter->save();
    QStyleOption box;
    box.rect = boxOf(option.rect);
    box.state = QStyle::State_Enabled | (on ? QStyle::State_On : QStyle::State_Off);
    option.widget->style()->drawPrimitive(QStyle::PE_IndicatorItemViewItemCheck, &box, painter, option.widget);
    QRect lines = option.rect.adjusted(kSide + kBox + 8, 5, -kSide, -5);
    const bool isCase = index.data(ContextModel::isCaseRole).toBool();
    if (isCase) {
        const DispositionLook look = lookOf(static_cast<Disposition>(index.data(ContextModel::dispositionRole).toInt()));
        painter->setFont(secondaryFont());
        const int width = painter->fontMetrics().horizontalAdvance(look.word) + 20;
        const QRect place(lines.right() - width, lines.top(), width, 16);
        paintIcon(*painter, QRectF(place.left(), place.top() + 1, 14, 14), look.icon, theme.color(look.role));
        painter->setPen(theme.color(selected ? Role::text : look.role));
        painter->drawText(place, Qt::AlignRight | Qt::AlignVCenter, look.word);
    }
    painter->setFont(monospaceFont());
    painter->setPen(theme.color(on || selected ? Role::text : Role::secondary));
    painter->drawText(lines, Qt::AlignTop | Qt::AlignLeft, index.data().toString());
    if (index.data(ContextModel::citedRole).toBool()) {
        const int after = painter->fontMetrics().horizontalAdvance(index.data().toString()) + 8;
        painter->setFont(secondaryFont());
        painter->setPen(theme.color(Role::accent));
        painter->drawText(lines.adjusted(after, 1, 0, 0), Qt::AlignTop | Qt::AlignLeft, tr("cited"));
    }
    painter->setFont(secondaryFont());
    if (index.data(ContextModel::hiddenRole).toBool()) {
        paintIcon(*painter, QRectF(lines.left(), lines.bottom() - 14, 12, 12), QStringLiteral("eyeoff"), theme.color(Role::secondary));
        lines.setLeft(lines.left() + 18);
    }
    painter->setPen(theme.color(selected ? Role::text : Role::secondary));
    painter->drawText(lines, Qt::AlignBottom | Qt::AlignLeft,
        painter->fontMetrics().elidedText(index.data(ContextModel::titleRole).toString(), Qt::ElideRight, lines.width()));
    painter->restore();
}

QSize ContextDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const { return {200, kRow}; }

bool ContextDelegate::editorEvent(QEvent* event, QAbstractItemModel* model, const QStyleOptionViewItem& option, const QModelIndex& index)
{
    const bool pressed = event->type() == QEvent::MouseButtonRelease &&
        boxOf(option.rect).adjusted(-6, -6, 6, 6).contains(static_cast<QMouseEvent*>(event)->pos());
    const bool spaced = event->type() == QEvent::KeyPress && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Space;
    if (!pressed && !spaced)
        return false;
    const bool on = index.data(Qt::CheckStateRole).toInt() == Qt::Checked;
    return model->setData(index, on ? Qt::Unchecked : Qt::Checked, Qt::CheckStateRole);
}

} // namespace precedent::ui
