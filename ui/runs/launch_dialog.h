#pragma once

#include <QDialog>

#include "ui/bridge/run_bridge.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QHBoxLayout;
class QLabel;
class QLineEdit;
class QSpinBox;

namespace precedent::ui {

/// A run from a short form: preset, model, steps, seed and how prompts are shown. What the form does not ask is the preset's.
class LaunchDialog final : public QDialog {
    Q_OBJECT
public:
    /// `model`: what it is to start from, as resolveModel() takes it; empty for the starter.
    explicit LaunchDialog(const QString& model, QWidget* parent = nullptr);

    [[nodiscard]] RunOrder order() const;

private:
    void takePreset();
    [[nodiscard]] QHBoxLayout* makeModelRow();
    void fillModels();
    void check();
    void showProblem(const QString& problem);

    QComboBox* m_preset;
    QComboBox* m_model;
    QSpinBox* m_steps;
    QSpinBox* m_seed;
    QComboBox* m_mode;
    QCheckBox* m_drafts;
    int m_checks = 0; ///< asked so far; only the last one's answer counts
    QLabel* m_about;
    QLabel* m_problem;
    class QPushButton* m_start;
    core::RunSpec m_spec;
};

} // namespace precedent::ui
