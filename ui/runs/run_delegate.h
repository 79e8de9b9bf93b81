#pragma once

#include <QStyledItemDelegate>

#include "ui/shell/theme.h"

namespace precedent::ui {

struct StateLook {
    QString icon;
    QString word;
    Role role;
};
/// How a run's state ("running", "finished" ...) looks everywhere.
[[nodiscard]] StateLook lookOfState(const QString& state);

/// Two lines a run: name and time, state and steps.
class RunDelegate final : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

} // namespace precedent::ui
