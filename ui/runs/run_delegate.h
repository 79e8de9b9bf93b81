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

/// Two lines a run: name and time, state and steps; above the first run of a day its name.
class RunDelegate final : public RowDelegate {
    Q_OBJECT
public:
    using RowDelegate::RowDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    /// "Today", "Monday" over the first run of a day; empty over the others.
    [[nodiscard]] static QString headingOf(const QModelIndex& index);
    void updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

} // namespace precedent::ui
