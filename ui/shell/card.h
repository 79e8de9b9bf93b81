#pragma once

#include <QLabel>
#include <QWidget>

#include "ui/shell/theme.h"

namespace precedent::ui {

/// The colour of a label's text, whatever its ground. Call again when the theme changes.
void setTextColor(QWidget& widget, Role role);

/// A surface with a border, as every card is.
class Card : public QWidget {
    Q_OBJECT
public:
    explicit Card(QWidget* parent = nullptr);

protected:
    void paintEvent(QPaintEvent* event) override;
};

/// Text in the secondary colour that follows the theme, wrapped.
class QuietLabel final : public QLabel {
    Q_OBJECT
public:
    QuietLabel(const QString& text, const QFont& font, QWidget* parent = nullptr);

private:
    void follow();
};

} // namespace precedent::ui
