#pragma once

#include <filesystem>

#include <QWidget>

#include "precedent/workspace/run_estimate.h"
#include "ui/bridge/run_bridge.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QGridLayout;
class QLabel;
class QPushButton;
class QSpinBox;
class QTimer;

namespace precedent::ui {

class EstimatePanel;
class QuietLabel;

/// A run from a short form, in the place: preset, model, what the context holds, steps, seed and how answers are drawn; beside it what
/// the run will use and take, worked out on another thread after each change. What the form does not ask is the preset's.
class LaunchPage final : public QWidget {
    Q_OBJECT
public:
    explicit LaunchPage(QWidget* parent = nullptr);

    /// The casebase that a run would freeze.
    void setCasebase(const std::filesystem::path& path);
    [[nodiscard]] RunOrder order() const;
    void setModel(const QString& model); ///< as resolveModel() takes it
    /// Works the estimate out again: runs and cases may have changed since.
    void refresh();

Q_SIGNALS:
    void startWanted();
    void cancelled();

private:
    void addBasics(QGridLayout& form);
    void addRollouts(QGridLayout& form);
    void takePreset();
    void fillModels();
    void check();
    void checked(const QString& problem); ///< empty: there is none
    void preview();
    void showPreview(const Result<workspace::RunPreview>& preview);
    void showChanges();
    void setProblem(const QString& problem);

    std::filesystem::path m_casebase;
    QLabel* m_changes;
    QLabel* m_casebaseName;
    QComboBox* m_preset;
    QComboBox* m_model;
    QSpinBox* m_steps;
    QSpinBox* m_seed;
    QComboBox* m_mode;
    QSpinBox* m_cases;
    QSpinBox* m_prompts;
    QSpinBox* m_generations;
    QSpinBox* m_longest;
    QDoubleSpinBox* m_temperature;
    QDoubleSpinBox* m_beta;
    QCheckBox* m_drafts;
    QuietLabel* m_about;
    QLabel* m_stepNote;
    QLabel* m_temperatureNote;
    QLabel* m_problem;
    QPushButton* m_start;
    EstimatePanel* m_estimate;
    QTimer* m_wait; ///< after the last change
    bool m_previewing = false;
    QString m_resolved; ///< a model that was found since the form was opened
    int m_checks = 0;
    bool m_again = false; ///< something changed while it was worked out
    core::RunSpec m_spec;
};

} // namespace precedent::ui
