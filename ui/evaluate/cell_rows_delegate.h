#pragma once

#include "ui/shell/row_delegate.h"

namespace precedent::ui {

/// The cells of the answers behind a figure: verdicts with icon, word and colour; a bar in place of a hidden request.
class CellRowsDelegate final : public RowDelegate {
    Q_OBJECT
public:
    using RowDelegate::RowDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

} // namespace precedent::ui
