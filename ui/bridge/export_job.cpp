#include "ui/bridge/export_job.h"

#include <thread>

#include "precedent/workspace/engine_loader.h"
#include "ui/bridge/job_link.h"

namespace precedent::ui {

struct ExportJob::Shared : JobLink<ExportJob> {
    using JobLink::JobLink;

    [[nodiscard]] static Result<core::ExportRequest> requestFor(const std::filesystem::path& path, const workspace::ExportOrder& order)
    {
        // Closed again before the long part, so that who closes the window leaves one whole file.
        if (path.empty())
            return workspace::exportRequest(order, nullptr, PRECEDENT_VERSION);
        const auto opened = casebase::Casebase::open(path, casebase::OpenMode::readOnly);
        if (!opened.ok())
            return opened.error();
        return workspace::exportRequest(order, opened.value().get(), PRECEDENT_VERSION);
    }

    [[nodiscard]] Result<core::ExportReport> go(const std::filesystem::path& path, const workspace::ExportOrder& order) const
    {
        // A place that is taken is told before the engine is loaded.
        PRECEDENT_TRY(workspace::checkExportPlace(order.destination));
        const auto request = requestFor(path, order);
        if (!request.ok())
            return request.error();
        const auto engine = workspace::openEngine();
        if (!engine.ok())
            return engine.error();
        return engine.value()->exportModel(request.value(), stop.get_token());
    }
};

ExportJob::ExportJob(std::filesystem::path casebase, workspace::ExportOrder order, QObject* parent)
    : QObject(parent)
    , m_shared(std::make_shared<Shared>(this))
{
    std::thread([shared = m_shared, path = std::move(casebase), order = std::move(order)] {
        auto report = std::make_shared<Result<core::ExportReport>>(shared->go(path, order));
        shared->post([report](ExportJob& to) { Q_EMIT to.finished(*report); });
    }).detach();
}

ExportJob::~ExportJob() { m_shared->leave(); }

void ExportJob::cancel() { m_shared->stop.request_stop(); }

} // namespace precedent::ui
