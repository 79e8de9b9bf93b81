#pragma once

#include <filesystem>
#include <memory>

#include <QObject>

#include "precedent/workspace/run_estimate.h"
#include "ui/bridge/run_bridge.h"

namespace precedent::ui {

/// What parts of steps took, and what follows for the whole run.
struct MeasuredRun {
    workspace::RunEstimate estimate;
    core::Rehearsal rehearsal;
};

/// Parts of a run's steps done on this machine, on a thread and a connection of its own, as `train` does before it starts. Nothing is
/// written. Thread: methods and signals on the UI thread. Destruction cancels; it never waits.
class RehearsalJob final : public QObject {
    Q_OBJECT
public:
    RehearsalJob(std::filesystem::path casebase, RunOrder order, QObject* parent = nullptr);
    ~RehearsalJob() override;

    /// finished() follows with cancelled, unless it was whole by then.
    void cancel();

Q_SIGNALS:
    void finished(const precedent::Result<precedent::ui::MeasuredRun>& measured);

private:
    struct Shared;
    std::shared_ptr<Shared> m_shared;
};

} // namespace precedent::ui
