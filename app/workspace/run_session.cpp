#include "precedent/workspace/run_session.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include "app/workspace/exactness_watch.h"
#include "precedent/base/log.h"
#include "precedent/casebase/run_store.h"
#include "precedent/workspace/casebase_recorder.h"
#include "precedent/workspace/checkpoint_pruning.h"
#include "precedent/workspace/endpoint_rollouts.h"
#include "precedent/workspace/endpoint_source.h"
#include "precedent/workspace/judge_choice.h"
#include "precedent/workspace/run_alarms.h"
#include "precedent/workspace/run_folders.h"
#include "precedent/workspace/run_manifest.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kEventWait(50);

/// A checkpoint that the casebase never heard of (the disk was full just then) would take a resume past steps that have no record.
/// Those steps come out again to the same bits, so the folder is put aside, not used and not deleted.
Status putAsideUnrecorded(const std::string& runFolder, int lastRecorded)
{
    constexpr const char* kPrefix = "checkpoint-";
    std::vector<fs::path> newer;
    std::error_code ec;
    for (const fs::directory_entry& entry : fs::directory_iterator(runFolder, ec)) {
        const std::string name = entry.path().filename().string();
        if (name.rfind(kPrefix, 0) == 0 && std::atoi(name.c_str() + std::strlen(kPrefix)) > lastRecorded)
            newer.push_back(entry.path());
    }
    for (const fs::path& folder : newer) {
        const fs::path aside = folder.parent_path() / ("unrecorded-" + folder.filename().string());
        fs::remove_all(aside, ec);
        fs::rename(folder, aside, ec);
        if (ec)
            return errnoError(ec.value(), "rename", folder.string());
    }
    return {};
}

bool ended(core::RunState state)
{
    return state == core::RunState::stopped || state == core::RunState::finished || state == core::RunState::failed;
}

} // namespace

RunSession::RunSession(casebase::Casebase& casebase, core::Engine& engine, const core::RunInputs& inputs, SessionObserver& observer)
    : m_casebase(casebase)
    , m_engine(engine)
    , m_inputs(inputs)
    , m_observer(observer)
{
}

RunSession::~RunSession() = default;

Result<SessionEnd> RunSession::go(const std::stop_token& stop)
{
    if (m_inputs.spec.evaluateBeforeAfter)
        PRECEDENT_TRY(evaluate(Phase::before, stop));
    if (stop.stop_requested())
        return SessionEnd{};
    Result<std::unique_ptr<core::TrainingRun>> launched = launch();
    if (!launched)
        return launched.error();
    core::TrainingRun& run = **launched;
    {
        const std::scoped_lock lock(m_mutex);
        m_run = std::move(*launched);
    }
    const SessionEnd end = follow(run, stop);
    {
        const std::scoped_lock lock(m_mutex);
        m_run.reset();
    }
    for (const std::string& why : m_watch->marks())
        m_observer.noted("The run is not exact. " + why);
    PRECEDENT_TRY(endManifest(m_inputs.outputFolder, core::toString(end.state), lastStep()));
    if (end.state == core::RunState::finished && m_inputs.spec.evaluateBeforeAfter)
        PRECEDENT_TRY(evaluate(Phase::after, stop));
    return end;
}

Status RunSession::evaluate(Phase phase, const std::stop_token& stop)
{
    const bool after = phase == Phase::after;
    if (!after) {
        const Result<BeforeAfter> both = loadBeforeAfter(m_casebase, m_inputs.runId);
        if (!both)
            return both.error();
        if (!both.value().beforeSpec.is_null())
            return {};
    }
    RunEvaluation what;
    what.phase = phase;
    what.model = m_inputs.spec.model;
    what.load.folder = m_inputs.modelFolder;
    if (after) {
        const auto checkpoint = lastCheckpoint(m_casebase, m_inputs.runId);
        if (!checkpoint)
            return checkpoint.error();
        if (!checkpoint.value())
            return Error(ErrorCode::notFound, "Run " + m_inputs.runId + " ended without a checkpoint, so there is nothing to evaluate.");
        const fs::path folder = folderFromStored(m_casebase.path(), checkpoint.value()->folder);
        std::error_code ec;
        const bool isAdapter = fs::exists(folder / "adapter_config.json", ec);
        (isAdapter ? what.load.adapter : what.load.folder) = folder.string();
        what.checkpoint = "run:" + m_inputs.runId + "@" + std::to_string(checkpoint.value()->step);
    }
    const auto onStep = [&](const SuiteStep& step) {
        m_observer.evaluating(phase, step.done, step.total);
        if (m_lead != nullptr && !after)
            (void)m_lead->keepWaiting(); // where they are lost, begin() says so
    };
    const Result<std::string> id = evaluateRun(m_casebase, m_engine, m_inputs, what, onStep, stop);
    // Cut short is no failure: the run is kept, and continuing it evaluates again.
    const bool cancelled = !id && id.error().code() == ErrorCode::cancelled;
    if (!id && !cancelled)
        return id.error();
    m_observer.evaluated(phase, cancelled || !id.value().empty());
    return {};
}

