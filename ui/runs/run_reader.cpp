#include "ui/runs/run_reader.h"

#include "precedent/align/run_spec_json.h"
#include "precedent/base/json.h"
#include "precedent/casebase/prompt_store.h"
#include "precedent/workspace/run_service.h"
#include "ui/shell/reveal.h"

namespace precedent::ui {

Result<RunRows> readRun(casebase::Casebase& casebase, const std::string& id)
{
    RunRows rows;
    auto run = casebase.runs().find(id);
    if (!run.ok())
        return run.error();
    rows.run = std::move(*run);
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
    rows.starter = rows.run.model == "starter";
    // What is being written has no label yet: one sensitive request among those to train on is enough to hide it.
    const auto sensitive = anySensitive(casebase);
    if (!sensitive.ok())
        return sensitive.error();
    rows.sensitive = sensitive.value();
    return rows;
}

Result<StepRows> readStep(casebase::Casebase& casebase, const std::string& id, int step)
{
    StepRows rows;
    auto rollouts = casebase.runs().rollouts(id, step);
    if (!rollouts.ok())
        return rollouts.error();
    rows.rollouts = std::move(*rollouts);
    for (const auto& rollout : rows.rollouts) {
        if (rows.requests.contains(rollout.promptId))
            continue;
        const auto prompt = casebase.prompts().find(rollout.promptId);
        if (prompt.ok()) {
            rows.requests[rollout.promptId] = lastUserText(prompt.value().messages);
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
