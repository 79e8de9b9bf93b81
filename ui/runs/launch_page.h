#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include <QWidget>

#include "precedent/workspace/run_estimate.h"
#include "ui/bridge/rehearsal_job.h"
#include "ui/bridge/run_bridge.h"

class QCheckBox;
class QLabel;
class QPushButton;
class QTimer;

namespace precedent::ui {

class EstimatePanel;
class JobLine;
class Pane;
class PresetCards;
class QuietLabel;
class SpecForm;

/// A run from a form, in the place: what it starts from and every setting in groups; beside them what the run will use and take, worked
/// out on another thread after each change, or measured on this machine where that is asked for.
class LaunchPage final : public QWidget {
    Q_OBJECT
public:
    /// Measuring waits in `line` for its turn at the core.
    explicit LaunchPage(JobLine& line, QWidget* parent = nullptr);
    ~LaunchPage() override;

    /// The casebase that a run would freeze.
    void setCasebase(const std::filesystem::path& path);
    [[nodiscard]] RunOrder order() const;
    void setModel(const QString& model); ///< as resolveModel() takes it
    /// Works the estimate out again: runs and cases may have changed since.
    void refresh();
    void loadSpec(const QString& path); ///< a file as `train --spec` takes it
    void saveAs(const QString& name); ///< as a preset of the user's
    [[nodiscard]] QString command() const; ///< that makes this run
    [[nodiscard]] QString what() const; ///< "CADA on starter"

Q_SIGNALS:
    void startWanted();
    void changed();
    void cancelled();

protected:
    void hideEvent(QHideEvent* event) override;

private:
    Pane* buildCenter();
    Pane* buildEstimate();
    void addCasebaseRow();
    void takePreset(const QString& id);
    void takeBase(const core::RunSpec& spec, const QString& title, bool withModel);
    void askName();
    void askForFile();
    void copyCommand();
    void fillModels();
    void check();
    void checked(const QString& problem); ///< empty: there is none
    void preview();
    void showPreview(const Result<workspace::RunPreview>& preview);
    void showEstimate();
    void showChanges();
    void tell(const QString& trouble); ///< until the next change
    void setProblem(const QString& problem); ///< the same, and nothing can be started with it
    void measure();
    void stopMeasuring();
    void takeMeasured(const Result<MeasuredRun>& measured);
    [[nodiscard]] core::RunSpec spec() const;

    JobLine& m_line;
    std::filesystem::path m_casebase;
    core::RunSpec m_base; ///< what Reset goes back to
    QString m_title; ///< of that
    QLabel* m_changes;
    QLabel* m_casebaseName;
    QCheckBox* m_drafts;
    PresetCards* m_presets;
    SpecForm* m_form;
    QLabel* m_problem;
    QPushButton* m_start;
    QPushButton* m_copy;
    EstimatePanel* m_estimate;
    QTimer* m_wait; ///< after the last change
    std::optional<workspace::RunPreview> m_preview; ///< of what is shown
    std::optional<MeasuredRun> m_measured; ///< of what is shown
    std::unique_ptr<RehearsalJob> m_rehearsal;
    int m_ticket = 0; ///< of the measuring; 0: none
    int m_measuring = 0; ///< the check whose settings are being measured
    bool m_measureAgain = false; ///< as soon as the one that was stopped is over
    int m_previewed = 0; ///< the check whose settings are being worked out
    bool m_previewing = false;
    QString m_resolved; ///< a model that was found since the form was opened
    int m_checks = 0;
    bool m_again = false; ///< something changed while it was worked out
};

} // namespace precedent::ui
