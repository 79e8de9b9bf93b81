#pragma once

#include "precedent/workspace/checkpoint_card.h"
#include "precedent/workspace/model_catalog.h"
#include "ui/shell/pane.h"

class QFormLayout;
class QLabel;
class QPushButton;

namespace precedent::ui {

class QuietLabel;

/// What is chosen on the page of models, in full: a model, a checkpoint, or nothing.
class ModelDetail final : public Pane {
    Q_OBJECT
public:
    explicit ModelDetail(QWidget* parent = nullptr);

    void showNothing();
    void showModel(const workspace::ModelCard& card);
    void showCheckpoint(const workspace::CheckpointCard& card, const QString& casebase);

Q_SIGNALS:
    void inspectWanted(const QString& model); ///< as resolveModel() takes it
    void runWanted(const QString& run);
    void removeWanted(const QString& model);

private:
    void begin(const QString& title, const QString& kind, const QString& model);
    void addRow(const QString& head, QLabel* value);
    QLabel* addText(const QString& head, const QString& value, const char* objectName);
    void addDigest(const std::string& sha256);
    void addFolder(const std::filesystem::path& folder);

    QString m_model; ///< what is shown
    QString m_folder;
    QLabel* m_title;
    QuietLabel* m_kind;
    QPushButton* m_inspect;
    QPushButton* m_remove;
    QPushButton* m_copy;
    QLabel* m_note;
    QWidget* m_body;
    QFormLayout* m_rows;
};

} // namespace precedent::ui
