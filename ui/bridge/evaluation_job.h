#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <QObject>

#include "precedent/base/result.h"
#include "precedent/workspace/evaluation_service.h"

namespace precedent::ui {

/// One evaluation on a thread and a connection of its own. Thread: methods and signals on the UI thread. Destruction cancels, and nothing
/// is stored then; it never waits.
class EvaluationJob final : public QObject {
    Q_OBJECT
public:
    EvaluationJob(std::filesystem::path casebase, workspace::EvaluationOrder order, QObject* parent = nullptr);
    ~EvaluationJob() override;

    /// finished() follows with cancelled, unless it was whole by then.
    void cancel();

Q_SIGNALS:
    void progressed(const QString& what, qint64 done, qint64 total, workspace::EvaluationStage stage); ///< at most once a frame
    void finished(const precedent::Result<std::vector<std::string>>& ids);

private:
    struct Shared;
    std::shared_ptr<Shared> m_shared;
};

} // namespace precedent::ui
