#pragma once

#include "ui/shell/row_delegate.h"

namespace precedent::ui {

/// A code or case of a prompt in two lines: its box and id, its title; a case's disposition; whether it was cited.
class ContextDelegate final : public RowDelegate {
    Q_OBJECT
public:
    using RowDelegate::RowDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    bool editorEvent(QEvent* event, QAbstractItemModel* model, const QStyleOptionViewItem& option, const QModelIndex& index) override;
};

} // namespace precedent::ui
