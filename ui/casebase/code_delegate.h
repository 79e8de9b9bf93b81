#pragma once

#include <QStyledItemDelegate>

namespace precedent::ui {

/// A row of the codes tree: id, title, how its cases are decided (bars: comply, safe-complete, refuse, each as a share of the
/// code's cases), and how many there are.
class CodeDelegate final : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

} // namespace precedent::ui
