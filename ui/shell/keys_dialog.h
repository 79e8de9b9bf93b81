#pragma once

#include <QDialog>

class QLabel;
class QLineEdit;
class QListWidget;
class QPushButton;
class QWidget;

namespace precedent::ui {

/// Stores, replaces and removes the keys of servers in the desktop's keychain. A key that is stored is never shown.
class KeysDialog final : public QDialog {
    Q_OBJECT
public:
    explicit KeysDialog(QWidget* parent = nullptr);

private:
    [[nodiscard]] QWidget* makeFields();
    void fill();
    void takeChosen();
    void store();
    void remove();
    void check();
    void say(const QString& words);

    QListWidget* m_list;
    QLineEdit* m_address;
    QLineEdit* m_key;
    QLabel* m_note;
    QPushButton* m_store = nullptr;
    QPushButton* m_remove = nullptr;
};

} // namespace precedent::ui
