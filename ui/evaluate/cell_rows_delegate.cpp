#include "ui/evaluate/cell_rows_delegate.h"

#include <QPainter>

#include "ui/evaluate/cell_rows_model.h"
#include "ui/shell/disposition_look.h"
#include "ui/shell/icons.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kIcon = 16;

void paintLook(QPainter& painter, const QRect& cell, const DispositionLook& look, bool selected)
{
    const Theme& theme = Theme::instance();
    paintIcon(painter, QRectF(cell.left(), cell.center().y() - 7.5, kIcon, kIcon), look.icon, theme.color(look.role));
    painter.setPen(theme.color(selected ? Role::text : look.role));
    const QRect word = cell.adjusted(kIcon + 6, 0, 0, 0);
    painter.drawText(word, Qt::AlignVCenter, painter.fontMetrics().elidedText(look.word, Qt::ElideRight, word.width()));
}

} // namespace

void CellRowsDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    paintGround(*painter, option, index);
    const Theme& theme = Theme::instance();
    const bool selected = (option.state & QStyle::State_Selected) != 0;
    const QRect cell = option.rect.adjusted(index.column() == 0 ? 12 : 8, 0, -8, 0);
    const int verdict = index.data(CellRowsModel::verdictRole).toInt();
    const int disposition = index.data(CellRowsModel::dispositionRole).toInt();
    const QString word = index.data().toString();
    painter->save();
    painter->setFont(index.column() == CellRowsModel::idColumn ? monospaceFont() : bodyFont());
    painter->setPen(theme.color(index.column() == CellRowsModel::kindColumn && !selected ? Role::secondary : Role::text));
    if (verdict >= 0) {
        paintLook(*painter, cell, lookOf(static_cast<Verdict>(verdict)), selected);
    } else if (disposition >= 0) {
        paintLook(*painter, cell, lookOf(static_cast<Disposition>(disposition)), selected);
    } else if (index.data(CellRowsModel::hiddenRole).toBool()) {
        const int words = painter->fontMetrics().horizontalAdvance(word) + 8;
        painter->fillRect(QRect(cell.left(), cell.center().y() - 3, std::max(0, cell.width() - words), 8), theme.color(Role::track));
        painter->setPen(theme.color(selected ? Role::text : Role::secondary));
        painter->drawText(cell, Qt::AlignVCenter | Qt::AlignRight, word);
    } else {
        painter->drawText(cell, Qt::AlignVCenter, painter->fontMetrics().elidedText(word, Qt::ElideRight, cell.width()));
    }
    painter->restore();
}

} // namespace precedent::ui
