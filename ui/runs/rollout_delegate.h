#pragma once

#include <QStyledItemDelegate>

namespace precedent::ui {

/// The cells of a group's table: verdict with icon and word, the advantage with a bar to either side of nought.
class RolloutDelegate final : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

} // namespace precedent::ui
