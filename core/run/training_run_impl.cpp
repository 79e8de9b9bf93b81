#include "core/run/training_run_impl.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>

#include <c10/util/Exception.h>

#include "core/model/cancelled.h"
#include "core/model/threads.h"
#include "core/run/orders.h"
#include "precedent/base/log.h"

namespace precedent::core {
namespace {

/// What the worker and the run object share; outlives both.
struct Shared {
    EventChannel<RunEvent> events;
    std::mutex mutex;
    std::condition_variable changed;
    RunState state = RunState::running;
    bool pauseAsked = false;
    bool stopAfterStepAsked = false;
    bool checkpointAsked = false;
    std::shared_ptr<std::atomic<bool>> ended = std::make_shared<std::atomic<bool>>(false);
};

/// The worker's side of one run.
class Worker {
public:
    Worker(std::unique_ptr<Trainer> trainer, RunSpec spec, std::shared_ptr<RunRecorder> recorder, std::shared_ptr<Ranks> ranks,
        std::shared_ptr<Shared> shared)
        : m_trainer(std::move(trainer))
        , m_spec(std::move(spec))
        , m_recorder(std::move(recorder))
        , m_ranks(std::move(ranks))
        , m_shared(std::move(shared))
    {
    }

    void run(const std::stop_token& stop)
    {
        setThreadCount(threadCount()); // OpenMP's team size belongs to the thread that sets it
        try {
            loop(stop);
        } catch (const std::bad_alloc&) {
            fail("The run needs more memory than there is. Lower micro_batch_tokens, num_generations or prompts_per_step.");
        } catch (const c10::Error& e) {
            fail(std::string("LibTorch failed: ") + e.what_without_backtrace());
        } catch (const std::exception& e) {
            fail(std::string("The run failed: ") + e.what());
        }
        endRanks();
        m_trainer.reset();
        m_ranks.reset(); // this worker may be destroyed as late as the library's own objects
        {
            const std::scoped_lock lock(m_shared->mutex);
            *m_shared->ended = true;
        }
        m_shared->changed.notify_all();
    }

private:
    void loop(const std::stop_token& stop)
    {
        if (!enter(RunState::running, {}))
            return;
        while (m_trainer->done() < m_spec.maxSteps) {
            if (!waitWhilePaused(stop))
                return;
            if (stop.stop_requested() || taken(&Shared::stopAfterStepAsked) || m_stoppedByOther) {
                conclude(RunState::stopped, "Stopped after step " + std::to_string(m_trainer->done()) + ".");
                return;
            }
            if (!oneStep(stop))
                return;
        }
        conclude(RunState::finished, {});
    }

    /// False if the run is over.
    bool oneStep(const std::stop_token& stop)
    {
        Result<StepOutcome> outcome = Error(ErrorCode::cancelled, "Stopped.");
        if (const Status told = order({Order::What::step, m_trainer->done() + 1, {}, {}}); !told.ok()) {
            conclude(RunState::failed, told.error().message());
            return false;
        }
        try {
            outcome = m_trainer->step(stop, [this](const TokenEvent& token) { m_shared->events.push(token, true); });
        } catch (const Cancelled&) {
        }
        if (!outcome.ok()) {
            const bool cancelled = outcome.error().code() == ErrorCode::cancelled;
            m_stoppedByOther = cancelled && m_ranks && !stop.stop_requested();
            if (cancelled || (stop.stop_requested() && !m_ranksLost))
                return true; // the loop's head ends the run
            concludeFailed(outcome.error());
            return false;
        }
        if (!outcome->finite) {
            concludeNotFinite(outcome->step.step);
            return false;
        }
        if (const Status recorded = m_recorder->step(outcome->step, outcome->rollouts); !recorded.ok()) {
            // No checkpoint of a step that was not recorded: a resume would leave a gap in the record.
            fail("The casebase could not take step " + std::to_string(outcome->step.step) + ": " + recorded.error().message() + " " +
                recorded.error().hint());
            return false;
        }
        for (RolloutRecord& rollout : outcome->rollouts)
            m_shared->events.push(RolloutEvent{std::move(rollout)}, true);
        m_shared->events.push(StepEvent{outcome->step, m_spec.maxSteps}, false);
        if (!guarded(outcome->alarms))
            return false;
        const bool due = m_trainer->done() % m_spec.saveSteps == 0 || taken(&Shared::checkpointAsked);
        return !due || saveCheckpoint();
    }

