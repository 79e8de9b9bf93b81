#pragma once

#include <QButtonGroup>
#include <QWidget>

class QVBoxLayout;

namespace precedent::ui {

/// The strip at the left: one button a place, help at the bottom. 48 px wide, more where
/// the places' names are shown.
class SideBar final : public QWidget {
    Q_OBJECT
public:
    explicit SideBar(QWidget* parent = nullptr);

    /// Adds a button; its index is the place's. objectName: "<icon>PlaceButton".
    void addPlace(const QString& icon, const QString& title, const QString& shortcut);
    void setCurrent(int index); ///< -1: none (the welcome page)
    void setPlaceEnabled(int index, bool enabled);

Q_SIGNALS:
    void chosen(int index);
    void helpAsked();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void followPreferences();

    QVBoxLayout* m_layout;
    QButtonGroup* m_group;
};

} // namespace precedent::ui
