#pragma once

#include "ui/shell/row_delegate.h"
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
class RunDelegate final : public RowDelegate {
    Q_OBJECT
public:
    using RowDelegate::RowDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

} // namespace precedent::ui
