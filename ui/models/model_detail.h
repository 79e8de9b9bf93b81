#pragma once

#include "precedent/workspace/checkpoint_card.h"
#include "precedent/workspace/model_catalog.h"
#include "ui/shell/pane.h"

class QFormLayout;
class QLabel;
class QPushButton;

namespace precedent::ui {

class ExportPanel;
class ModelJobs;
class QuietLabel;
class SpeedPanel;
struct JobModel;

/// What is chosen on the page of models, in full: a model, a checkpoint, or nothing.
class ModelDetail final : public Pane {
    Q_OBJECT
public:
    explicit ModelDetail(ModelJobs& jobs, QWidget* parent = nullptr);

    void showNothing();
    void showModel(const workspace::ModelCard& card);
    void showCheckpoint(const workspace::CheckpointCard& card, const QString& casebase);
    /// What is shown as work is done on it; nullptr where it cannot be loaded.
    [[nodiscard]] const JobModel* jobModel() const;

Q_SIGNALS:
    void inspectWanted(const QString& model); ///< as resolveModel() takes it
    void runWanted(const QString& run);
    void removeWanted(const QString& model);
    void exportWanted(); ///< of what is shown
    void shown(); ///< something else, or the same again

private:
    void begin(const QString& title, const QString& kind, const QString& model);
    void say(const QString& note); ///< empty: there is nothing to say
    void addRow(const QString& head, QLabel* value);
    QLabel* addText(const QString& head, const QString& value, const char* objectName);
    void addDigest(const std::string& sha256);
    void addFolder(const std::filesystem::path& folder);
    void offerWork(const JobModel& model);

    QString m_model; ///< what is shown
    QString m_folder;
    QLabel* m_title;
    QuietLabel* m_kind;
    QPushButton* m_inspect;
    QPushButton* m_remove;
    QPushButton* m_copy;
    QLabel* m_note;
    QWidget* m_work; ///< what can be done with it beside asking it
    SpeedPanel* m_speed;
    ExportPanel* m_export;
    bool m_works = false; ///< m_work is of what is shown
    QWidget* m_body;
    QFormLayout* m_rows;
};

} // namespace precedent::ui
