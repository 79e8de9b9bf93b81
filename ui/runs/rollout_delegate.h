#pragma once

#include "ui/shell/row_delegate.h"

namespace precedent::ui {

/// The cells of a group's table: verdict with icon and word, the advantage with a bar to either side of nought.
class RolloutDelegate final : public RowDelegate {
    Q_OBJECT
public:
    using RowDelegate::RowDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

} // namespace precedent::ui
