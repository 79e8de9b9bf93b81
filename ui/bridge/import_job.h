#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include <QObject>

#include "precedent/casebase/importer.h"

namespace precedent::ui {

/// A copy of the casebase to try imports on, made by the first dry run and kept for the next. One dialog's jobs share it; a job that
/// finds it in use by one that is being cancelled waits for that on its own thread.
class ImportTrial;
[[nodiscard]] std::shared_ptr<ImportTrial> makeImportTrial(std::filesystem::path casebase);

/// One import (or its dry run) on a thread and a connection of its own, so that the casebase in view goes on answering. A dry run works
/// on the trial's copy: it may be had of a casebase that is only to be read, and keeps no writer waiting.
/// Thread: methods and signals on the UI thread. Destruction cancels, and nothing is stored then; it never waits.
class ImportJob final : public QObject {
    Q_OBJECT
public:
    ImportJob(std::filesystem::path casebase, std::shared_ptr<ImportTrial> trial, std::vector<std::filesystem::path> files,
        casebase::ImportOptions options, QObject* parent = nullptr);
    ~ImportJob() override;

    void cancel();

Q_SIGNALS:
    void progressed(const QString& file, qint64 rows, double share); ///< at most once a frame
    void finished(const precedent::Result<precedent::casebase::ImportResult>& result);

private:
    struct Shared;
    std::shared_ptr<Shared> m_shared;
};

} // namespace precedent::ui
