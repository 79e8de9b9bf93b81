#pragma once

#include <QDialog>

#include "ui/bridge/run_bridge.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QSpinBox;

namespace precedent::ui {

/// A run from a short form: preset, model, steps, seed and how prompts are shown. What the form does not ask is the preset's.
class LaunchDialog final : public QDialog {
    Q_OBJECT
public:
    explicit LaunchDialog(QWidget* parent = nullptr);

    [[nodiscard]] RunOrder order() const;

private:
    void takePreset();
    void check();

    QComboBox* m_preset;
    QComboBox* m_model;
    QSpinBox* m_steps;
    QSpinBox* m_seed;
    QComboBox* m_mode;
    QCheckBox* m_drafts;
    QLabel* m_about;
    QLabel* m_problem;
    class QPushButton* m_start;
    core::RunSpec m_spec;
};

} // namespace precedent::ui
