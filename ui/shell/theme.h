#pragma once

#include <QColor>
#include <QHash>
#include <QObject>
#include <QPalette>
#include <QString>

namespace precedent::ui {

enum class ThemeChoice { system, light, dark };

/// A colour with a meaning. Names are those of resources/themes/palette.json.
enum class Role {
    window,
    surface,
    border,
    text,
    secondary,
    accent,
    selection,
    comply,
    refuse,
    safeComplete,
    warning,
    harm,
    hover,
    fieldBorder,
    onAccent,
    track,
    grid,
    scroll,
    tokenLow,
    tokenMiddle,
    tokenHigh,
    inserted,
    deleted
};

/// The program's colours, light or dark, from one palette in the resources. Lives on the UI thread.
///
/// Widgets ask for a Role when they paint and repaint on changed(); none keeps a colour.
class Theme final : public QObject {
    Q_OBJECT
public:
    /// One a process, made at the first call after QApplication.
    static Theme& instance();

    [[nodiscard]] ThemeChoice choice() const { return m_choice; }
    /// Applies at once: QApplication's palette, then changed().
    void setChoice(ThemeChoice choice);

    [[nodiscard]] bool isDark() const { return m_dark; }
    [[nodiscard]] QColor color(Role role) const;
    /// Of a reward part ("disposition", "citation"), Okabe-Ito, the same in both themes; the text colour if unknown.
    [[nodiscard]] QColor partColor(const QString& part) const;
    [[nodiscard]] QPalette palette() const;

Q_SIGNALS:
    void changed();

private:
    Theme();
    void apply();

    ThemeChoice m_choice = ThemeChoice::system;
    bool m_systemIsDark = false;
    bool m_dark = false;
    QHash<QString, QColor> m_colors[2]; ///< light, dark
    QHash<QString, QColor> m_parts;
};

} // namespace precedent::ui
