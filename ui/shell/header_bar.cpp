#include "ui/shell/header_bar.h"

#include <QAbstractButton>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QToolButton>

#include "ui/shell/icons.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kFieldWidth = 400;

/// Looks like a field, is a button: it opens the command list.
class CommandField final : public QAbstractButton {
public:
    explicit CommandField(QWidget* parent)
        : QAbstractButton(parent)
    {
        setFixedSize(kFieldWidth, kControlHeight);
        setCursor(Qt::IBeamCursor);
        setText(tr("Search or command"));
        setAccessibleName(text());
        setFocusPolicy(Qt::TabFocus);
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        const Theme& theme = Theme::instance();
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(theme.color(hasFocus() ? Role::accent : Role::fieldBorder), hasFocus() ? 2 : 1));
        painter.setBrush(theme.color(Role::surface));
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), kRadius, kRadius);
        paintIcon(painter, QRectF(8, 6, 16, 16), QStringLiteral("inspect"), theme.color(Role::secondary));
        painter.setPen(theme.color(Role::secondary));
        painter.drawText(rect().adjusted(32, 0, -72, 0), Qt::AlignVCenter | Qt::AlignLeft, text());
        const QRectF key(width() - 4 - 48, 5, 48, 18);
        painter.setPen(theme.color(Role::border));
        painter.setBrush(theme.color(Role::window));
        painter.drawRoundedRect(key.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
        painter.setPen(theme.color(Role::secondary));
        painter.setFont(secondaryFont());
        painter.drawText(key, Qt::AlignCenter, QStringLiteral("Ctrl+K"));
    }
};

QToolButton* iconButton(const QString& icon, const QString& name, const QString& objectName, QWidget* parent)
{
    auto* button = new QToolButton(parent);
    button->setObjectName(objectName);
    button->setIcon(themedIcon(icon));
    button->setToolTip(name);
    button->setAccessibleName(name);
    button->setProperty("plain", true);
    button->setFixedSize(kControlHeight, kControlHeight);
    return button;
}

} // namespace

HeaderBar::HeaderBar(QWidget* parent)
    : QWidget(parent)
    , m_place(new QLabel(this))
    , m_casebase(new QToolButton(this))
{
    setObjectName(QStringLiteral("headerBar"));
    setFixedHeight(kBarHeight);
    m_place->setObjectName(QStringLiteral("placeLabel"));
    m_place->setFont(sectionFont());
    m_casebase->setObjectName(QStringLiteral("casebaseButton"));
    m_casebase->setProperty("plain", true);
    m_casebase->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_casebase->setLayoutDirection(Qt::RightToLeft); // the arrow stands after the name
    m_casebase->setIcon(themedIcon(QStringLiteral("down")));
    m_casebase->setIconSize({12, 12});
    auto* field = new CommandField(this);
    field->setObjectName(QStringLiteral("commandField"));
    m_theme = iconButton(QStringLiteral("moon"), tr("Light or dark"), QStringLiteral("themeButton"), this);
    auto* settings = iconButton(QStringLiteral("gear"), tr("Settings"), QStringLiteral("settingsButton"), this);

    auto* left = new QHBoxLayout;
    left->setSpacing(4);
    left->addWidget(m_place);
    left->addWidget(m_casebase);
    left->addStretch();
    auto* right = new QHBoxLayout;
    right->setSpacing(4);
    right->addStretch();
    right->addWidget(m_theme);
    right->addWidget(settings);
    auto* layout = new QGridLayout(this);
    layout->setContentsMargins(16, 0, 12, 1);
    layout->addLayout(left, 0, 0);
    layout->addWidget(field, 0, 1);
    layout->addLayout(right, 0, 2);
    layout->setColumnStretch(0, 1);
    layout->setColumnStretch(2, 1);

    setCasebase({}, {});
    connect(field, &QAbstractButton::clicked, this, &HeaderBar::commandFieldAsked);
    connect(m_theme, &QToolButton::clicked, this, &HeaderBar::themeToggled);
    connect(settings, &QToolButton::clicked, this, &HeaderBar::settingsAsked);
    connect(m_casebase, &QToolButton::clicked, this,
        [this] { Q_EMIT casebaseMenuAsked(m_casebase->mapToGlobal(m_casebase->rect().bottomLeft())); });
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void HeaderBar::setPlace(const QString& title) { m_place->setText(title); }

void HeaderBar::setCasebase(const QString& name, const QString& path)
{
    m_casebase->setVisible(!name.isEmpty());
    m_casebase->setText(name);
    m_casebase->setToolTip(path);
}

void HeaderBar::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), Theme::instance().color(Role::window));
    painter.fillRect(QRect(0, height() - 1, width(), 1), Theme::instance().color(Role::border));
}

} // namespace precedent::ui
