#include "ui/bridge/speed_job.h"

#include <thread>

#include <QDateTime>

#include "precedent/casebase/casebase.h"
#include "precedent/workspace/engine_loader.h"
#include "precedent/workspace/model_source.h"
#include "precedent/workspace/run_estimate.h"
#include "ui/bridge/job_link.h"

namespace precedent::ui {

struct SpeedJob::Shared : JobLink<SpeedJob> {
    using JobLink::JobLink;

    [[nodiscard]] static Result<workspace::ModelSource> sourceOf(const std::filesystem::path& path, const std::string& model)
    {
        if (path.empty())
            return workspace::resolveModel(model);
        const auto opened = casebase::Casebase::open(path, casebase::OpenMode::readOnly);
        if (!opened.ok())
            return opened.error();
        return workspace::resolveModel(model, opened.value().get());
    }

    [[nodiscard]] Result<MeasuredSpeed> go(const std::filesystem::path& path, const std::string& name)
    {
        const auto source = sourceOf(path, name);
        if (!source.ok())
            return source.error();
        const auto engine = workspace::openEngine();
        if (!engine.ok())
            return engine.error();
        workspace::resetPeakMemory(); // of the model, not of what this window did before
        const auto model = engine.value()->load({source.value().folder.string(), source.value().adapter});
        if (!model.ok())
            return model.error();
        if (stop.stop_requested()) // loading cannot be interrupted
            return Error(ErrorCode::cancelled, "Measuring was stopped.");
        const core::BenchRequest request = workspace::speedRequest(model.value()->info().contextLength);
        const int total = static_cast<int>(request.batches.size() * request.prompts.size());
        const auto tell = [this, total, done = 0](const core::BenchRow&) mutable {
            post([now = ++done, total](SpeedJob& to) { Q_EMIT to.progressed(now, total); });
        };
        post([total](SpeedJob& to) { Q_EMIT to.progressed(0, total); });
        auto result = model.value()->bench(request, stop.get_token(), tell);
        if (!result.ok())
            return result.error();
        MeasuredSpeed measured{workspace::speedKey(source.value().folder, source.value().adapter),
            {*std::move(result), QDateTime::currentMSecsSinceEpoch()}, {}};
        measured.kept = workspace::SpeedLog().keep(measured.key, measured.speed);
        return measured;
    }
};

SpeedJob::SpeedJob(std::filesystem::path casebase, std::string model, QObject* parent)
    : QObject(parent)
    , m_shared(std::make_shared<Shared>(this))
{
    std::thread([shared = m_shared, path = std::move(casebase), model = std::move(model)] {
        auto measured = std::make_shared<Result<MeasuredSpeed>>(shared->go(path, model));
        shared->post([measured](SpeedJob& to) { Q_EMIT to.finished(*measured); });
    }).detach();
}

SpeedJob::~SpeedJob() { m_shared->leave(); }

void SpeedJob::cancel() { m_shared->stop.request_stop(); }

} // namespace precedent::ui
