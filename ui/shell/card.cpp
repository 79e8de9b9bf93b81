#include "ui/shell/card.h"

#include <QPainter>

#include "ui/shell/style.h"

namespace precedent::ui {

Card::Card(QWidget* parent)
    : QWidget(parent)
{
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void Card::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Theme::instance().color(Role::border));
    painter.setBrush(Theme::instance().color(Role::surface));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), kRadius, kRadius);
}

void setTextColor(QWidget& widget, Role role)
{
    QPalette own = widget.palette();
    // On a Base ground Qt takes Text where it else takes WindowText.
    for (const auto part : {QPalette::WindowText, QPalette::Text})
        own.setColor(part, Theme::instance().color(role));
    widget.setPalette(own);
}

QuietLabel::QuietLabel(const QString& text, const QFont& font, QWidget* parent)
    : QLabel(text, parent)
{
    setFont(font);
    setWordWrap(true);
    follow();
    connect(&Theme::instance(), &Theme::changed, this, [this] { follow(); });
}

void QuietLabel::follow() { setTextColor(*this, Role::secondary); }

} // namespace precedent::ui
