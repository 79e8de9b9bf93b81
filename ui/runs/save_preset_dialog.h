#pragma once

#include <QDialog>

class QLabel;
class QLineEdit;
class QPushButton;

namespace precedent::ui {

/// Asks for the name of a preset, and says beside it where one of that name would be replaced. Deletes itself.
class SavePresetDialog final : public QDialog {
    Q_OBJECT
public:
    explicit SavePresetDialog(QWidget* parent);

Q_SIGNALS:
    void named(const QString& name);

private:
    void check();

    QLineEdit* m_name;
    QLabel* m_about;
    QPushButton* m_save;
};

} // namespace precedent::ui
