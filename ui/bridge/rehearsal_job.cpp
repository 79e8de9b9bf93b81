#include "ui/bridge/rehearsal_job.h"

#include <thread>

#include "precedent/casebase/casebase.h"
#include "precedent/workspace/engine_loader.h"
#include "ui/bridge/job_link.h"

namespace precedent::ui {

struct RehearsalJob::Shared : JobLink<RehearsalJob> {
    using JobLink::JobLink;

    [[nodiscard]] Result<MeasuredRun> go(const std::filesystem::path& path, const RunOrder& order)
    {
        const auto opened = casebase::Casebase::open(path, casebase::OpenMode::readOnly);
        if (!opened.ok())
            return opened.error();
        const auto prepared = workspace::prepareRun(**opened, order.spec, order.includeDrafts);
        if (!prepared.ok())
            return prepared.error();
        const auto engine = workspace::openEngine();
        if (!engine.ok())
            return engine.error();
        if (stop.stop_requested()) // freezing cannot be interrupted
            return Error(ErrorCode::cancelled, "Measuring was stopped.");
        auto rehearsal = (*engine)->rehearse(prepared->inputs, stop.get_token());
        if (!rehearsal.ok())
            return rehearsal.error();
        auto estimate = workspace::estimatePrepared(**opened, *prepared, *rehearsal);
        if (!estimate.ok())
            return estimate.error();
        return MeasuredRun{std::move(*estimate), *rehearsal};
    }
};

RehearsalJob::RehearsalJob(std::filesystem::path casebase, RunOrder order, QObject* parent)
    : QObject(parent)
    , m_shared(std::make_shared<Shared>(this))
{
    std::thread([shared = m_shared, path = std::move(casebase), order = std::move(order)] {
        auto measured = std::make_shared<Result<MeasuredRun>>(shared->go(path, order));
        shared->post([measured](RehearsalJob& to) { Q_EMIT to.finished(*measured); });
    }).detach();
}

RehearsalJob::~RehearsalJob() { m_shared->leave(); }

void RehearsalJob::cancel() { m_shared->stop.request_stop(); }

} // namespace precedent::ui
