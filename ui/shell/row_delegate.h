#pragma once

#include <QApplication>
#include <QStyledItemDelegate>

namespace precedent::ui {

/// What our delegates share: the ground of a cell as the style paints it, selected, hovered or plain.
class RowDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

protected:
    void paintGround(QPainter& painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
    {
        QStyleOptionViewItem item = option;
        initStyleOption(&item, index);
        const QStyle* style = item.widget != nullptr ? item.widget->style() : QApplication::style();
        style->drawPrimitive(QStyle::PE_PanelItemViewItem, &item, &painter, item.widget);
    }
};

} // namespace precedent::ui
