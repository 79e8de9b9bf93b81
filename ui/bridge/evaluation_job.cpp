#include "ui/bridge/evaluation_job.h"

#include <chrono>
#include <thread>

#include "precedent/casebase/casebase.h"
#include "precedent/workspace/engine_loader.h"
#include "ui/bridge/job_link.h"

namespace precedent::ui {
namespace {

constexpr std::chrono::milliseconds kFrame(16);

} // namespace

struct EvaluationJob::Shared : JobLink<EvaluationJob> {
    using JobLink::JobLink;

    [[nodiscard]] Result<std::vector<std::string>> go(const std::filesystem::path& path, const workspace::EvaluationOrder& order)
    {
        auto opened = casebase::Casebase::open(path, casebase::OpenMode::readWrite);
        if (!opened.ok())
            return opened.error();
        // What is wrong with the order is told before the engine is loaded.
        const auto outline = workspace::outlineEvaluation(**opened, order);
        if (!outline.ok())
            return outline.error();
        const auto tell = [this, last = std::chrono::steady_clock::time_point{}](const workspace::EvaluationProgress& p) mutable {
            const auto now = std::chrono::steady_clock::now();
            if (now - last < kFrame)
                return;
            last = now;
            post([what = QString::fromStdString(p.what), done = p.done, total = p.total, stage = p.stage](
                     EvaluationJob& to) { Q_EMIT to.progressed(what, done, total, stage); });
        };
        return workspace::runEvaluation(
            **opened, [] { return workspace::openEngine(); }, order, tell, stop.get_token());
    }
};

EvaluationJob::EvaluationJob(std::filesystem::path casebase, workspace::EvaluationOrder order, QObject* parent)
    : QObject(parent)
    , m_shared(std::make_shared<Shared>(this))
{
    std::thread([shared = m_shared, path = std::move(casebase), order = std::move(order)] {
        auto result = std::make_shared<Result<std::vector<std::string>>>(shared->go(path, order));
        shared->post([result](EvaluationJob& to) { Q_EMIT to.finished(*result); });
    }).detach();
}

EvaluationJob::~EvaluationJob() { m_shared->leave(); }

void EvaluationJob::cancel() { m_shared->stop.request_stop(); }

} // namespace precedent::ui
