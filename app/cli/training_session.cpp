#include "app/cli/training_session.h"

#include <chrono>
#include <cstdio>
#include <filesystem>

#include "app/cli/loaded_model.h"
#include "app/cli/progress.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/casebase/run_store.h"
#include "precedent/workspace/casebase_recorder.h"
#include "precedent/workspace/run_service.h"

namespace precedent::cli {
namespace {

constexpr std::chrono::milliseconds kEventWait(100);
/// Steps after which the first estimate of the whole run's time is given.
constexpr int kEstimateAfter = 3;

double metric(const core::StepRecord& step, const std::string& name)
{
    const auto found = step.metrics.find(name);
    return found == step.metrics.end() ? 0 : found->second;
}

std::string stepText(const core::StepRecord& step)
{
    char text[96];
    std::snprintf(text, sizeof text, "reward %.3f, kl %.4f, %.1f s a step", metric(step, "reward"), metric(step, "kl"), step.seconds);
    return text;
}

bool ended(core::RunState state)
{
    return state == core::RunState::stopped || state == core::RunState::finished || state == core::RunState::failed;
}

Json figuresJson(const std::vector<workspace::Figure>& figures)
{
    Json rows = Json::array();
    for (const workspace::Figure& figure : figures)
        rows.push_back(workspace::toJson(figure));
    return rows;
}

} // namespace

TrainingSession::TrainingSession(Context& context, casebase::Casebase& casebase, const InterruptWatcher& interrupt, core::RunInputs inputs)
    : m_context(context)
    , m_casebase(casebase)
    , m_interrupt(interrupt)
    , m_inputs(std::move(inputs))
{
}

Result<Outcome> TrainingSession::go()
{
    const Result<core::Engine*> engine = openEngine(m_context);
    if (!engine)
        return engine.error();
    m_engine = engine.value();
    if (m_inputs.spec.evaluateBeforeAfter)
        PRECEDENT_TRY(evaluate(false));
    if (!m_interrupt.interrupted()) {
        Result<std::unique_ptr<core::TrainingRun>> run = launch();
        if (!run)
            return run.error();
        PRECEDENT_TRY(follow(**run));
    }
    if (m_state == core::RunState::failed)
        return Error(ErrorCode::failedPrecondition, "Run " + m_inputs.runId + " failed: " + m_message,
            "What it recorded is kept. Continue from its last checkpoint with train --resume " + m_inputs.runId + ".");
    if (m_state == core::RunState::finished && m_inputs.spec.evaluateBeforeAfter)
        PRECEDENT_TRY(evaluate(true));
    return outcome();
}

Result<bool> TrainingSession::hasEvaluation(bool after) const
{
    const Result<workspace::BeforeAfter> both = workspace::loadBeforeAfter(m_casebase, m_inputs.runId);
    if (!both)
        return both.error();
    const Json& spec = after ? both.value().afterSpec : both.value().beforeSpec;
    return !spec.is_null();
}

Status TrainingSession::evaluate(bool after)
{
    if (!after) {
        const Result<bool> there = hasEvaluation(false);
        if (!there)
            return there.error();
        if (there.value())
            return {};
    }
    workspace::RunEvaluation what;
    what.phase = after ? workspace::Phase::after : workspace::Phase::before;
    what.model = m_inputs.spec.model;
    what.load.folder = m_inputs.modelFolder;
    if (after) {
        const auto checkpoint = workspace::lastCheckpoint(m_casebase, m_inputs.runId);
        if (!checkpoint)
            return checkpoint.error();
        if (!checkpoint.value())
            return Error(ErrorCode::notFound, "Run " + m_inputs.runId + " ended without a checkpoint, so there is nothing to evaluate.");
        const std::filesystem::path folder = workspace::folderFromStored(m_casebase.path(), checkpoint.value()->folder);
        std::error_code ec;
        const bool isAdapter = std::filesystem::exists(folder / "adapter_config.json", ec);
        (isAdapter ? what.load.adapter : what.load.folder) = folder.string();
        what.checkpoint = "run:" + m_inputs.runId + "@" + std::to_string(checkpoint.value()->step);
    }
    Progress progress(after ? "Evaluating after" : "Evaluating before", m_context.globals().quiet);
    const Result<std::string> id = workspace::evaluateRun(
        m_casebase, *m_engine, m_inputs, what, [&](std::int64_t done, std::int64_t total) { progress.update(done, total, "answers"); },
        m_interrupt.token());
    progress.finish();
    // An interrupt is no failure: the run is kept, and --resume evaluates again.
    if (!id && id.error().code() == ErrorCode::cancelled)
        return {};
    if (!id)
        return id.error();
    if (id.value().empty())
        m_context.note("There is no sealed suite, so nothing is evaluated.");
    return {};
}

Result<std::unique_ptr<core::TrainingRun>> TrainingSession::launch()
{
    const auto checkpoint = workspace::lastCheckpoint(m_casebase, m_inputs.runId);
    if (!checkpoint)
        return checkpoint.error();
    m_resumedFrom = checkpoint.value() ? checkpoint.value()->step : 0;
    PRECEDENT_TRY(m_casebase.runs().truncateAfter(m_inputs.runId, m_resumedFrom));
    Result<std::shared_ptr<workspace::CasebaseRecorder>> recorder = workspace::CasebaseRecorder::open(m_casebase.path(), m_inputs.runId);
    if (!recorder)
        return recorder.error();
    return checkpoint.value() ? m_engine->resume(m_inputs, *recorder) : m_engine->start(m_inputs, *recorder);
}

void TrainingSession::show(const core::StepEvent& event, Progress& progress)
{
    ++m_stepsSeen;
    m_secondsSeen += event.step.seconds;
    if (m_stepsSeen == kEstimateAfter && event.steps > event.step.step)
        m_context.note("About " + durationText(m_secondsSeen / m_stepsSeen * (event.steps - event.step.step)) +
            " of training left, by the first " + std::to_string(kEstimateAfter) + " steps.");
    progress.update(event.step.step, event.steps, stepText(event.step));
}

Status TrainingSession::follow(core::TrainingRun& run)
{
    Progress progress("Training", m_context.globals().quiet);
    bool asked = false;
    bool over = false;
    while (!over) {
        if (m_interrupt.interrupted() && !asked) {
            asked = true;
            run.stop();
            progress.finish();
            m_context.note("Stopping; the state is being saved. Interrupt again to end at once.");
        }
        for (const core::RunEvent& event : run.events().waitDrain(kEventWait)) {
            if (const auto* step = std::get_if<core::StepEvent>(&event))
                show(*step, progress);
            else if (const auto* state = std::get_if<core::StateEvent>(&event)) {
                m_state = state->state;
                m_message = state->message;
                over = ended(state->state);
            }
        }
        // The worker may have died without a last event; its state is the truth then.
        if (!over && run.wait(std::chrono::milliseconds(0)) && ended(run.state())) {
            m_state = run.state();
            over = true;
        }
    }
    // The last state is announced before the recorder is closed: wait for the worker itself.
    while (!run.wait(std::chrono::seconds(1))) { }
    return {};
}

Result<Outcome> TrainingSession::outcome()
{
    const Result<std::vector<casebase::RunStep>> steps = m_casebase.runs().steps(m_inputs.runId);
    if (!steps)
        return steps.error();
    const auto checkpoint = workspace::lastCheckpoint(m_casebase, m_inputs.runId);
    if (!checkpoint)
        return checkpoint.error();
    const int done = steps.value().empty() ? 0 : steps.value().back().step;
    const bool finished = m_state == core::RunState::finished;
    const std::string folder =
        checkpoint.value() ? workspace::folderFromStored(m_casebase.path(), checkpoint.value()->folder).string() : std::string();
    Outcome outcome;
    outcome.json = {
        {"run", m_inputs.runId}, {"steps", done}, {"state", core::toString(m_state)}, {"checkpoint", folder}, {"metrics", Json::object()}};
    if (!steps.value().empty()) {
        for (const auto& [name, value] : steps.value().back().metrics)
            outcome.json["metrics"][name] = value;
    }
    outcome.text = "Run " + m_inputs.runId + " " + core::toString(m_state) + " after " + std::to_string(done) + " of " +
        std::to_string(m_inputs.spec.maxSteps) + " steps" + (folder.empty() ? "" : "; checkpoint " + folder) + ".\n";
    const Result<workspace::BeforeAfter> both = workspace::loadBeforeAfter(m_casebase, m_inputs.runId);
    if (!both)
        return both.error();
    if (!both.value().beforeSpec.is_null())
        outcome.json["before"] = figuresJson(workspace::figuresOf(both.value().before, both.value().clusters));
    if (!both.value().afterSpec.is_null() && finished) {
        outcome.json["after"] = figuresJson(workspace::figuresOf(both.value().after, both.value().clusters));
        const auto comparisons = workspace::compareEvaluations(both.value().before, both.value().after, both.value().clusters);
        if (!comparisons.empty()) {
            outcome.text += "\n" + workspace::comparisonTable(comparisons) + "\nJudged by " + comparisons.front().after.judge + " (" +
                comparisons.front().after.judgeHash.substr(0, 12) +
                "). One training seed earns no star: run three or more and look at the spread.\n";
            if (workspace::isStarterModel(m_inputs.modelFolder))
                outcome.text += std::string(workspace::kStarterNotice) + "\n";
        }
    }
    const bool interrupted = m_interrupt.interrupted();
    if (interrupted)
        outcome.text +=
            "Continue with: precedent-cli train --resume " + m_inputs.runId + " --casebase " + m_casebase.path().string() + "\n";
    outcome.exitCode = interrupted ? 130 : 0;
    return outcome;
}

} // namespace precedent::cli
