#include "ui/casebase/chip.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include "ui/shell/icons.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kHeight = 24;
constexpr int kPadding = 8;
constexpr int kSpace = 6;
constexpr int kIcon = 12;
constexpr int kLeastWidth = 64;
constexpr int kSlack = 2; ///< a text as wide as its room is cut all the same

QFont wordFont()
{
    QFont font = bodyFont();
    font.setWeight(QFont::Medium);
    return font;
}

int widthOf(const QString& text, const QFont& font) { return text.isEmpty() ? 0 : QFontMetrics(font).horizontalAdvance(text); }

} // namespace

Chip::Chip(Kind kind, const QString& quietBefore, const QString& word, const QString& quietAfter, QWidget* parent)
    : QAbstractButton(parent)
    , m_kind(kind)
    , m_before(quietBefore)
    , m_word(word)
    , m_after(quietAfter)
{
    setText(QStringList{quietBefore, word, quietAfter}.join(QLatin1Char(' ')).trimmed());
    setAccessibleName(text());
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

int Chip::wordsWidth() const
{
    int width = widthOf(m_word, wordFont());
    for (const QString& quiet : {m_before, m_after})
        width += quiet.isEmpty() ? 0 : widthOf(quiet, bodyFont()) + kSpace;
    return width;
}

QSize Chip::sizeHint() const { return {2 * kPadding + kSlack + wordsWidth() + (m_kind == Kind::fixed ? 0 : kIcon + kSpace), kHeight}; }

QSize Chip::minimumSizeHint() const
{
    return m_kind == Kind::removable ? QSize(std::min(kLeastWidth, sizeHint().width()), kHeight) : sizeHint();
}

void Chip::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::instance();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool adds = m_kind == Kind::adding;
    QPen border(hasFocus() ? theme.color(Role::accent) : theme.color(Role::fieldBorder), hasFocus() ? 2 : 1);
    if (adds && !hasFocus())
        border.setStyle(Qt::DashLine);
    painter.setPen(border);
    painter.setBrush(underMouse() && isEnabled() ? theme.color(Role::hover) : theme.color(Role::surface));
    const double inset = hasFocus() ? 1 : 0.5;
    painter.drawRoundedRect(QRectF(rect()).adjusted(inset, inset, -inset, -inset), kRadius, kRadius);
    int x = kPadding;
    const auto icon = [&](const QString& name) {
        paintIcon(painter, QRectF(x, (height() - kIcon) / 2.0, kIcon, kIcon), name, theme.color(Role::secondary));
        x += kIcon + kSpace;
    };
    const auto write = [&](const QString& words, const QFont& font, Role role) {
        if (words.isEmpty())
            return;
        const int left = width() - x - kPadding - (m_kind == Kind::removable ? kIcon + kSpace : 0);
        painter.setFont(font);
        painter.setPen(theme.color(role));
        painter.drawText(QRect(x, 0, left, height()), Qt::AlignVCenter, QFontMetrics(font).elidedText(words, Qt::ElideRight, left));
        x += widthOf(words, font) + kSpace;
    };
    if (adds)
        icon(QStringLiteral("plus"));
    write(m_before, bodyFont(), Role::secondary);
    write(m_word, adds ? bodyFont() : wordFont(), adds ? Role::secondary : Role::text);
    write(m_after, bodyFont(), Role::secondary);
    if (m_kind == Kind::removable) {
        x = width() - kPadding - kIcon;
        icon(QStringLiteral("x"));
    }
}

void Chip::mouseReleaseEvent(QMouseEvent* event)
{
    if (m_kind == Kind::removable && isDown() && rect().contains(event->pos()) && event->pos().x() >= width() - kPadding - kIcon - 4) {
        setDown(false);
        Q_EMIT removeAsked();
        return;
    }
    QAbstractButton::mouseReleaseEvent(event);
}

void Chip::keyPressEvent(QKeyEvent* event)
{
    if (m_kind == Kind::removable && (event->key() == Qt::Key_Delete || event->key() == Qt::Key_Backspace)) {
        Q_EMIT removeAsked();
        return;
    }
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
        click();
        return;
    }
    QAbstractButton::keyPressEvent(event);
}

} // namespace precedent::ui
