#include "ui/models/model_jobs.h"

#include "ui/bridge/background.h"
#include "ui/bridge/export_job.h"
#include "ui/bridge/job_line.h"
#include "ui/bridge/speed_job.h"

namespace precedent::ui {
namespace {

QString text(const std::string& value) { return QString::fromStdString(value); }

} // namespace

ModelJobs::ModelJobs(JobLine& line, QObject* parent)
    : QObject(parent)
    , m_line(line)
{
    connect(&m_line, &JobLine::changed, this, &ModelJobs::changed);
}

ModelJobs::~ModelJobs() = default;

void ModelJobs::setCasebase(std::filesystem::path casebase)
{
    m_casebase = std::move(casebase);
    m_reports.clear();
    m_failures.clear();
    Q_EMIT changed();
}

void ModelJobs::refresh()
{
    inBackground(
        this, [] { return workspace::SpeedLog().all(); },
        [this](Result<std::map<std::string, workspace::ModelSpeed>> speeds) {
            if (!speeds.ok()) {
                Q_EMIT troubled(text(speeds.error().message()), text(speeds.error().hint()));
                return;
            }
            // What could not be kept is at least known to this window.
            for (auto& [key, speed] : *speeds) {
                workspace::ModelSpeed& known = m_speeds[key];
                if (speed.measuredMs >= known.measuredMs)
                    known = std::move(speed);
            }
            Q_EMIT changed();
        });
}

void ModelJobs::enter(Kind kind, const JobModel& model, std::function<void()> begin)
{
    if (isBusy()) {
        Q_EMIT troubled(tr("An export or a measurement is under way already."), tr("Cancel it first, or wait until it is over."));
        return;
    }
    m_failures.erase({kind, model.name});
    m_now = Now{kind, model, true};
    const QString name = kind == Kind::exporting ? tr("the export of %1") : tr("measuring %1");
    m_ticket = m_line.enter(name.arg(model.title), [this, begin = std::move(begin)] {
        m_now->waits = false;
        begin();
        Q_EMIT changed();
    });
    Q_EMIT changed();
}

void ModelJobs::exportModel(const JobModel& model, const workspace::ExportOrder& order)
{
    enter(Kind::exporting, model, [this, order] { beginExport(order); });
}

void ModelJobs::measure(const JobModel& model)
{
    enter(Kind::measuring, model, [this] { beginMeasuring(); });
}

void ModelJobs::beginExport(const workspace::ExportOrder& order)
{
    m_reports.erase(m_now->model.name);
    m_export = std::make_unique<ExportJob>(m_casebase, order);
    connect(m_export.get(), &ExportJob::finished, this, &ModelJobs::finishExport);
    Q_EMIT jobChanged(tr("Exporting %1").arg(m_now->model.title), text(order.destination), -1);
}

void ModelJobs::beginMeasuring()
{
    m_speed = std::make_unique<SpeedJob>(m_casebase, m_now->model.name.toStdString());
    const QString name = tr("Measuring %1").arg(m_now->model.title);
    connect(m_speed.get(), &SpeedJob::progressed, this, [this, name](int done, int total) {
        m_now->done = done;
        m_now->total = total;
        Q_EMIT jobChanged(name, tr("%1 of %2").arg(done).arg(total), double(done) / double(total));
        Q_EMIT changed();
    });
    connect(m_speed.get(), &SpeedJob::finished, this, &ModelJobs::finishMeasuring);
    Q_EMIT jobChanged(name, tr("loading it"), -1);
}

void ModelJobs::finishExport(const Result<core::ExportReport>& report)
{
    m_export.release()->deleteLater(); // it is emitting
    if (report.ok())
        m_reports[m_now->model.name] = report.value();
    else
        fail(report.error());
    end();
}

void ModelJobs::finishMeasuring(const Result<MeasuredSpeed>& measured)
{
    m_speed.release()->deleteLater(); // it is emitting
    if (measured.ok()) {
        m_speeds[measured.value().key] = measured.value().speed;
        if (const Status& kept = measured.value().kept; !kept.ok())
            Q_EMIT troubled(text(kept.error().message()), text(kept.error().hint()));
    } else {
        fail(measured.error());
    }
    end();
}

void ModelJobs::fail(const Error& error)
{
    m_failures.insert_or_assign({m_now->kind, m_now->model.name}, error);
    if (error.code() != ErrorCode::cancelled)
        Q_EMIT troubled(text(error.message()), text(error.hint()));
}

void ModelJobs::end()
{
    m_now.reset();
    Q_EMIT jobChanged({}, {}, -1);
    m_line.leave(m_ticket);
    Q_EMIT changed();
    Q_EMIT over();
}

void ModelJobs::cancel()
{
    if (!m_now || m_now->cancelling)
        return;
    if (m_now->waits) {
        m_failures.insert_or_assign({m_now->kind, m_now->model.name}, Error(ErrorCode::cancelled, "Cancelled before it began."));
        m_now.reset();
        m_line.leave(m_ticket);
        Q_EMIT changed();
        Q_EMIT over();
        return;
    }
    m_now->cancelling = true;
    if (m_export)
        m_export->cancel();
    if (m_speed)
        m_speed->cancel();
    Q_EMIT changed();
}

QString ModelJobs::waitingFor() const { return m_now && m_now->waits ? m_line.waitsFor(m_ticket) : QString(); }

const core::ExportReport* ModelJobs::reportOf(const QString& model) const
{
    const auto found = m_reports.find(model);
    return found == m_reports.end() ? nullptr : &found->second;
}

const Error* ModelJobs::failureOf(Kind kind, const QString& model) const
{
    const auto found = m_failures.find({kind, model});
    return found == m_failures.end() ? nullptr : &found->second;
}

const workspace::ModelSpeed* ModelJobs::speedOf(const JobModel& model) const
{
    const auto found = m_speeds.find(model.speedKey);
    return found == m_speeds.end() ? nullptr : &found->second;
}

} // namespace precedent::ui
