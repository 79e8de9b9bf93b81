#include "ui/shell/side_bar.h"

#include <QAbstractButton>
#include <QPainter>
#include <QVBoxLayout>

#include "ui/shell/icons.h"
#include "ui/shell/preferences.h"
#include "ui/shell/style.h"
#include "ui/shell/theme.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kWidth = 48;
constexpr int kWideWidth = 148;
constexpr int kButtonHeight = 44;
constexpr int kIconSize = 20;

class PlaceButton final : public QAbstractButton {
public:
    PlaceButton(QString icon, QWidget* parent)
        : QAbstractButton(parent)
        , m_icon(std::move(icon))
    {
        setFixedHeight(kButtonHeight);
        setAttribute(Qt::WA_Hover);
        setFocusPolicy(Qt::TabFocus);
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        const Theme& theme = Theme::instance();
        QPainter painter(this);
        if (isChecked()) {
            painter.fillRect(rect(), theme.color(Role::surface));
            painter.fillRect(QRect(0, 0, kMarkWidth, height()), theme.color(Role::accent));
        } else if (underMouse() && isEnabled()) {
            painter.fillRect(rect(), theme.color(Role::hover));
        }
        const Role role = !isEnabled() ? Role::fieldBorder : isChecked() ? Role::accent : Role::secondary;
        paintIcon(painter, QRectF((kWidth - 1 - kIconSize) / 2.0, (kButtonHeight - kIconSize) / 2.0, kIconSize, kIconSize), m_icon,
            theme.color(role));
        if (width() >= kWidth) {
            painter.setFont(bodyFont());
            painter.setPen(theme.color(isEnabled() ? Role::text : Role::secondary));
            painter.drawText(rect().adjusted(kWidth - 4, 0, -8, 0), Qt::AlignVCenter | Qt::AlignLeft, accessibleName());
        }
        if (hasFocus()) {
            painter.setPen(QPen(theme.color(Role::accent), 2));
            painter.drawRect(rect().adjusted(2, 2, -2, -2));
        }
    }

private:
    QString m_icon;
};

} // namespace

SideBar::SideBar(QWidget* parent)
    : QWidget(parent)
    , m_layout(new QVBoxLayout(this))
    , m_group(new QButtonGroup(this))
{
    setObjectName(QStringLiteral("sideBar"));
    followPreferences();
    m_layout->setContentsMargins(0, 0, 1, 0);
    m_layout->setSpacing(0);
    m_layout->addStretch();
    auto* help = new PlaceButton(QStringLiteral("help"), this);
    help->setObjectName(QStringLiteral("helpButton"));
    help->setToolTip(tr("Help"));
    help->setAccessibleName(tr("Help"));
    m_layout->addWidget(help);
    connect(help, &QAbstractButton::clicked, this, &SideBar::helpAsked);
    connect(m_group, &QButtonGroup::idClicked, this, &SideBar::chosen);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    connect(&Preferences::instance(), &Preferences::changed, this, &SideBar::followPreferences);
}

void SideBar::addPlace(const QString& icon, const QString& title, const QString& shortcut)
{
    auto* button = new PlaceButton(icon, this);
    button->setObjectName(icon + QStringLiteral("PlaceButton"));
    button->setCheckable(true);
    button->setToolTip(tr("%1 (%2)").arg(title, shortcut));
    button->setAccessibleName(title);
    const int index = static_cast<int>(m_group->buttons().size());
    m_group->addButton(button, index);
    m_layout->insertWidget(index, button);
}

void SideBar::setCurrent(int index)
{
    m_group->setExclusive(false);
    for (QAbstractButton* button : m_group->buttons())
        button->setChecked(m_group->id(button) == index);
    m_group->setExclusive(true);
}

void SideBar::setPlaceEnabled(int index, bool enabled)
{
    if (QAbstractButton* button = m_group->button(index))
        button->setEnabled(enabled);
}

void SideBar::followPreferences() { setFixedWidth(Preferences::instance().showsNames() ? kWideWidth : kWidth); }

void SideBar::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), Theme::instance().color(Role::window));
    painter.fillRect(QRect(width() - 1, 0, 1, height()), Theme::instance().color(Role::border));
}

} // namespace precedent::ui
