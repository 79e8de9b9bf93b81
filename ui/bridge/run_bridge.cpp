#include "ui/bridge/run_bridge.h"

#include <mutex>
#include <thread>

#include <QTimer>

#include "precedent/align/run_spec_json.h"
#include "precedent/casebase/run_store.h"
#include "precedent/workspace/engine_loader.h"
#include "precedent/workspace/run_lock.h"
#include "precedent/workspace/run_session.h"

namespace precedent::ui {
namespace {

constexpr int kFrameMs = 16;

RunEnded failed(const Error& error) { return {core::RunState::failed, error.message(), error.hint()}; }

bool isProgress(const core::RunEvent& event)
{
    return std::holds_alternative<core::TokenEvent>(event) || std::holds_alternative<core::RolloutEvent>(event);
}

} // namespace

struct RunBridge::Shared final : workspace::SessionObserver {
    EventChannel<RunNews> channel;
    std::stop_source stop;
    std::mutex mutex;
    RunBridge* bridge = nullptr; ///< guarded; null once it is gone
    workspace::RunSession* session = nullptr; ///< guarded

    void wake()
    {
        const std::scoped_lock lock(mutex);
        if (bridge != nullptr)
            QMetaObject::invokeMethod(
                bridge,
                [to = bridge] {
                    if (!to->m_frame->isActive())
                        to->m_frame->start();
                },
                Qt::QueuedConnection);
    }
    void ask(void (workspace::RunSession::*what)())
    {
        const std::scoped_lock lock(mutex);
        if (session != nullptr)
            (session->*what)();
    }
    void tell(RunNews news, bool droppable = false) { (void)channel.push(std::move(news), droppable); }

    void evaluating(workspace::Phase phase, std::int64_t done, std::int64_t total) override
    {
        tell(RunEvaluating{phase, done, total}, true);
    }
    void evaluated(workspace::Phase, bool) override { }
    void started(int fromStep) override { tell(RunTraining{fromStep}); }
    void happened(const std::vector<core::RunEvent>& events) override
    {
        for (const core::RunEvent& event : events)
            tell(event, isProgress(event));
    }

    [[nodiscard]] Result<core::RunInputs> inputsFor(casebase::Casebase& casebase, const RunOrder& order);
    [[nodiscard]] RunEnded go(const std::filesystem::path& path, const RunOrder& order);
};

Result<core::RunInputs> RunBridge::Shared::inputsFor(casebase::Casebase& casebase, const RunOrder& order)
{
    if (!order.resume.empty()) {
        Result<core::RunInputs> inputs = workspace::loadRun(casebase, order.resume);
        if (inputs)
            tell(RunStored{inputs->runId, inputs->spec, {}, {}});
        return inputs;
    }
    Result<workspace::PreparedRun> prepared = workspace::prepareRun(casebase, order.spec, order.includeDrafts);
    if (!prepared)
        return prepared.error();
    Result<workspace::RunEstimate> estimate = order.measured ? Result(*order.measured) : workspace::estimatePrepared(casebase, *prepared);
    if (!estimate)
        return estimate.error();
    PRECEDENT_TRY(workspace::storeRun(casebase, *prepared, {}));
    PRECEDENT_TRY(workspace::keepEstimate(casebase, prepared->inputs.runId, *estimate));
    tell(RunStored{prepared->inputs.runId, prepared->inputs.spec, prepared->report.sentences(), std::move(*estimate)});
    return std::move(prepared->inputs);
}

RunEnded RunBridge::Shared::go(const std::filesystem::path& path, const RunOrder& order)
{
    auto opened = casebase::Casebase::open(path, casebase::OpenMode::readWrite);
    if (!opened)
        return failed(opened.error());
    const Result<core::RunInputs> inputs = inputsFor(**opened, order);
    if (!inputs)
        return failed(inputs.error());
    const Result<workspace::RunLock> lock = workspace::RunLock::take(inputs.value().outputFolder);
    if (!lock)
        return failed(lock.error());
    const Result<core::Engine*> engine = workspace::openEngine();
    if (!engine)
        return failed(engine.error());
    workspace::RunSession running(**opened, *engine.value(), inputs.value(), *this);
    {
        const std::scoped_lock guard(mutex);
        session = &running;
    }
    workspace::resetPeakMemory();
    const Result<workspace::SessionEnd> end = running.go(stop.get_token());
    // Beside the estimate at the end. Where it cannot be stored the run is no worse for it.
    (void)workspace::keepPeakMemory(**opened, inputs.value().runId, workspace::peakMemory());
    {
        const std::scoped_lock guard(mutex);
        session = nullptr;
    }
    if (!end)
        return failed(end.error());
    return {end.value().state, end.value().message, {}};
}

RunBridge::RunBridge(std::filesystem::path casebase, RunOrder order, QObject* parent)
    : QObject(parent)
    , m_shared(std::make_shared<Shared>())
    , m_frame(new QTimer(this))
{
    m_frame->setSingleShot(true);
    m_frame->setInterval(kFrameMs);
    connect(m_frame, &QTimer::timeout, this, &RunBridge::drain);
    m_shared->bridge = this;
    m_shared->channel.setWaker([shared = m_shared.get()] { shared->wake(); });
    std::thread([shared = m_shared, path = std::move(casebase), order = std::move(order)] {
        shared->tell(shared->go(path, order));
    }).detach();
}

RunBridge::~RunBridge()
{
    {
        const std::scoped_lock lock(m_shared->mutex);
        m_shared->bridge = nullptr;
    }
    m_shared->stop.request_stop();
}

void RunBridge::stop() { m_shared->stop.request_stop(); }

void RunBridge::pause() { m_shared->ask(&workspace::RunSession::pause); }
void RunBridge::resume() { m_shared->ask(&workspace::RunSession::resume); }
void RunBridge::stopAfterStep() { m_shared->ask(&workspace::RunSession::stopAfterStep); }
void RunBridge::checkpointNow() { m_shared->ask(&workspace::RunSession::checkpointNow); }

void RunBridge::drain()
{
    const std::vector<RunNews> news = m_shared->channel.drain();
    for (const RunNews& item : news)
        follow(item);
    if (!news.empty())
        Q_EMIT arrived(news);
}

void RunBridge::follow(const RunNews& item)
{
    using Phase = RunActivity::Phase;
    if (const auto* evaluating = std::get_if<RunEvaluating>(&item)) {
        advance(evaluating->phase == workspace::Phase::before ? Phase::before : Phase::after, static_cast<double>(evaluating->done),
            static_cast<double>(evaluating->total));
    } else if (const auto* training = std::get_if<RunTraining>(&item)) {
        advance(Phase::training, training->fromStep, 0);
    } else if (const auto* event = std::get_if<core::RunEvent>(&item)) {
        if (const auto* step = std::get_if<core::StepEvent>(event))
            advance(Phase::training, step->step.step, step->steps);
        else if (const auto* state = std::get_if<core::StateEvent>(event))
            m_activity.state = state->state;
    } else if (std::holds_alternative<RunEnded>(item)) {
        m_over = true;
    }
}

void RunBridge::advance(RunActivity::Phase phase, double done, double total)
{
    if (phase != m_activity.phase) {
        m_activity = {.phase = phase};
        m_phaseClock.start();
        m_pace = {};
    }
    m_pace.add(done, static_cast<double>(m_phaseClock.elapsed()) / 1000);
    m_activity.done = done;
    m_activity.total = total;
    m_activity.secondsLeft = done < total ? m_pace.secondsLeft(total) : std::nullopt;
}

} // namespace precedent::ui