    /// Tells what began to go wrong. False if that stopped the run.
    bool guarded(const std::vector<Alarm>& alarms)
    {
        for (const Alarm& alarm : alarms)
            m_shared->events.push(AlarmEvent{alarm}, false);
        const auto stop = std::find_if(alarms.begin(), alarms.end(), [](const Alarm& alarm) { return alarm.stops; });
        if (stop == alarms.end())
            return true;
        conclude(RunState::stopped,
            "Stopped by the guard " + std::string(toString(stop->kind)) + " at step " + std::to_string(stop->from) + ". " + stop->message +
                " " + lastGoodSentence("before that", stop->from - 1)); // a step's figures are of the weights before it
        return false;
    }

    /// A step that could not be done. Where it is the weights that cannot be computed with, their own checkpoint is no good one.
    void concludeFailed(const Error& error)
    {
        const int done = m_trainer->done();
        const bool diverged = error.message().find(kDiverged) != std::string::npos;
        if (diverged)
            m_shared->events.push(AlarmEvent{{AlarmKind::notANumber, done + 1, done + 1, "loss", error.message(), true}}, false);
        if (m_ranks && !diverged) {
            conclude(RunState::failed, error.message()); // which says from where any number of ranks goes on
            return;
        }
        if (done > 0 && !saveCheckpoint())
            return;
        enter(RunState::failed, error.message() + " " + lastGoodSentence("there is", diverged ? done : done + 1));
    }

    /// A step whose update was not taken: the weights are those of the step before.
    void concludeNotFinite(int step)
    {
        const std::string what = "The loss or the gradient of step " + std::to_string(step) + " is not a number.";
        m_shared->events.push(
            AlarmEvent{{AlarmKind::notANumber, step, step, "loss", what + " Start a new run with a lower learning_rate.", true}}, false);
        if (m_trainer->done() > 0 && !saveCheckpoint())
            return;
        enter(RunState::failed, what + " " + lastGoodSentence("there is", step) + " Start a new run with a lower learning_rate.");
    }

    [[nodiscard]] std::string lastGoodSentence(const std::string& when, int before) const
    {
        const std::optional<std::filesystem::path> folder = m_trainer->lastGood(before);
        return folder ? "The last good checkpoint " + when + " is " + folder->string() + "."
                      : "No checkpoint was written before that step.";
    }

    bool saveCheckpoint()
    {
        const auto written = m_trainer->checkpoint();
        if (!written.ok()) {
            fail("The checkpoint of step " + std::to_string(m_trainer->done()) + " could not be written: " + written.error().message() +
                " Earlier checkpoints are unchanged.");
            return false;
        }
        const Status recorded = m_recorder->checkpoint(*written);
        if (!recorded.ok()) {
            fail("The casebase could not take the checkpoint of step " + std::to_string(written->step) + ": " + recorded.error().message());
            return false;
        }
        m_shared->events.push(CheckpointEvent{*written}, false);
        return true;
    }

    /// Tells the other ranks, where there are any.
    Status order(const Order& order)
    {
        if (!m_ranks)
            return {};
        Status told = giveOrder(*m_ranks, order);
        m_ranksLost = !told.ok();
        return told;
    }

    /// The others wait for the next order: this one comes last, when everything is saved.
    void endRanks()
    {
        if (!m_ranks || m_ranksLost)
            return;
        const Status told = order({Order::What::end, m_trainer->done(), m_ended.state, m_ended.message});
        if (!told.ok() && m_ended.state != RunState::failed) // else they are lost for the reason that it failed for
            logWarning("The run is over and saved, and another rank was lost before it heard of it.");
    }

    /// A last checkpoint, then the state.
    void conclude(RunState state, const std::string& message)
    {
        if (state == RunState::stopped || state == RunState::finished || m_trainer->done() > 0) {
            if (!saveCheckpoint())
                return;
        }
        enter(state, state == RunState::failed && m_ranks ? message + " " + goOnFrom(m_trainer->done()) : message);
    }

    void fail(const std::string& message) { enter(RunState::failed, message); }

    /// False if the recorder did not take the state; the run has then failed.
    bool enter(RunState state, const std::string& message)
    {
        const Status recorded = m_recorder->state(state, message);
        const RunState reached = recorded.ok() ? state : RunState::failed;
        m_ended = {reached, recorded.ok() ? message : recorded.error().message()};
        {
            const std::scoped_lock lock(m_shared->mutex);
            m_shared->state = reached;
        }
        m_shared->events.push(StateEvent{m_ended.state, m_ended.message}, false);
        return recorded.ok();
    }

    bool taken(bool Shared::*flag)
    {
        const std::scoped_lock lock(m_shared->mutex);
        return std::exchange((*m_shared).*flag, false);
    }

