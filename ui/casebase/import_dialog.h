#pragma once

#include <QDialog>
#include <QStringList>

#include <filesystem>
#include <memory>

#include "precedent/casebase/importer.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QTimer;

namespace precedent::ui {

class ImportJob;
class ImportTrial;

/// Files into a casebase: what they are taken for, and a look at what would come of it before anything is stored.
class ImportDialog final : public QDialog {
    Q_OBJECT
public:
    ImportDialog(std::filesystem::path casebase, bool readOnly, const QStringList& files, QWidget* parent = nullptr);
    ~ImportDialog() override;

Q_SIGNALS:
    void imported(qint64 rows); ///< stored

private:
    void look(); ///< a dry run with what the form says
    void store();
    void begin(bool dryRun);
    void take(const Result<casebase::ImportResult>& result, bool dryRun);
    [[nodiscard]] casebase::ImportOptions options() const;

    std::filesystem::path m_casebase;
    std::vector<std::filesystem::path> m_files;
    bool m_readOnly; ///< looks, but cannot store
    std::shared_ptr<ImportTrial> m_trial;
    std::unique_ptr<ImportJob> m_job;
    QComboBox* m_as;
    QComboBox* m_label;
    QLineEdit* m_map;
    QLineEdit* m_suite;
    QComboBox* m_role;
    QLabel* m_preview;
    QProgressBar* m_progress;
    QPushButton* m_import;
    QTimer* m_pause;
};

} // namespace precedent::ui
