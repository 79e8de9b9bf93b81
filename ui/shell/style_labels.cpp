#include "ui/shell/style_labels.h"

#include <algorithm>

#include <QPainter>

#include "ui/shell/icons.h"
#include "ui/shell/theme.h"

namespace precedent::ui {
namespace {

constexpr int kIconGap = 8;
constexpr int kToolGap = 6;
constexpr int kFieldPadding = 8;
constexpr int kHeaderArrow = 12;

QColor c(Role role) { return Theme::instance().color(role); }

bool hasMenu(const QStyleOptionToolButton& button) { return (button.features & QStyleOptionToolButton::HasMenu) != 0; }

} // namespace

int widthOf(const QStyleOptionToolButton& button)
{
    const int icon = button.icon.isNull() ? 0 : button.iconSize.width() + kToolGap;
    const int arrow = hasMenu(button) ? kHeaderArrow + kToolGap : 0;
    return 2 * kFieldPadding + icon + button.fontMetrics.size(Qt::TextShowMnemonic, button.text).width() + arrow;
}

void drawButtonLabel(QPainter& painter, const QStyleOptionButton& button, bool primary)
{
    const bool enabled = (button.state & QStyle::State_Enabled) != 0;
    painter.setPen(!enabled ? c(Role::secondary) : primary ? c(Role::onAccent) : c(Role::text));
    QRect text = button.rect;
    if (!button.icon.isNull()) {
        const int words = painter.fontMetrics().horizontalAdvance(button.text);
        const int gap = button.text.isEmpty() ? 0 : kIconGap;
        const int left = button.rect.left() + (button.rect.width() - button.iconSize.width() - gap - words) / 2;
        const QRect icon(QPoint(left, button.rect.center().y() - button.iconSize.height() / 2 + 1), button.iconSize);
        button.icon.paint(&painter, icon, Qt::AlignCenter, enabled ? QIcon::Normal : QIcon::Disabled);
        text.setLeft(icon.right() + 1 + gap);
        painter.drawText(text, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextShowMnemonic, button.text);
        return;
    }
    painter.drawText(text, Qt::AlignCenter | Qt::TextShowMnemonic, button.text);
}

bool hasWords(const QStyleOptionToolButton& button)
{
    return !button.text.isEmpty() && (button.toolButtonStyle == Qt::ToolButtonTextBesideIcon || button.icon.isNull());
}

void drawToolLabel(QPainter& painter, const QStyleOptionToolButton& button)
{
    const bool enabled = (button.state & QStyle::State_Enabled) != 0;
    QRect rest = button.rect.adjusted(kFieldPadding, 0, -kFieldPadding, 0);
    const int spare = std::max(0, button.rect.width() - widthOf(button)) / 2;
    rest.adjust(spare, 0, -spare, 0);
    if (hasMenu(button)) {
        paintIcon(painter, QRect(rest.right() - kHeaderArrow + 1, rest.center().y() - kHeaderArrow / 2 + 1, kHeaderArrow, kHeaderArrow),
            QStringLiteral("down"), c(Role::secondary));
        rest.setRight(rest.right() - kHeaderArrow - kToolGap);
    }
    if (!button.icon.isNull()) {
        const bool behind = button.direction == Qt::RightToLeft;
        const int left = behind ? rest.right() - button.iconSize.width() + 1 : rest.left();
        const QRect icon(QPoint(left, rest.center().y() - button.iconSize.height() / 2 + 1), button.iconSize);
        button.icon.paint(&painter, icon, Qt::AlignCenter, enabled ? QIcon::Normal : QIcon::Disabled);
        if (behind)
            rest.setRight(icon.left() - kToolGap - 1);
        else
            rest.setLeft(icon.right() + kToolGap + 1);
    }
    painter.setFont(button.font);
    painter.setPen(c(enabled ? Role::text : Role::secondary));
    painter.drawText(rest, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextShowMnemonic, button.text);
}

void drawComboLabel(QPainter& painter, const QStyleOptionComboBox& combo, QRect words)
{
    const bool enabled = (combo.state & QStyle::State_Enabled) != 0;
    if (!combo.currentIcon.isNull()) {
        const QRect icon(QPoint(words.left(), words.center().y() - combo.iconSize.height() / 2 + 1), combo.iconSize);
        combo.currentIcon.paint(&painter, icon, Qt::AlignCenter, enabled ? QIcon::Normal : QIcon::Disabled);
        words.setLeft(icon.right() + kToolGap);
    }
    painter.setPen(c(enabled ? Role::text : Role::secondary));
    painter.drawText(
        words, Qt::AlignLeft | Qt::AlignVCenter, painter.fontMetrics().elidedText(combo.currentText, Qt::ElideRight, words.width()));
}

} // namespace precedent::ui
