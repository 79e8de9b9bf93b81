#pragma once

#include "ui/shell/row_delegate.h"

namespace precedent::ui {

/// A row of the codes tree: id, title, how its cases are decided (bars: comply, safe-complete, refuse, each as a share of the
/// code's cases), and how many there are.
class CodeDelegate final : public RowDelegate {
    Q_OBJECT
public:
    using RowDelegate::RowDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

} // namespace precedent::ui
