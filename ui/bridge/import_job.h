#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include <QObject>

#include "precedent/casebase/importer.h"

namespace precedent::ui {

/// One import (or its dry run) on a thread and a connection of its own, so that the casebase in view goes on answering.
/// Thread: methods and signals on the UI thread. Destruction cancels, and nothing is stored then; it never waits.
class ImportJob final : public QObject {
    Q_OBJECT
public:
    ImportJob(std::filesystem::path casebase, std::vector<std::filesystem::path> files, casebase::ImportOptions options,
        QObject* parent = nullptr);
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
