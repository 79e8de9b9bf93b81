#include "ui/runs/rollout_delegate.h"

#include <cmath>

#include <QPainter>

#include "ui/runs/rollout_model.h"
#include "ui/shell/disposition_look.h"
#include "ui/shell/icons.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kPadding = 8;
constexpr int kBarReach = 28;

} // namespace

void RolloutDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    paintGround(*painter, option, index);
    const Theme& theme = Theme::instance();
    const bool selected = (option.state & QStyle::State_Selected) != 0;
    QRect cell = option.rect.adjusted(kPadding, 0, -kPadding, 0);
    painter->save();
    painter->setFont(bodyFont());
    painter->setPen(theme.color(Role::text));
    if (index.column() == RolloutModel::verdictColumn) {
        const DispositionLook look = lookOf(static_cast<Verdict>(index.data(RolloutModel::verdictRole).toInt()));
        paintIcon(*painter, QRectF(cell.left(), cell.center().y() - 7.5, 16, 16), look.icon, theme.color(look.role));
        painter->setPen(theme.color(selected ? Role::text : look.role));
        painter->drawText(cell.adjusted(22, 0, 0, 0), Qt::AlignVCenter, look.word);
    } else if (const QVariant mark = index.data(RolloutModel::markRole);
               index.column() == RolloutModel::advantageColumn && mark.isValid()) {
        const bool kept = mark.toInt() == static_cast<int>(ExampleMark::kept);
        if (kept)
            paintIcon(*painter, QRectF(cell.left(), cell.center().y() - 7.5, 16, 16), QStringLiteral("check"), theme.color(Role::accent));
        painter->setPen(theme.color(kept || selected ? Role::text : Role::secondary));
        painter->drawText(cell.adjusted(22, 0, 0, 0), Qt::AlignVCenter, index.data().toString());
    } else if (index.column() == RolloutModel::advantageColumn) {
        const auto* model = qobject_cast<const RolloutModel*>(index.model());
        const double reach = model != nullptr && model->reach() > 0 ? model->reach() : 1;
        const double share = index.data(RolloutModel::advantageRole).toDouble() / reach;
        const int zero = cell.right() - kBarReach;
        const int length = static_cast<int>(std::lround(std::abs(share) * kBarReach));
        painter->fillRect(
            QRect(share < 0 ? zero - length : zero, cell.center().y() - 4, std::max(1, length), 9), theme.color(Role::secondary));
        cell.setRight(zero - kBarReach - 6);
        painter->drawText(cell, Qt::AlignVCenter | Qt::AlignRight, index.data().toString());
    } else {
        if (index.column() == RolloutModel::tokensColumn && !selected)
            painter->setPen(theme.color(Role::secondary));
        painter->drawText(cell, Qt::AlignVCenter | Qt::AlignRight, index.data().toString());
    }
    painter->restore();
}

} // namespace precedent::ui
