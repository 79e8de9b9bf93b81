#include "app/cli/training_session.h"

#include <cstdio>
#include <filesystem>

#include "app/cli/estimate_text.h"
#include "app/cli/loaded_model.h"
#include "precedent/casebase/evaluation_store.h"
#include "precedent/casebase/run_store.h"
#include "precedent/workspace/run_alarms.h"
#include "precedent/workspace/run_folders.h"

namespace precedent::cli {
namespace {

constexpr int kThresholdMissed = 3; // a guard's bound that the run was to keep

/// Steps after which the first estimate of the whole run's time is given.
constexpr int kEstimateAfter = 3;

/// The figures that the step has: not every kind of step draws chains or changes weights.
std::string stepText(const core::StepRecord& step)
{
    std::string text;
    const auto add = [&](const char* metric, const char* format) {
        const auto found = step.metrics.find(metric);
        if (found == step.metrics.end())
            return;
        char part[64];
        std::snprintf(part, sizeof part, format, found->second);
        text += part;
    };
    add("self_generation/kept", "self-generation, kept %.0f, ");
    add("reward", "reward %.3f, ");
    add("kl", "kl %.4f, ");
    if (!step.metrics.contains("reward"))
        add("loss", "loss %.4f, ");
    add("rewards/accuracies", "accuracy %.2f, ");
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.1f s a step", step.seconds);
    return text + seconds;
}

Json figuresJson(const std::vector<workspace::Figure>& figures)
{
    Json rows = Json::array();
    for (const workspace::Figure& figure : figures)
        rows.push_back(workspace::toJson(figure));
    return rows;
}

} // namespace

TrainingSession::TrainingSession(
    Context& context, casebase::Casebase& casebase, const InterruptWatcher& interrupt, core::RunInputs inputs, workspace::RankLead* lead)
    : m_context(context)
    , m_casebase(casebase)
    , m_interrupt(interrupt)
    , m_inputs(std::move(inputs))
    , m_lead(lead)
{
}

Result<Outcome> TrainingSession::go()
{
    const Result<core::Engine*> engine = openEngine(m_context);
    if (!engine)
        return engine.error();
    workspace::resetPeakMemory();
    workspace::RunSession session(m_casebase, *engine.value(), m_inputs, *this);
    session.trainWith(m_lead);
    const Result<workspace::SessionEnd> end = session.go(m_interrupt.token());
    if (m_progress)
        m_progress->finish();
    // Beside the estimate at the end. Where it cannot be stored the run is no worse for it.
    (void)workspace::keepPeakMemory(m_casebase, m_inputs.runId, workspace::peakMemory());
    if (!end)
        return end.error();
    m_end = end.value();
    if (m_end.state == core::RunState::failed)
        return Error(ErrorCode::failedPrecondition, "Run " + m_inputs.runId + " failed: " + end.value().message,
            "What it recorded is kept. Continue from its last checkpoint with train --resume " + m_inputs.runId + ".");
    return outcome();
}

void TrainingSession::begin(const std::string& what)
{
    if (m_progress)
        m_progress->finish();
    m_progress = std::make_unique<Progress>(what, m_context.globals().quiet);
}

void TrainingSession::evaluating(workspace::Phase phase, std::int64_t done, std::int64_t total)
{
    if (!m_evaluating) {
        m_evaluating = true;
        begin(phase == workspace::Phase::after ? "Evaluating after" : "Evaluating before");
    }
    m_progress->update(done, total, "answers");
}

void TrainingSession::evaluated(workspace::Phase, bool anySuite)
{
    m_evaluating = false;
    if (!anySuite)
        m_context.note("There is no sealed suite, so nothing is evaluated.");
}

void TrainingSession::started(int)
{
    m_evaluating = false;
    begin("Training");
}

void TrainingSession::noted(const std::string& sentence) { m_context.note(sentence); }

void TrainingSession::happened(const std::vector<core::RunEvent>& events)
{
    if (m_interrupt.interrupted() && !m_saidStopping) {
        m_saidStopping = true;
        m_progress->finish();
        m_context.note("Stopping; the state is being saved. Interrupt again to end at once.");
    }
    for (const core::RunEvent& event : events) {
        if (const auto* step = std::get_if<core::StepEvent>(&event))
            show(*step);
        else if (const auto* alarm = std::get_if<core::AlarmEvent>(&event))
            show(alarm->alarm);
    }
}

void TrainingSession::show(const core::StepEvent& event)
{
    ++m_stepsSeen;
    m_secondsSeen += event.step.seconds;
    if (m_stepsSeen == kEstimateAfter && event.steps > event.step.step)
        m_context.note("About " + durationText(m_secondsSeen / m_stepsSeen * (event.steps - event.step.step)) +
            " of training left, by the first " + std::to_string(kEstimateAfter) + " steps.");
    m_progress->update(event.step.step, event.steps, stepText(event.step));
}

void TrainingSession::show(const core::Alarm& alarm)
{
    m_progress->finish();
    m_context.note("Step " + std::to_string(alarm.from) + (alarm.stops ? ", stops the run (" : ", warning (") + core::toString(alarm.kind) +
        "): " + alarm.message);
}

Status TrainingSession::addEstimate(Outcome& outcome, int done) const
{
    const auto estimate = workspace::estimateOf(m_casebase, m_inputs.runId);
    if (!estimate)
        return estimate.error();
    const Result<workspace::RunOutcome> took = workspace::outcomeOf(m_casebase, m_inputs.runId);
    if (!took)
        return took.error();
    const workspace::RunEstimate expected = estimate.value().value_or(workspace::RunEstimate());
    const auto lines = workspace::compareEstimate(expected, took.value(), done, m_inputs.spec.maxSteps);
    outcome.json.update(workspace::toJson(expected, lines));
    outcome.text += outcomeText(lines);
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
    const bool finished = m_end.state == core::RunState::finished;
    const std::string folder =
        checkpoint.value() ? workspace::folderFromStored(m_casebase.path(), checkpoint.value()->folder).string() : std::string();
    Outcome outcome;
    outcome.json = {{"run", m_inputs.runId}, {"steps", done}, {"state", core::toString(m_end.state)}, {"checkpoint", folder},
        {"metrics", Json::object()}};
    if (!steps.value().empty()) {
        for (const auto& [name, value] : steps.value().back().metrics)
            outcome.json["metrics"][name] = value;
    }
    const Result<std::vector<workspace::Alarm>> alarms = workspace::alarmsOf(m_casebase, m_inputs.runId);
    if (!alarms)
        return alarms.error();
    outcome.json["alarms"] = workspace::toJson(alarms.value());
    outcome.json["message"] = m_end.message;
    outcome.text = "Run " + m_inputs.runId + " " + core::toString(m_end.state) + " after " + std::to_string(done) + " of " +
        std::to_string(m_inputs.spec.maxSteps) + " steps" + (folder.empty() ? "" : "; checkpoint " + folder) + ".\n" +
        (m_end.byGuard ? m_end.message + "\n" : "");
    PRECEDENT_TRY(addEstimate(outcome, done));
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
    // Among ranks another one may have been interrupted.
    const bool interrupted = m_interrupt.interrupted() || (m_lead != nullptr && m_end.state == core::RunState::stopped && !m_end.byGuard);
    if (interrupted)
        outcome.text +=
            "Continue with: precedent-cli train --resume " + m_inputs.runId + " --casebase " + m_casebase.path().string() + "\n";
    outcome.exitCode = interrupted ? 130 : m_end.byGuard ? kThresholdMissed : 0;
    return outcome;
}

} // namespace precedent::cli
