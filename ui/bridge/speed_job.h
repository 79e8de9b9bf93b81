#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <QObject>

#include "precedent/base/result.h"
#include "precedent/workspace/model_speed.h"

namespace precedent::ui {

/// What a measurement found, and whether it could be kept for later (SpeedLog).
struct MeasuredSpeed {
    std::string key; ///< speedKey()
    workspace::ModelSpeed speed;
    Status kept;
};

/// One model measured on a thread and a connection of its own. Thread: methods and signals on the UI thread. Destruction cancels; it
/// never waits.
class SpeedJob final : public QObject {
    Q_OBJECT
public:
    /// `model` as resolveModel() takes it; `casebase` may be empty where the model is no run's.
    SpeedJob(std::filesystem::path casebase, std::string model, QObject* parent = nullptr);
    ~SpeedJob() override;

    /// finished() follows with cancelled, unless it was whole by then.
    void cancel();

Q_SIGNALS:
    /// The rows that are measured, of all.
    void progressed(int done, int total);
    void finished(const precedent::Result<precedent::ui::MeasuredSpeed>& measured);

private:
    struct Shared;
    std::shared_ptr<Shared> m_shared;
};

} // namespace precedent::ui
