#include "ui/runs/run_reader.h"

#include "precedent/align/run_spec_json.h"
#include "precedent/base/json.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/workspace/run_folders.h"
#include "precedent/workspace/run_lock.h"
#include "precedent/workspace/run_notes.h"
#include "precedent/workspace/run_service.h"
#include "ui/shell/reveal.h"

namespace precedent::ui {

bool goesOn(const std::string& state) { return state == "running" || state == "paused" || state == "stopping"; }

std::string standingOf(const casebase::Casebase& casebase, const casebase::Run& run)
{
    // A run that is measured before its first step is stored as stopped, and locked all the same.
    if (!run.folder.empty() && workspace::RunLock::isHeld(workspace::folderFromStored(casebase.path(), run.folder)))
        return "elsewhere";
    return goesOn(run.state) ? "stopped" : run.state;
}

Result<RunRows> readRun(casebase::Casebase& casebase, const std::string& id)
{
    RunRows rows;
    auto run = casebase.runs().find(id);
    if (!run.ok())
        return run.error();
    rows.run = std::move(*run);
    rows.run.state = standingOf(casebase, rows.run);
    const auto json = parseJson(rows.run.specJson, "run " + id);
    if (!json.ok())
        return json.error();
    auto spec = align::runSpecFromJson(json.value(), core::RunSpec{});
    if (!spec.ok())
        return spec.error();
    rows.spec = std::move(*spec);
    auto steps = casebase.runs().steps(id);
    if (!steps.ok())
        return steps.error();
    rows.steps = std::move(*steps);
    const auto checkpoint = workspace::lastCheckpoint(casebase, rows.run.id);
    if (!checkpoint.ok())
        return checkpoint.error();
    rows.hasCheckpoint = checkpoint.value().has_value();
    rows.starter = rows.run.model == "starter";
    // What is being written has no label yet: one sensitive request among those to train on is enough to hide it.
    const auto sensitive = anySensitive(casebase);
    if (!sensitive.ok())
        return sensitive.error();
    rows.sensitive = sensitive.value();
    return rows;
}

Result<AboutRows> readAbout(casebase::Casebase& casebase, const std::string& id)
{
    AboutRows rows;
    const auto run = casebase.runs().find(id);
    if (!run.ok())
        return run.error();
    rows.id = run.value().id;
    rows.message = run.value().message;
    rows.failed = run.value().state == "failed";
    rows.steps = run.value().stepsDone;
    auto notes = workspace::runNotes(casebase, rows.id);
    if (!notes.ok())
        return notes.error();
    rows.notes = std::move(*notes);
    auto estimate = workspace::estimateOf(casebase, rows.id);
    if (!estimate.ok())
        return estimate.error();
    rows.estimate = std::move(*estimate);
    auto outcome = workspace::outcomeOf(casebase, rows.id);
    if (!outcome.ok())
        return outcome.error();
    rows.outcome = *outcome;
    // A run of another program may have been stored without a report: then there is none to show.
    if (auto report = workspace::loadReport(casebase, rows.id); report.ok()) {
        rows.sentences = std::move(report->sentences);
        rows.earnings = std::move(report->earnings);
    }
    const auto spec = parseJson(run.value().specJson, "run " + id);
    if (!spec.ok())
        return spec.error();
    for (const auto& [key, value] : spec.value().items())
        rows.settings.emplace_back(key, value.is_string() ? value.get<std::string>() : dumpJson(value));
    return rows;
}

Result<StepRows> readStep(casebase::Casebase& casebase, const std::string& id, int step, bool keeping)
{
    StepRows rows;
    auto rollouts = casebase.runs().rollouts(id, step);
    if (!rollouts.ok())
        return rollouts.error();
    rows.rollouts = std::move(*rollouts);
    const auto cases = anySensitiveCase(casebase);
    if (!cases.ok())
        return cases.error();
    rows.sensitiveCases = cases.value();
    if (keeping) {
        auto examples = workspace::stepExamples(casebase, id, step);
        if (!examples.ok())
            return examples.error();
        rows.examples = std::move(*examples);
    }
    for (const auto& rollout : rows.rollouts) {
        if (rows.requests.contains(rollout.promptId))
            continue;
        const auto prompt = casebase.prompts().find(rollout.promptId);
        if (prompt.ok()) {
            rows.requests[rollout.promptId] = lastUserText(prompt.value().messages);
            rows.messages[rollout.promptId] = prompt.value().messages;
            if (isSensitive(prompt.value().label, prompt.value().source))
                rows.sensitive.insert(rollout.promptId);
        } else {
            rows.requests[rollout.promptId] = rollout.promptId;
        }
    }
    return rows;
}

Result<std::vector<workspace::Comparison>> readBeforeAfter(casebase::Casebase& casebase, const std::string& id)
{
    const auto both = workspace::loadBeforeAfter(casebase, id);
    if (!both.ok())
        return both.error();
    if (both.value().beforeSpec.is_null() || both.value().afterSpec.is_null())
        return std::vector<workspace::Comparison>{};
    return workspace::compareEvaluations(both.value().before, both.value().after, both.value().clusters);
}

} // namespace precedent::ui
