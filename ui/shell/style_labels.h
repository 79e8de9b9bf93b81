#pragma once

#include <QStyleOption>

class QPainter;

namespace precedent::ui {

// How Style writes on buttons and menus: icon, words and, where one opens a menu, an arrow, on one line.

void drawButtonLabel(QPainter& painter, const QStyleOptionButton& button, bool primary);
/// Mirrored, the icon stands behind the words.
void drawToolLabel(QPainter& painter, const QStyleOptionToolButton& button);
/// Elided where `words` is too narrow.
void drawComboLabel(QPainter& painter, const QStyleOptionComboBox& combo, QRect words);

/// Whether a tool button has words to be drawn by drawToolLabel(), and how wide they, icon and arrow are.
[[nodiscard]] bool hasWords(const QStyleOptionToolButton& button);
[[nodiscard]] int widthOf(const QStyleOptionToolButton& button);

} // namespace precedent::ui
