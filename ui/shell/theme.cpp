#include "ui/shell/theme.h"

#include <array>

#include <QApplication>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>

namespace precedent::ui {
namespace {

constexpr const char* kPalette = ":/themes/palette.json";

constexpr std::array kRoleNames{"window", "surface", "border", "text", "secondary", "accent", "selection", "comply", "refuse",
    "safe_complete", "warning", "harm", "hover", "field_border", "on_accent", "track", "grid", "scroll", "tok1", "tok2", "tok3", "ins",
    "del"};
static_assert(kRoleNames.size() == static_cast<std::size_t>(Role::deleted) + 1);

QHash<QString, QColor> colorsOf(const QJsonObject& object)
{
    QHash<QString, QColor> colors;
    for (auto it = object.begin(); it != object.end(); ++it)
        colors.insert(it.key(), QColor(it.value().toString()));
    return colors;
}

} // namespace

Theme& Theme::instance()
{
    static Theme theme;
    return theme;
}

Theme::Theme()
{
    QFile file(QString::fromLatin1(kPalette));
    const bool opened = file.open(QIODevice::ReadOnly);
    Q_ASSERT_X(opened, "Theme", kPalette);
    const QJsonObject palette = QJsonDocument::fromJson(file.readAll()).object();
    m_colors[0] = colorsOf(palette.value(QStringLiteral("light")).toObject());
    m_colors[1] = colorsOf(palette.value(QStringLiteral("dark")).toObject());
    m_parts = colorsOf(palette.value(QStringLiteral("parts")).toObject());
    // Qt 6.4 says nothing of the system's scheme; its palette before ours does.
    m_systemIsDark = QGuiApplication::palette().color(QPalette::Window).lightness() < 128;
    m_dark = m_systemIsDark;
    apply();
}

void Theme::setChoice(ThemeChoice choice)
{
    m_choice = choice;
    const bool dark = choice == ThemeChoice::system ? m_systemIsDark : choice == ThemeChoice::dark;
    if (dark == m_dark)
        return;
    m_dark = dark;
    apply();
    Q_EMIT changed();
}

QColor Theme::color(Role role) const { return m_colors[m_dark ? 1 : 0].value(QLatin1String(kRoleNames[static_cast<std::size_t>(role)])); }

QColor Theme::partColor(const QString& part) const
{
    const auto found = m_parts.constFind(part);
    return found == m_parts.constEnd() ? color(Role::text) : *found;
}

QPalette Theme::palette() const
{
    QPalette palette;
    palette.setColor(QPalette::Window, color(Role::window));
    palette.setColor(QPalette::WindowText, color(Role::text));
    palette.setColor(QPalette::Base, color(Role::surface));
    palette.setColor(QPalette::AlternateBase, color(Role::window));
    palette.setColor(QPalette::Text, color(Role::text));
    palette.setColor(QPalette::PlaceholderText, color(Role::secondary));
    palette.setColor(QPalette::Button, color(Role::surface));
    palette.setColor(QPalette::ButtonText, color(Role::text));
    palette.setColor(QPalette::BrightText, color(Role::harm));
    palette.setColor(QPalette::Highlight, color(Role::selection));
    palette.setColor(QPalette::HighlightedText, color(Role::text));
    palette.setColor(QPalette::Link, color(Role::accent));
    palette.setColor(QPalette::LinkVisited, color(Role::accent));
    palette.setColor(QPalette::ToolTipBase, color(Role::surface));
    palette.setColor(QPalette::ToolTipText, color(Role::text));
    palette.setColor(QPalette::Light, color(Role::surface));
    palette.setColor(QPalette::Midlight, color(Role::hover));
    palette.setColor(QPalette::Mid, color(Role::border));
    palette.setColor(QPalette::Dark, color(Role::fieldBorder));
    palette.setColor(QPalette::Shadow, color(Role::border));
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::HighlightedText})
        palette.setColor(QPalette::Disabled, role, color(Role::secondary));
    return palette;
}

void Theme::apply() { QApplication::setPalette(palette()); }

} // namespace precedent::ui
