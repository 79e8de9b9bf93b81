#pragma once

#include "ui/shell/row_delegate.h"

namespace precedent::ui {

/// The cells of the comparison table: the reference's radio button and the mode's mark before the model; figure, interval, whisker,
/// star and "worse" in the others.
class FigureDelegate final : public RowDelegate {
    Q_OBJECT
public:
    using RowDelegate::RowDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    bool editorEvent(QEvent* event, QAbstractItemModel* model, const QStyleOptionViewItem& option, const QModelIndex& index) override;

Q_SIGNALS:
    void referenceChosen(int row);
};

} // namespace precedent::ui