Result<std::unique_ptr<core::TrainingRun>> RunSession::launch()
{
    const auto checkpoint = lastCheckpoint(m_casebase, m_inputs.runId);
    if (!checkpoint)
        return checkpoint.error();
    const int from = checkpoint.value() ? checkpoint.value()->step : 0;
    PRECEDENT_TRY(putAsideUnrecorded(m_inputs.outputFolder, from));
    const int recorded = lastStep();
    PRECEDENT_TRY(noteReached(m_inputs.outputFolder, recorded));
    PRECEDENT_TRY(m_casebase.runs().truncateAfter(m_inputs.runId, from));
    PRECEDENT_TRY(forgetEnd(m_casebase, m_inputs.runId));
    Result<std::shared_ptr<CasebaseRecorder>> recorder = CasebaseRecorder::open(m_casebase.path(), m_inputs.runId);
    if (!recorder)
        return recorder.error();
    const Result<Json> manifest = readManifest(m_inputs.outputFolder);
    if (!manifest)
        return manifest.error();
    core::RunInputs inputs = m_inputs;
    const auto tally = std::make_shared<ReplyTally>();
    m_watch = std::make_shared<ExactnessWatch>(
        std::move(*recorder), tally, m_inputs.outputFolder, std::max(recorded, reachedStep(manifest.value())));
    Result<std::shared_ptr<core::Judge>> judge = openRewardJudge(
        inputs.spec, m_casebase.path(), [engine = &m_engine]() -> Result<core::Engine*> { return engine; }, tally);
    if (!judge)
        return judge.error();
    inputs.judge = std::move(*judge);
    Result<std::shared_ptr<core::CompletionSource>> completions = openCompletionSource(inputs, m_casebase.path(), tally);
    if (!completions)
        return completions.error();
    inputs.completions = std::move(*completions);
    Result<std::shared_ptr<core::RolloutSource>> rollouts = openRolloutSource(inputs.spec, inputs.runId);
    if (!rollouts)
        return rollouts.error();
    inputs.rolloutSource = std::move(*rollouts);
    m_observer.started(from);
    if (checkpoint.value())
        inputs.kernels = kernelsToReuse(manifest.value(), m_engine.facts().processor);
    std::shared_ptr<core::Ranks> ranks;
    if (m_lead != nullptr) {
        PRECEDENT_TRY(m_lead->begin(inputs, checkpoint.value().has_value()));
        ranks = m_lead->ranks();
    }
    Result<std::unique_ptr<core::TrainingRun>> run =
        checkpoint.value() ? m_engine.resume(inputs, m_watch, ranks) : m_engine.start(inputs, m_watch, ranks);
    if (!run)
        return run;
    const RunMeans means{m_engine.facts(), (*run)->kernels()};
    if (checkpoint.value() && manifest.value().is_object()) {
        std::string differs;
        for (const std::string& one : differences(manifest.value(), means))
            differs += (differs.empty() ? "" : "; ") + one;
        if (!differs.empty())
            m_observer.noted("Not all is as it was when the run began (" + differs +
                "): it goes on, but its steps need not come out to the same bits. manifest.json says so.");
    }
    PRECEDENT_TRY(beginManifest(m_casebase, m_inputs, means, from));
    PRECEDENT_TRY(noteReached(m_inputs.outputFolder, recorded));
    PRECEDENT_TRY(m_watch->begun());
    return run;
}

SessionEnd RunSession::follow(core::TrainingRun& run, const std::stop_token& stop)
{
    SessionEnd end;
    std::optional<Alarm> stopping;
    bool asked = false;
    bool over = false;
    while (!over) {
        if (stop.stop_requested() && !asked) {
            asked = true;
            run.stop();
        }
        // Asked before the events are taken: what a worker that is over said last is then among them.
        const bool workerOver = run.wait(std::chrono::milliseconds(0));
        const std::vector<core::RunEvent> events = run.events().waitDrain(kEventWait);
        if (!events.empty())
            m_observer.happened(events);
        for (const core::RunEvent& event : events) {
            if (std::holds_alternative<core::CheckpointEvent>(event))
                prune();
            if (const auto* alarm = std::get_if<core::AlarmEvent>(&event); alarm != nullptr && alarm->alarm.stops)
                stopping = alarm->alarm;
            if (const auto* state = std::get_if<core::StateEvent>(&event)) {
                end = {state->state, state->message};
                over = ended(state->state);
            }
        }
        // The worker may have died without a last event; its state is the truth then.
        if (!over && workerOver && ended(run.state())) {
            end.state = run.state();
            over = true;
        }
    }
    // The last state is announced before the recorder is closed: wait for the worker itself.
    while (!run.wait(std::chrono::seconds(1))) { }
    if (stopping) {
        end.byGuard = end.state == core::RunState::stopped;
        if (const Status kept = keepEnd(m_casebase, m_inputs.runId, *stopping); !kept)
            logWarning("What stopped run " + m_inputs.runId + " could not be stored: " + kept.error().message());
    }
    return end;
}

int RunSession::lastStep() const
{
    const Result<casebase::Run> run = m_casebase.runs().find(m_inputs.runId);
    return run ? run.value().stepsDone : 0;
}

void RunSession::prune()
{
    // Old checkpoints that stay are no reason to end a run.
    const Result<PruningPlan> pruned = pruneCheckpoints(m_casebase, m_inputs.runId, m_inputs.spec.saveTotalLimit);
    if (!pruned)
        logWarning("Old checkpoints of run " + m_inputs.runId + " were not removed: " + pruned.error().message());
}

void RunSession::ask(void (core::TrainingRun::*what)())
{
    const std::scoped_lock lock(m_mutex);
    if (m_run)
        (m_run.get()->*what)();
}

void RunSession::pause() { ask(&core::TrainingRun::pause); }
void RunSession::resume() { ask(&core::TrainingRun::resume); }
void RunSession::stopAfterStep() { ask(&core::TrainingRun::stopAfterStep); }
void RunSession::checkpointNow() { ask(&core::TrainingRun::checkpointNow); }

} // namespace precedent::workspace
