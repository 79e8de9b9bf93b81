#include "ui/casebase/case_delegate.h"

#include <QPainter>

#include "precedent/casebase/types.h"
#include "ui/casebase/case_table_model.h"
#include "ui/casebase/status_look.h"
#include "ui/shell/icons.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kPadding = 8;
constexpr int kIcon = 16;
constexpr int kIconGap = 6;

void paintMarked(
    QPainter& painter, const QRect& cell, const QString& icon, const QColor& iconColor, const QString& word, const QColor& wordColor)
{
    paintIcon(painter, QRectF(cell.left(), cell.center().y() - kIcon / 2.0 + 0.5, kIcon, kIcon), icon, iconColor);
    painter.setPen(wordColor);
    const QRect text = cell.adjusted(kIcon + kIconGap, 0, 0, 0);
    painter.drawText(text, Qt::AlignVCenter, painter.fontMetrics().elidedText(word, Qt::ElideRight, text.width()));
}

} // namespace

void CaseDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    paintGround(*painter, option, index);
    const Theme& theme = Theme::instance();
    const bool selected = (option.state & QStyle::State_Selected) != 0;
    const QColor text = theme.color(Role::text);
    const QColor quiet = selected ? text : theme.color(Role::secondary);
    const QRect cell = option.rect.adjusted(index.column() == 0 ? 12 : kPadding, 0, -kPadding, 0);
    painter->save();
    painter->setFont(
        index.column() == CaseTableModel::idColumn || index.column() == CaseTableModel::codesColumn ? monospaceFont() : bodyFont());
    const QString word = index.data().toString();
    if (index.column() == CaseTableModel::dispositionColumn && !word.isEmpty()) {
        const DispositionLook look = lookOf(static_cast<Disposition>(index.data(CaseTableModel::dispositionRole).toInt()));
        const QColor color = theme.color(look.role);
        paintMarked(*painter, cell, look.icon, color, look.word, selected ? text : color);
    } else if (index.column() == CaseTableModel::statusColumn && !word.isEmpty()) {
        const StatusLook look = lookOf(static_cast<casebase::CaseStatus>(index.data(CaseTableModel::statusRole).toInt()));
        paintMarked(*painter, cell, look.icon, quiet, look.word, quiet);
    } else if (index.data(CaseTableModel::hiddenRole).toBool() && index.column() == CaseTableModel::requestColumn) {
        const int words = painter->fontMetrics().horizontalAdvance(word) + kPadding;
        painter->fillRect(QRect(cell.left(), cell.center().y() - 3, std::max(0, cell.width() - words), 8), theme.color(Role::track));
        painter->setPen(quiet);
        painter->drawText(cell, Qt::AlignVCenter | Qt::AlignRight, word);
    } else {
        painter->setPen(index.column() == CaseTableModel::codesColumn ? quiet : text);
        painter->drawText(cell, Qt::AlignVCenter, painter->fontMetrics().elidedText(word, Qt::ElideRight, cell.width()));
    }
    painter->restore();
}

QSize CaseDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    return {QStyledItemDelegate::sizeHint(option, index).width(), kRowHeight};
}

} // namespace precedent::ui
