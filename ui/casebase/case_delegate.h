#pragma once

#include "ui/shell/disposition_look.h"
#include "ui/shell/row_delegate.h"

namespace precedent::ui {

/// The cells of the case table: id in monospace, disposition with icon and word in its colour (the word in the text's colour on a
/// selected row, where the colour's contrast would be too low), status with its mark.
class CaseDelegate final : public RowDelegate {
    Q_OBJECT
public:
    using RowDelegate::RowDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

} // namespace precedent::ui
