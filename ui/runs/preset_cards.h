#pragma once

#include <vector>

#include <QWidget>

#include "ui/runs/user_presets.h"

class QAbstractButton;
class QButtonGroup;
class QGridLayout;
class QHBoxLayout;

namespace precedent::ui {

/// What a run starts from: presets as cards in three columns, the user's own behind those of the program, and the controls as buttons
/// below. One is taken at most. Tab goes to the taken one, arrows choose, Delete takes one of the user's away.
class PresetCards final : public QWidget {
    Q_OBJECT
public:
    explicit PresetCards(QWidget* parent = nullptr);

    /// Reads the user's presets again; what is taken stays taken, where it is still there.
    void reload();
    /// "cada", or "user:NAME"; another one takes none. Says nothing of it.
    void select(const QString& id);
    [[nodiscard]] QString selected() const;
    /// The user's preset of an id "user:NAME"; null: there is none.
    [[nodiscard]] const UserPreset* userPreset(const QString& id) const;

Q_SIGNALS:
    void chosen(const QString& id); ///< by the user
    void removeWanted(const QString& id);

private:
    void addCard(const QString& id, const QString& title, const QString& line);
    void addControls(const std::vector<QString>& names);

    QGridLayout* m_grid;
    QHBoxLayout* m_controls;
    QButtonGroup* m_group;
    std::vector<QAbstractButton*> m_cards;
    std::vector<UserPreset> m_users;
};

} // namespace precedent::ui