    /// False if the run has failed: a pause could not be recorded, or a checkpoint asked for meanwhile not be written.
    bool waitWhilePaused(const std::stop_token& stop)
    {
        std::unique_lock lock(m_shared->mutex);
        if (!m_shared->pauseAsked || stop.stop_requested())
            return true;
        lock.unlock();
        if (!enter(RunState::paused, {}))
            return false;
        lock.lock();
        while (m_shared->pauseAsked && !stop.stop_requested() && !m_shared->stopAfterStepAsked) {
            if (std::exchange(m_shared->checkpointAsked, false)) {
                lock.unlock();
                if (!saveCheckpoint())
                    return false;
                lock.lock();
                continue;
            }
            m_shared->changed.wait_for(lock, std::chrono::milliseconds(50));
        }
        lock.unlock();
        return stop.stop_requested() || enter(RunState::running, {});
    }

    std::unique_ptr<Trainer> m_trainer;
    RunSpec m_spec;
    std::shared_ptr<RunRecorder> m_recorder;
    std::shared_ptr<Ranks> m_ranks; ///< null: alone
    bool m_ranksLost = false;
    bool m_stoppedByOther = false; ///< another rank was asked to stop
    StateEvent m_ended{RunState::running, {}}; ///< the last state entered
    std::shared_ptr<Shared> m_shared;
};

class TrainingRunImpl final : public TrainingRun {
public:
    TrainingRunImpl(std::unique_ptr<Trainer> trainer, const RunSpec& spec, std::shared_ptr<RunRecorder> recorder,
        std::shared_ptr<Ranks> ranks, WorkerYard& yard)
        : m_shared(std::make_shared<Shared>())
        , m_yard(yard)
        , m_kernels(trainer->kernels())
    {
        auto worker = std::make_shared<Worker>(std::move(trainer), spec, std::move(recorder), std::move(ranks), m_shared);
        m_worker = std::jthread([worker](const std::stop_token& stop) { worker->run(stop); });
    }

    ~TrainingRunImpl() override
    {
        m_worker.request_stop();
        m_yard.adopt(std::move(m_worker), m_shared->ended);
    }

    void pause() override { set(&Shared::pauseAsked, true); }
    void resume() override { set(&Shared::pauseAsked, false); }
    void stopAfterStep() override { set(&Shared::stopAfterStepAsked, true); }
    void checkpointNow() override { set(&Shared::checkpointAsked, true); }

    void stop() override
    {
        {
            const std::scoped_lock lock(m_shared->mutex);
            if (m_shared->state == RunState::running || m_shared->state == RunState::paused)
                m_shared->state = RunState::stopping;
        }
        m_worker.request_stop();
        m_shared->changed.notify_all();
    }

    [[nodiscard]] RunState state() const override
    {
        const std::scoped_lock lock(m_shared->mutex);
        return m_shared->state;
    }

    [[nodiscard]] KernelNames kernels() const override { return m_kernels; }

    [[nodiscard]] EventChannel<RunEvent>& events() override { return m_shared->events; }

    [[nodiscard]] bool wait(std::chrono::milliseconds timeout) override
    {
        std::unique_lock lock(m_shared->mutex);
        return m_shared->changed.wait_for(lock, timeout, [this] { return m_shared->ended->load(); });
    }

private:
    void set(bool Shared::*flag, bool value)
    {
        {
            const std::scoped_lock lock(m_shared->mutex);
            (*m_shared).*flag = value;
        }
        m_shared->changed.notify_all();
    }

    std::shared_ptr<Shared> m_shared;
    WorkerYard& m_yard;
    const KernelNames m_kernels;
    std::jthread m_worker;
};

} // namespace

WorkerYard::~WorkerYard()
{
    const std::scoped_lock lock(m_mutex);
    m_left.clear(); // asked to stop before; a jthread joins
}

void WorkerYard::adopt(std::jthread worker, std::shared_ptr<const std::atomic<bool>> ended)
{
    sweep();
    const std::scoped_lock lock(m_mutex);
    m_left.push_back({std::move(worker), std::move(ended)});
}

void WorkerYard::sweep()
{
    const std::scoped_lock lock(m_mutex);
    std::erase_if(m_left, [](const Left& left) { return left.ended->load(); });
}

std::unique_ptr<TrainingRun> runOnWorker(std::unique_ptr<Trainer> trainer, const RunSpec& spec, std::shared_ptr<RunRecorder> recorder,
    std::shared_ptr<Ranks> ranks, WorkerYard& yard)
{
    return std::make_unique<TrainingRunImpl>(std::move(trainer), spec, std::move(recorder), std::move(ranks), yard);
}

} // namespace precedent::core
