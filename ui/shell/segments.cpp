#include "ui/shell/segments.h"

#include <algorithm>

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QPainter>
#include <QPainterPath>

#include "ui/shell/style.h"
#include "ui/shell/theme.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kPadding = 8;

QFont taken()
{
    QFont font = bodyFont();
    font.setWeight(QFont::DemiBold);
    return font;
}

/// One of them; frames of neighbours lie over each other.
class Segment final : public QAbstractButton {
public:
    Segment(const QString& value, const QString& words, QWidget* parent)
        : QAbstractButton(parent)
    {
        setObjectName(parent->objectName() + QLatin1Char('_') + value);
        setProperty("value", value);
        setText(words);
        setCheckable(true);
        setFocusPolicy(Qt::StrongFocus);
        setAttribute(Qt::WA_Hover);
        setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
        connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    }
    [[nodiscard]] QSize sizeHint() const override
    {
        return {QFontMetrics(taken()).horizontalAdvance(text()) + 2 * kPadding, kControlHeight};
    }
    [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }
    bool first = false;
    bool last = false;

protected:
    void paintEvent(QPaintEvent*) override
    {
        const Theme& theme = Theme::instance();
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        // The outer ends are round: a frame wider than the segment is cut off where another one follows.
        const QRectF frame = QRectF(rect()).adjusted(first ? 0.5 : -kRadius, 0.5, last ? -0.5 : kRadius, -0.5);
        painter.setPen(theme.color(Role::fieldBorder));
        painter.setBrush(theme.color(isChecked() ? Role::selection : underMouse() && isEnabled() ? Role::hover : Role::surface));
        painter.drawRoundedRect(frame, kRadius, kRadius);
        if (!first)
            painter.drawLine(QPointF(0.5, 1), QPointF(0.5, height() - 1));
        if (hasFocus()) {
            painter.setPen(QPen(theme.color(Role::accent), 2));
            painter.setBrush(Qt::NoBrush);
            painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), kRadius - 1, kRadius - 1);
        }
        painter.setFont(isChecked() ? taken() : bodyFont());
        painter.setPen(theme.color(isEnabled() ? Role::text : Role::secondary));
        painter.drawText(rect(), Qt::AlignCenter, text());
    }
};

} // namespace

void takeButton(QButtonGroup& group, QAbstractButton* button)
{
    group.setExclusive(false);
    for (QAbstractButton* other : group.buttons()) {
        other->setChecked(other == button);
        other->setFocusPolicy(button == nullptr || other == button ? Qt::StrongFocus : Qt::ClickFocus);
    }
    group.setExclusive(true);
}

Segments::Segments(QWidget* parent)
    : QWidget(parent)
    , m_group(new QButtonGroup(this))
    , m_layout(new QHBoxLayout(this))
{
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(0);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    connect(m_group, &QButtonGroup::buttonClicked, this, [this](QAbstractButton* button) {
        takeButton(*m_group, button);
        Q_EMIT chosen(value());
    });
}

void Segments::add(const QString& value, const QString& words)
{
    auto* made = new Segment(value, words, this);
    const QList<QAbstractButton*> before = m_group->buttons();
    made->first = before.isEmpty();
    made->last = true;
    if (!before.isEmpty())
        static_cast<Segment*>(before.last())->last = false;
    m_group->addButton(made);
    m_layout->addWidget(made);
    if (focusProxy() == nullptr)
        setFocusProxy(made);
}

void Segments::setValue(const QString& value)
{
    const QList<QAbstractButton*> buttons = m_group->buttons();
    const auto found = std::find_if(
        buttons.begin(), buttons.end(), [&](const QAbstractButton* button) { return button->property("value").toString() == value; });
    takeButton(*m_group, found == buttons.end() ? nullptr : *found);
}

QString Segments::value() const
{
    const QAbstractButton* checked = m_group->checkedButton();
    return checked == nullptr ? QString() : checked->property("value").toString();
}

} // namespace precedent::ui
