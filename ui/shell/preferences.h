#pragma once

#include <QObject>

class QWidget;

namespace precedent::ui {

/// How this user wants the window, kept for the next start. UI thread.
class Preferences final : public QObject {
    Q_OBJECT
public:
    static Preferences& instance();

    /// Rows of tables and trees: 28 px, or 36 where one wants them comfortable.
    [[nodiscard]] int rowHeight() const;
    [[nodiscard]] bool isComfortable() const { return m_comfortable; }
    void setComfortable(bool comfortable);
    /// Whether the side bar shows the places' names beside their icons.
    [[nodiscard]] bool showsNames() const { return m_names; }
    void setShowsNames(bool shown);
    /// The system's font in place of the program's own, from the next start on.
    [[nodiscard]] bool usesSystemFont() const { return m_systemFont; }
    void setUsesSystemFont(bool used);

    void read(); ///< from the settings

Q_SIGNALS:
    void changed();

private:
    bool m_comfortable = false;
    bool m_names = false;
    bool m_systemFont = false;
};

/// Gives every table below `root` the rows that the user wants.
void applyRowHeight(QWidget& root);

} // namespace precedent::ui
