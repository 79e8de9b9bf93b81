#pragma once

#include <QIcon>
#include <QLabel>

#include "ui/shell/theme.h"

namespace precedent::ui {

/// An icon of resources/icons, drawn sharp at any scale and in the theme's colour of the moment, so that it follows a
/// change of theme without being made anew. Disabled ones take the field border's colour. `name` is the file's stem.
[[nodiscard]] QIcon themedIcon(const QString& name, Role role = Role::secondary);

/// Shows the icon in a label, `size` px square, and follows the theme.
void showIcon(QLabel& label, const QString& name, int size, Role role = Role::secondary);

/// Draws the icon into a square of `rect` in a colour of the caller's choice (delegates).
void paintIcon(QPainter& painter, const QRectF& rect, const QString& name, const QColor& color);

} // namespace precedent::ui
