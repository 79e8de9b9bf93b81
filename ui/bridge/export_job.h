#pragma once

#include <filesystem>
#include <memory>

#include <QObject>

#include "precedent/workspace/model_export.h"

namespace precedent::ui {

/// One export on a thread and a connection of its own. Thread: methods and signals on the UI thread. Destruction cancels, and what was
/// written is removed then; it never waits.
class ExportJob final : public QObject {
    Q_OBJECT
public:
    /// `casebase` may be empty where the model is no run's.
    ExportJob(std::filesystem::path casebase, workspace::ExportOrder order, QObject* parent = nullptr);
    ~ExportJob() override;

    /// finished() follows with cancelled, unless it was whole by then.
    void cancel();

Q_SIGNALS:
    void finished(const precedent::Result<precedent::core::ExportReport>& report);

private:
    struct Shared;
    std::shared_ptr<Shared> m_shared;
};

} // namespace precedent::ui
